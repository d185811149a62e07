"""Who takes part for the length of a recording: a speaker of the host's own, which is on no roll,
and a talk group that those who are to hear have beside their own, as the last. So a badge hears
the recording only while none of its other groups is heard, and its button stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from pressel.registry.device import GROUP_MAX
from pressel.registry.directory import RegistryDirectory
from pressel.soft.credential import Credential
from ptt.leader.roster import Grants


class Guests:
    """Directory and roster of a `Leader`: those of `roll`, and the guests."""

    def __init__(self, roll: RegistryDirectory) -> None:
        self._roll = roll
        self.group = 0  # 0: there are none
        self._said_in = 0
        self._hearers: frozenset[bytes] = frozenset()
        self._looked = -1  # the roll's version of which `_is_taken` holds
        self._is_taken = False
        self._own: Credential | None = None
        self._name = b""

    def free_group(self, served: Iterable[int]) -> int:
        """A talk group that is neither `served` nor anybody's on the roll; 0 when there is none."""
        taken = self.on_the_roll() | set(served)
        return next((each for each in range(GROUP_MAX, 0, -1) if each not in taken), 0)

    def on_the_roll(self) -> set[int]:
        """The talk groups that somebody is in."""
        return {group for each in self._roll.records() for group in each.groups}

    def is_taken(self) -> bool:
        """Whether an operator has put people into the group meanwhile."""
        if self._roll.version != self._looked:
            self._looked, self._is_taken = self._roll.version, self.group in self.on_the_roll()
        return self._is_taken

    def let_in(
        self, own: Credential, name: bytes, group: int, hearers: Iterable[bytes], said_in: int
    ) -> None:
        """Until `let_out`: who has `own` is called `name` and talks in `group`, and those of the
        devices `hearers` hear that who are in the talk group `said_in`."""
        self._own, self._name = own, name
        self.group, self._hearers, self._said_in = group, frozenset(hearers), said_in
        self._looked = -1

    def take_out(self, device: bytes) -> bool:
        """One hears it no more; whether it did."""
        did = device in self._hearers
        self._hearers -= {device}
        return did

    def let_out(self) -> None:
        self._own, self._name = None, b""
        self.group, self._hearers, self._said_in = 0, frozenset(), 0

    # --- what a leader asks ---

    def key(self, device: bytes) -> bytes | None:
        own = self._own
        return own.key if own is not None and device == own.device else self._roll.key(device)

    def name(self, device: bytes) -> bytes | None:
        return self._name if self._is_own(device) else self._roll.name(device)

    def lookup(self, device: bytes) -> Grants:
        if self._is_own(device):
            return Grants((self.group,))
        grants = self._roll.lookup(device)
        if device in self._hearers and self._said_in in grants.groups:  # it may be so no more
            return Grants((*grants.groups, self.group), grants.entitlements)
        return grants

    def _is_own(self, device: bytes) -> bool:
        return self._own is not None and device == self._own.device
