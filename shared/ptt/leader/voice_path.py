"""Voice from the holder of the lease to every other member of the group, payload untouched."""

from ..base.clock import earliest
from ..base.compat import TYPE_CHECKING
from ..fanout.fanout import Fanout
from ..fanout.pace import Pace
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, MARK_AT, TAG_BYTES

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
        self.fanout = Fanout(self)
        self.pace = Pace(outbound)
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
        self.fanout.on_voice(group, data, now_ms)
        return refusal.ACCEPTED

    def obey(self, access_points: int, packet_frames: int) -> None:
        """The venue's settings."""
        self.fanout.obey(access_points, packet_frames)
        self.pace.access_points = access_points

    def forget(self) -> None:
        """Nothing is on its way."""
        self.fanout.forget()
        self.pace.forget()

    def handle_timeout(self, now_ms: int) -> None:
        self.fanout.handle_timeout(now_ms)
        self.pace.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return earliest(self.fanout.next_timeout_ms(), self.pace.next_timeout_ms())

    # --- what `Fanout` needs ---

    def places(self, group: int) -> "list[int]":
        """The access points of all who hear `group`, whoever talks."""
        return [m.access_point for m in self._members.all() if m.hears(group)]

    def spread_over(self, access_points: int) -> None:
        """So many carry the bursts under way."""
        self.pace.access_points = access_points

    def send_voice(self, group: int, data: "Any", now_ms: int) -> None:
        """A packet to all who hear `group`, but for its talker: one copy for each, and one checksum
        for all of them, since the payload is the same."""
        end = envelope.payload_end(data)
        flags = data[FLAGS_AT]
        copy = bytearray(end + (TAG_BYTES if flags & FLAG_SEALED else 0))
        copy[0:end] = data[0:end]
        envelope.write_header(copy, end, messages.VOICE_FRAME, 0, envelope.LEADER_NODE, 0, now_ms)
        copy[MARK_AT] = data[MARK_AT]  # tells the key of the frames
        copy[FLAGS_AT] = flags
        talker = voice.talker(data)
        links = [m.link for m in self._members.all() if m.node != talker and m.hears(group)]
        self.pace.send(copy, envelope.payload_crc(copy), links, now_ms)
        self.packets_out += len(links)
