"""The leader's side of settings: who has them, and who needs them again.

Most of them go to a member in one message. The Wi-Fi network goes in another, and only to badges
that can change theirs; a badge has the settings when it has answered both. It keeps no copy of the
members: each carries its own `Delivery`. A change may be tried out on some of them, while the
others have what is in force.
"""

from ..base import features
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import REQUEST_RETRY_MS, REQUEST_RETRY_MS_MAX
from ..wire import messages
from .own_settings import for_badge
from .settings_in_force import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    class Delivery(Protocol):
        """How far the settings are on their way to one member; `members` keeps it."""

        sent: int
        answered: int
        acknowledged: int
        refused: bool
        network: int
        failed: int
        retry_ms: int
        due_ms: int

    class Member(Protocol):
        """A member that is to have them."""

        @property
        def node(self) -> int: ...
        @property
        def device(self) -> bytes: ...
        @property
        def features(self) -> int: ...
        @property
        def groups(self) -> tuple[int, ...]: ...
        @property
        def heard_ms(self) -> int: ...
        @property
        def settings(self) -> Delivery: ...

    class SettingsOutput(Protocol):
        """What publishing needs done."""

        def send_settings(self, node: int, values: tuple, now_ms: int) -> None: ...
        def send_network(self, node: int, values: tuple, now_ms: int) -> None: ...


_CHANGES_NETWORKS = features.NETWORKS | features.SECRET_TEXTS  # both: its password is no clear text
FLASHED = (b"", b"")  # name and password of network 0: badges know them


def changes_networks(member: "Member") -> bool:
    """Whether a network of the venue's is told to it."""
    return member.features & _CHANGES_NETWORKS == _CHANGES_NETWORKS


class Publisher:
    """Publishes `settings` to members until each has answered."""

    def __init__(self, settings: "Settings", output: "SettingsOutput") -> None:
        self.settings = settings
        self.candidate: Settings | None = None  # tried out by members with the devices `chosen`
        self.chosen: "frozenset[bytes]" = frozenset()
        self.networks: "dict[int, tuple[bytes, bytes]]" = {}  # number -> name, password; as known
        self.boards: "dict[bytes, str]" = {}  # device -> what it was flashed as; as known
        self._output = output
        self._due_ms = NEVER
        self._due_of: "tuple[Any, int] | None" = None  # members and version; None: look again

    def of(self, member: "Member") -> "Settings":
        """What it is to have."""
        if self.candidate is not None and member.device in self.chosen:
            return self.candidate
        return self.settings

    def try_out(self, candidate: "Settings | None", chosen: "frozenset[bytes]") -> None:
        """Those with the devices `chosen` get `candidate`, of a higher version than what is in
        force; None: nobody does. `handle_timeout` sends it."""
        assert candidate is None or candidate.version > self.settings.version, "it would be stale"
        self.candidate = candidate
        self.chosen = chosen
        self._due_of = None

    def on_ack(self, member: "Member", version: int, was_applied: bool) -> bool:
        """SETTINGS_ACK; False when it is about other settings than the member is to have."""
        wanted = self.of(member)
        if version != wanted.version:
            return False
        delivery = member.settings
        delivery.answered = version
        delivery.refused = not was_applied or self._has_failed(member, wanted)
        self._settle(member, wanted)
        return True

    def on_network(self, member: "Member", number: int, state: int) -> bool:
        """WIFI_STATE; False when it is about another network than the member is to use."""
        delivery, wanted = member.settings, self.of(member)
        if state == messages.WIFI_USED:
            delivery.network = number
        if number != wanted.network:
            return False
        if state == messages.WIFI_CUT_OFF:
            delivery.failed = number
            delivery.refused = True
        self._settle(member, wanted)
        return True

    def learn(self, networks: "dict[int, tuple[bytes, bytes]]") -> None:
        """Name and password of each that the venue uses, or is to use."""
        self.networks = networks
        self._due_of = None

    def told(self, member: "Member") -> "tuple":
        """What it is to have, in the order of the message table."""
        board = self.boards.get(member.device, "")
        return for_badge(self.of(member), member.groups, member.device, board)

    def know_boards(self, boards: "dict[bytes, str]", members: "Sequence[Member]") -> None:
        """Which board each badge is, by device. Whoever is to have other values by that is told
        them again."""
        before = [self.told(member) for member in members]
        self.boards = boards
        for member, was in zip(members, before):
            if self.told(member) != was:
                self._tell_again(member)

    def _tell_again(self, member: "Member") -> None:
        member.settings.sent = member.settings.answered = member.settings.acknowledged = 0
        self._due_of = None

    def _has_failed(self, member: "Member", wanted: "Settings") -> bool:
        return member.settings.failed == wanted.network and changes_networks(member)

    def _settle(self, member: "Member", wanted: "Settings") -> None:
        """It has said of all that it is to have whether it obeys."""
        delivery = member.settings
        self._due_of = None
        is_there = delivery.network == wanted.network or not changes_networks(member)
        if delivery.answered == wanted.version and (is_there or delivery.refused):
            delivery.acknowledged = wanted.version

    def on_regrouped(self, member: "Member", before: "tuple[int, ...]") -> None:
        """It was in the groups `before`: of the same version it may be to have other values now,
        and is told them again."""
        board = self.boards.get(member.device, "")
        if for_badge(self.of(member), before, member.device, board) != self.told(member):
            self._tell_again(member)

    def handle_timeout(self, members: "Sequence[Member]", now_ms: int) -> None:
        due_ms = self.next_timeout_ms(members)
        if due_ms == NEVER or since(now_ms, due_ms) < 0:
            return
        self._due_of = None
        for member in members:
            delivery = member.settings
            wanted = self.of(member)
            if delivery.acknowledged == wanted.version:
                continue
            if delivery.sent != wanted.version:
                delivery.retry_ms = REQUEST_RETRY_MS
            elif since(now_ms, delivery.due_ms) < 0:
                continue
            else:
                delivery.retry_ms = min(delivery.retry_ms * 2, REQUEST_RETRY_MS_MAX)
            delivery.sent = wanted.version
            delivery.due_ms = add(now_ms, delivery.retry_ms)
            self._output.send_settings(member.node, self.told(member), now_ms)
            if changes_networks(member) and delivery.network != wanted.network:
                self._send_network(member, wanted.network, now_ms)

    def _send_network(self, member: "Member", number: int, now_ms: int) -> None:
        """What this host does not know, it cannot tell: the member is asked about it later."""
        told = self.networks.get(number) if number else FLASHED
        if told is not None:
            member.settings.network = -1  # whatever it said before: it may try this one
            self._output.send_network(member.node, (number, told[0], told[1]), now_ms)

    def next_timeout_ms(self, members: "Sequence[Member]") -> int:
        """When `handle_timeout` has work next, or `NEVER`. Asked for each datagram, so it looks at
        `members` only when it is another list than before, or something has been sent or
        answered."""
        version = self.settings.version
        if self._due_of is None or self._due_of[0] is not members or self._due_of[1] != version:
            self._due_of = (members, version)
            self._due_ms = NEVER
            for member in members if self.settings.tell_settings else ():
                delivery = member.settings
                wanted = self.of(member).version
                if delivery.acknowledged != wanted:  # what was not sent yet is due by now
                    due_ms = delivery.due_ms if delivery.sent == wanted else member.heard_ms
                    self._due_ms = earliest(self._due_ms, due_ms)
        return self._due_ms
