"""A second maker of LMS signatures, for tests, on both runtimes: of a tree's leaves only the first
few can sign, the others are made up, which the public key does not show. Written with numbers and
lists, unlike the one that signs releases."""

from hashlib import sha256

SIGNERS = 3  # leaves that can sign


def u(value, count):
    return value.to_bytes(count, "big")


def h(*parts):
    return sha256(b"".join(parts)).digest()


def chains(name, seed, leaf, digits):
    """The chains of a leaf, each as far as its digit says."""
    ends = []
    for chain in range(67):
        prefix = name + u(leaf, 4) + u(chain, 2)
        value = h(prefix, b"\xff", seed)
        for step in range(digits[chain]):
            value = h(prefix, u(step, 1), value)
        ends.append(value)
    return ends


def digits_of(name, leaf, salt, message):
    """How far each chain of a signature has come."""
    number = int.from_bytes(h(name, u(leaf, 4), b"\x81\x81", salt, message), "big")
    digits = []
    for place in range(63, -1, -1):
        digits.append(number >> (4 * place) & 15)
    lacks = 64 * 15 - sum(digits)
    return digits + [lacks // 256, lacks // 16 % 16, lacks % 16]


class FewLeaves:
    """`public`, and `sign`; keys of different seeds have nothing in common."""

    def __init__(self, seed=b"\x05"):
        self.seed = h(b"seed", seed)
        self.name = h(b"name", seed)[:16]
        row = []
        first = 1 << 10
        for leaf in range(first):
            if leaf < SIGNERS:
                public = h(
                    self.name,
                    u(leaf, 4),
                    b"\x80\x80",
                    *chains(self.name, self.seed, leaf, [15] * 67),
                )
                row.append(h(self.name, u(first + leaf, 4), b"\x82\x82", public))
            else:
                row.append(h(seed, u(leaf, 4)))
        self.rows = [row]  # from the leaves to the root
        while len(self.rows[-1]) > 1:
            below = self.rows[-1]
            count = len(below) // 2
            self.rows.append([
                h(self.name, u(count + i, 4), b"\x83\x83", below[2 * i], below[2 * i + 1])
                for i in range(count)
            ])  # fmt: skip
        self.public = u(6, 4) + u(3, 4) + self.name + self.rows[-1][0]

    def sign(self, message, leaf=0):
        salt = h(b"salt", message)
        digits = digits_of(self.name, leaf, salt, message)
        parts = [u(leaf, 4), u(3, 4), salt]
        parts += chains(self.name, self.seed, leaf, digits) + [u(6, 4)]
        at = leaf
        for row in self.rows[:-1]:
            parts.append(row[at ^ 1])
            at //= 2
        return b"".join(parts)
