"""Which members get which keys for the groups' voice, and when they change."""

from ..base.compat import TYPE_CHECKING
from ..cluster import records
from ..wire import envelope, messages, refusal
from .group_keys import GroupKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..cluster.journal import Journal
    from ..link.hmac import Hmac
    from .calls import Call, Calls
    from .members import Member, Members
    from .outbound import Outbound


class VoiceKeys:
    """The keys of all groups, wrapped for each member by the keys of its link."""

    def __init__(
        self,
        members: "Members",
        calls: "Calls",
        outbound: "Outbound",
        journal: "Journal",
        hmac: "Hmac",
        random: "Callable[[int], bytes]",
    ) -> None:
        self._members = members
        self._calls = calls
        self._outbound = outbound
        self._journal = journal
        self._groups = GroupKeys(hmac, random)
        self._mark()

    def current(self, group: int) -> "tuple[int, bytes]":
        """Epoch and key of the voice in `group` now."""
        return self._groups.epoch, self._groups.key(group, self._parties(group))

    def former(self, group: int) -> "tuple[int, bytes] | None":
        """The same as the leader before had it, while talkers may still use it."""
        return self._groups.former(group, self._parties(group))

    def is_to_come(self, mark: int) -> bool:
        """Is this the low byte of an epoch that nobody has been told about?"""
        return self._groups.is_to_come(mark)

    def give(self, member: "Member", now_ms: int) -> None:
        """Send `member` all of its keys again."""
        for group in member.groups:
            self._give(member, group, now_ms)
        if member.call:
            self._give(member, member.call, now_ms)

    def give_call(self, call: "Call", now_ms: int) -> None:
        """Both sides have the key before anybody may talk."""
        for party in (call.caller, call.callee):
            member = self._members.by_node(party.node)
            if member is not None:
                self._give(member, call.group, now_ms)

    def on_want(self, member: "Member", fields: "list", now_ms: int) -> int:
        """KEY_WANT."""
        if not member.hears(fields[0]):
            return refusal.FIELD
        self._give(member, fields[0], now_ms)
        return refusal.ACCEPTED

    def change(self, now_ms: int) -> None:
        """From now on only those who are told the new keys can hear."""
        self._groups.change()
        self._mark()
        for member in self._members.all():
            self.give(member, now_ms)

    def record(self) -> bytes:
        """For standbys."""
        return self._groups.record()

    def go_on_from(self, record: bytes, term: int) -> None:
        """Begin beyond the previous leader's epochs, as the leader of `term`."""
        self._groups.go_on_from(record, term)
        self._mark()

    def _mark(self) -> None:
        self._outbound.mark = self._groups.epoch & 255
        self._journal.changed(records.KEYS, 0)

    def _give(self, member: "Member", group: int, now_ms: int) -> None:
        """It is wrapped when it is sealed."""
        if member.link.keys is None:
            return
        epoch, key = self.current(group)
        self._outbound.send(messages.GROUP_KEY, (group, epoch, key), member, now_ms)

    def _parties(self, group: int) -> bytes:
        call = self._calls.get(group)
        if call is None:
            return b""
        places = bytearray(4)
        envelope.put16(places, 0, call.caller.node)
        envelope.put16(places, 2, call.callee.node)
        return bytes(places)
