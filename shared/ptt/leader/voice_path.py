"""Voice from the holder of the lease to every other member of the group, payload untouched."""

from ..base.compat import TYPE_CHECKING
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import FLAGS_AT, MARK_AT

if TYPE_CHECKING:
    from typing import Any

    from .groups import Groups
    from .members import Member, Members
    from .outbound import Outbound


class VoicePath:
    """VOICE_FRAME, in and out."""

    def __init__(self, members: "Members", groups: "Groups", outbound: "Outbound") -> None:
        self._members = members
        self._groups = groups
        self._outbound = outbound
        self.packets_in = 0  # accepted
        self.packets_out = 0  # passed on

    def on_voice(self, member: "Member", data: "Any", now_ms: int) -> int:
        """VOICE_FRAME."""
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        group = voice.group(data)
        if voice.talker(data) != member.node or not member.hears(group):
            return refusal.FIELD
        if voice.codec(data) != messages.CODEC_IMA_ADPCM:  # what its WELCOME said
            return refusal.FIELD
        lease = voice.lease(data)
        if not self._groups.may_talk(member, group, lease, now_ms):
            return refusal.FLOOR
        if not member.speech.take(now_ms, voice.count(data)):
            return refusal.LIMIT  # each costs airtime at every listener
        self.packets_in += 1
        self._groups.receipts[group].on_voice(lease, voice.first(data) + voice.count(data))
        self._pass_on(member, group, data, now_ms)
        return refusal.ACCEPTED

    def _pass_on(self, talker: "Member", group: int, data: "Any", now_ms: int) -> None:
        """One copy per listener, and one checksum for all of them: the payload is the same, and the
        talker's tag leaves room for the listener's."""
        copy = bytearray(data)
        end = envelope.payload_end(data)
        envelope.write_header(copy, end, messages.VOICE_FRAME, 0, envelope.LEADER_NODE, 0, now_ms)
        copy[MARK_AT] = data[MARK_AT]  # tells the key of the frames
        copy[FLAGS_AT] = data[FLAGS_AT]
        links = [m.link for m in self._members.all() if m is not talker and m.hears(group)]
        self._outbound.queue_copies(copy, envelope.payload_crc(data), links)
        self.packets_out += len(links)
