"""The leader's keys of all groups' voice: one secret and an epoch, from which each key comes.

A new secret in a new epoch keeps those who knew the keys before from what is said now, and
newcomers from what was said before. A leader that takes over makes its secret from chance, the
former one and its term, in an epoch beyond the former ones: two leaders may have given one lease,
and then no key stream may come twice, not even if both took over from the same one; and a host that
was removed knows the former secret. After 65,535 epochs begin again, with another secret.
"""

from ..base.compat import TYPE_CHECKING, const
from ..link import derive

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..link.hmac import Hmac

_SECRET_AT = const(2)  # of a record of keys: behind the epoch
_EPOCH_MASK = const(0xFFFF)
_TAKEOVER_STEP = const(32)  # so many changes by the leader before may not have reached us
_HOSTS_MASK = const(31)  # of the term: rivals mostly differ, and two takeovers stay below 128


class GroupKeys:
    """`random(n)` gives n unpredictable bytes."""

    def __init__(self, hmac: "Hmac", random: "Callable[[int], bytes]") -> None:
        self._hmac = hmac
        self._random = random
        self._secret = random(derive.KEY_BYTES)
        self._former = b""  # as `record` gives it, of the leader before; empty: of no use any more
        self.epoch = 1

    def key(self, group: int, members: bytes = b"") -> bytes:
        """16 bytes; `members`: the two of a private call."""
        return derive.key_of_group(self._hmac, self._secret, self.epoch, group, members)

    def former(self, group: int, members: bytes = b"") -> "tuple[int, bytes] | None":
        """Epoch and key that the leader before us gave last, for hearing and nothing else: talkers
        use it until they have ours. None when none can any more."""
        if not self._former:
            return None
        epoch, secret = self._former[0] << 8 | self._former[1], self._former[_SECRET_AT:]
        return epoch, derive.key_of_group(self._hmac, secret, epoch, group, members)

    def change(self) -> None:
        """Shut somebody out. A talker keeps two keys: the newest and ours before it."""
        self._former = b""
        self._secret = self._random(derive.KEY_BYTES)
        self._advance(1)

    def record(self) -> bytes:
        """For standbys."""
        return bytes((self.epoch >> 8, self.epoch & 255)) + self._secret

    def go_on_from(self, record: bytes, term: int) -> None:
        """Begin beyond the previous leader's epochs, as the leader of `term`."""
        self._former = record
        self.epoch = record[0] << 8 | record[1]
        former = record[_SECRET_AT:] + self._random(derive.KEY_BYTES)
        self._secret = derive.next_secret(self._hmac, former, term)
        self._advance(_TAKEOVER_STEP + (term & _HOSTS_MASK))

    def is_to_come(self, mark: int) -> bool:
        """Is this the low byte of an epoch that nobody has been told about?"""
        return 0 < (mark - self.epoch) & 255 < 128

    def _advance(self, step: int) -> None:
        epoch = (self.epoch + step) & _EPOCH_MASK
        if epoch < self.epoch:  # numbers come again, and must not under the same secret
            self._secret = self._random(derive.KEY_BYTES)
        self.epoch = epoch
