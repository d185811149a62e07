"""Short texts: acknowledged to their writers, and relayed once to the group."""

from ..base import events
from ..base.compat import TYPE_CHECKING
from ..cluster import records
from ..wire import messages, refusal

if TYPE_CHECKING:
    from ..base.event_queue import EventQueue
    from ..cluster.journal import Journal
    from .members import Member
    from .outbound import Outbound


class Texts:
    """TEXT_MESSAGE of members, and texts from outside the network."""

    def __init__(self, outbound: "Outbound", journal: "Journal", told: "EventQueue") -> None:
        self._outbound = outbound
        self._journal = journal
        self._events = told
        self.number = 0  # of the last text from outside the network

    def on_text(self, member: "Member", fields: "list", now_ms: int) -> int:
        """TEXT_MESSAGE."""
        group, number, _kind, _writer, _name, text = fields
        if not member.hears(group):
            return refusal.FIELD
        self._outbound.send(messages.TEXT_ACK, (number,), member, now_ms)
        last = member.text_number
        is_first, member.is_writing_first = member.is_writing_first, False
        if last >= 0 and (last == number if is_first else (last - number) & 0xFFFF < 0x8000):
            return refusal.ACCEPTED  # our acknowledgement was lost, or the network was very late
        member.text_number = number
        self._journal.changed(records.MEMBER, member.node)
        values = (group, number, messages.TEXT_PERSON, member.node, member.name, text)
        self._outbound.send_to_group(group, member.node, messages.TEXT_MESSAGE, values, now_ms)
        self._events.push(events.TEXT, (messages.TEXT_PERSON, member.node, member.name, text))
        return refusal.ACCEPTED

    def send(self, group: int, kind: int, name: bytes, text: bytes, now_ms: int) -> None:
        """A text from a writer who is not a member, to all members of `group`."""
        self.number = (self.number + 1) & 0xFFFF
        self._journal.changed(records.COUNTERS, 0)
        values = (group, self.number, kind, 0, name, text)
        self._outbound.send_to_group(group, 0, messages.TEXT_MESSAGE, values, now_ms)
        self._events.push(events.TEXT, (kind, 0, name, text))
