"""One seeded random generator for both runtimes (Marsaglia's xorshift32).

`random` gives other numbers on MicroPython for the same seed. Not for secrets.
"""


class Prng:
    """Repeatable numbers from `seed` (any int; 0 is replaced, since xorshift stays at 0)."""

    def __init__(self, seed: int) -> None:
        self._state = (seed & 0xFFFFFFFF) or 0x9E3779B9

    def below(self, limit: int) -> int:
        """A number in 0..limit-1, `limit` up to 2^30."""
        x = self._state
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        self._state = x
        return x % limit
