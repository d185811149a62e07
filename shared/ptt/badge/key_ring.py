"""A participant's keys for its groups' voice: for each group the newest and the one before."""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import KEY_ADOPT_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_EPOCH = const(0)
_KEY = const(1)
_CAME_MS = const(2)


class KeyRing:
    """`cipher(key)` makes a block cipher; the one in use is kept, since making one costs memory."""

    def __init__(self, cipher: "Callable[[bytes], Any]") -> None:
        self._make = cipher
        self._of: dict[int, list] = {}  # group -> keys, (epoch, key, when it came), newest first
        self._former: list[int] = []  # groups whose newest key is of a former term
        self._key = b""  # of `_cipher`
        self._cipher: Any = None
        self.epoch = 0  # of the key that `cipher` or `newest` found

    def clear(self) -> None:
        self._of.clear()
        self._former = []

    def begin_term(self) -> None:
        """Another leader gives the keys from now on. Of two that took over from one state, the
        later one may count its epochs from lower."""
        self._former = list(self._of)

    def put(self, group: int, epoch: int, key: bytes, now_ms: int) -> bool:
        """Take a key that came; False when it is not newer than those here."""
        keys = self._of.get(group, [])
        if keys and key == keys[0][_KEY]:
            return False
        if group in self._former:
            self._former.remove(group)
        elif keys and (epoch - keys[0][_EPOCH]) & 0xFFFF >= 0x8000:
            return False
        if keys and keys[0][_EPOCH] == epoch:  # two leaders took over at once: this one is ours now
            keys = keys[1:]
        self._of[group] = [(epoch, key, now_ms)] + keys[0:1]
        return True

    def groups(self) -> "list[int]":
        return list(self._of)

    def forget(self, group: int) -> None:
        """Forget the group's keys, if there are any."""
        if group in self._of:
            del self._of[group]

    def is_newest(self, group: int, mark: int) -> bool:
        """Does the newest key of `group` belong to the epoch with this low byte?"""
        keys = self._of.get(group)
        return keys is not None and keys[0][_EPOCH] & 255 == mark

    def cipher(self, group: int, mark: int) -> "Any":
        """The key for voice that came under the epoch with this low byte; None when it is not
        here."""
        keys = self._of.get(group)
        if keys is not None:
            for key in keys:
                if key[_EPOCH] & 255 == mark:
                    return self._take(key)
        return None

    def own_cipher(self, group: int, now_ms: int) -> "Any":
        """The key for voice that we send: the newest, once the others have had time to get it. The
        leader takes no voice under a key of a higher epoch, which was a rival's."""
        keys = self._of.get(group)
        if keys is None:
            return None
        newest = keys[0]
        if len(keys) > 1 and age(now_ms, newest[_CAME_MS]) < KEY_ADOPT_MS:
            if (newest[_EPOCH] - keys[1][_EPOCH]) & 0xFFFF < 0x8000:
                return self._take(keys[1])
        return self._take(newest)

    def _take(self, entry: "tuple") -> "Any":
        self.epoch = entry[_EPOCH]
        if entry[_KEY] is not self._key:
            self._key = entry[_KEY]
            self._cipher = self._make(self._key)
        return self._cipher
