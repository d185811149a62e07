"""What a badge knows about each of its talk groups: who talks there, and which one is heard.

One group is heard at a time. The private call comes first, then the group that its person has
selected, then the others in the order of the roster. It switches up at once and down only when the
burst that is heard has ended. It uses small arrays, since every voice packet asks it.
"""

from array import array

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST, MEMBER_GROUPS_MAX

if TYPE_CHECKING:
    from ..base.compat import Buffer

_CALL = const(0)  # the place of the private call
_NOBODY = const(99)  # a rank after all others


class Scan:
    """The groups of one badge by place: 0 the private call, then those of the roster."""

    def __init__(self) -> None:
        self._group = bytearray(MEMBER_GROUPS_MAX + 1)
        self._lease = array("i", [0] * (MEMBER_GROUPS_MAX + 1))
        self._talker = array("H", [0] * (MEMBER_GROUPS_MAX + 1))
        self._ended = array("i", [0] * (MEMBER_GROUPS_MAX + 1))  # newest lease heard to its end
        self.call_group = 0  # of the private call, 0: none
        self.selected = 0  # where the person talks when there is no call
        self.heard = 0  # group that is heard, or was heard last
        self.unheard = 0  # voice frames not heard because of another group

    # --- which groups there are ---

    def set_groups(self, groups: "Buffer", only: int) -> None:
        """From WELCOME: `groups` by priority, 0 for none; without any it is `only` one."""
        places = bytearray(MEMBER_GROUPS_MAX)
        places[0] = only
        for index in range(min(len(groups), MEMBER_GROUPS_MAX)):
            if groups[0]:
                places[index] = groups[index]
        for place in range(MEMBER_GROUPS_MAX):
            self._set(place + 1, places[place])
        if self.place(self.selected) <= 0:
            self.selected = places[0]

    def _set(self, place: int, group: int) -> None:
        if self._group[place] != group:
            self._group[place] = group
            self._lease[place] = self._talker[place] = self._ended[place] = 0

    def restart(self) -> None:
        """A new term counts its leases anew."""
        for place in range(MEMBER_GROUPS_MAX + 1):
            self._lease[place] = self._talker[place] = self._ended[place] = 0

    def select(self, group: int) -> bool:
        if self.place(group) <= 0:
            return False
        self.selected = group
        return True

    def next_selected(self) -> int:
        """The talk group after the selected one in the roster; after the last, the first."""
        place = max(self.place(self.selected), 0)
        for _ in range(MEMBER_GROUPS_MAX):
            place = place % MEMBER_GROUPS_MAX + 1
            if self._group[place]:
                break
        return self._group[place]

    def is_home(self, group: int) -> bool:
        """Is `group` the first of the roster?"""
        return self.place(group) == 1

    def set_call(self, group: int) -> None:
        self._set(_CALL, group)
        self.call_group = group

    def groups(self) -> bytearray:
        """All by place, 0 where there is none; not to be changed."""
        return self._group

    def place(self, group: int) -> int:
        """Where `group` stands, -1 when the badge is not in it."""
        if group == 0:
            return -1
        if self._group[1] == group:  # of nearly all voice
            return 1
        place = 0
        while place <= MEMBER_GROUPS_MAX:
            if self._group[place] == group:
                return place
            place += 1
        return -1

    def after(self, group: int) -> int:
        """The group after `group`, all in turn: heartbeats ask about one after the other."""
        place = self.place(group)
        for _ in range(MEMBER_GROUPS_MAX + 1):
            place = (place + 1) % (MEMBER_GROUPS_MAX + 1)
            if self._group[place]:
                return self._group[place]
        return group

    # --- as values ---

    def snapshot(self) -> "tuple":
        """What its future depends on, as values that compare and hash."""
        floors = (tuple(self._lease), tuple(self._talker), tuple(self._ended))
        return (bytes(self._group), self.selected, self.heard, floors)

    def restore(self, values: "tuple") -> None:
        """Be as `values` say."""
        groups, self.selected, self.heard, floors = values
        leases, talkers, ended = floors
        for place in range(MEMBER_GROUPS_MAX + 1):
            self._group[place] = groups[place]
            self._lease[place] = leases[place]
            self._talker[place] = talkers[place]
            self._ended[place] = ended[place]
        self.call_group = self._group[_CALL]

    # --- who talks where ---

    def lease(self, group: int) -> int:
        place = self.place(group)
        return self._lease[place] if place >= 0 else 0

    def talker(self, group: int) -> int:
        place = self.place(group)
        return self._talker[place] if place >= 0 else 0

    def on_floor(self, group: int, lease: int, talker: int) -> bool:
        """Take the leader's word about the floor of `group`; False when it is stale."""
        place = self.place(group)
        if place < 0 or lease < self._lease[place]:
            return False
        self._lease[place] = lease
        self._talker[place] = talker
        return True

    # --- which is heard ---

    def rank(self, group: int) -> int:
        """0 is heard before all others."""
        if group >= CALL_GROUP_FIRST:
            return 0
        if group == self.selected:
            return 1
        place = self.place(group)
        return place + 1 if place >= 0 else _NOBODY

    def ended(self, group: int) -> int:
        """The newest lease of `group` that was heard to its end."""
        place = self.place(group)
        return self._ended[place] if place >= 0 else 0

    def set_ended(self, group: int, lease: int) -> None:
        place = self.place(group)
        if place >= 0 and lease > self._ended[place]:
            self._ended[place] = lease
