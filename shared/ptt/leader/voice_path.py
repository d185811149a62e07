"""Voice from the holder of the lease to every other member of the group, payload untouched."""

from ..base import events
from ..base.clock import NEVER, earliest
from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST
from ..fanout.again import Again
from ..fanout.fanout import Fanout
from ..fanout.multicast import Multicast
from ..fanout.pace import Pace
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, MARK_AT, TAG_BYTES
from .coding import has

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..base.event_queue import EventQueue
    from ..fanout.fanout import Crowd
    from .groups import Groups
    from .members import Member, Members
    from .outbound import Outbound
    from .relays import Relays
    from .settings_in_force import Settings


class VoicePath:
    """VOICE_FRAME, in and out."""

    def __init__(
        self,
        members: "Members",
        groups: "Groups",
        outbound: "Outbound",
        random: "Callable[[int], bytes]",
        told: "EventQueue",
        relays: "Relays",
    ) -> None:
        self._members = members
        self._groups = groups
        self._outbound = outbound
        self._events = told
        self._access_points = 1
        self.fanout = Fanout(self)
        self.anew = Fanout(_Anew(self))  # what was coded anew, to those who lack the burst's codec
        self.multicast = Multicast(outbound, random)
        self.relays = relays
        self.pace = Pace(relays)
        self.again = Again(self.pace)
        self.tap: Callable[[int, Any], None] | None = None  # hears (group, packet) of what passes
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
        codec, coding = voice.codec(data), self._groups.coding
        if not coding.may_talk(member, codec):
            return refusal.FIELD
        lease = voice.lease(data)
        if not self._groups.may_talk(member, group, lease, now_ms):
            return refusal.FLOOR
        if not coding.passes(member, group, lease, codec):
            return refusal.FIELD
        if not member.speech.take(now_ms, voice.count(data)):
            return refusal.LIMIT  # each costs airtime at every listener
        self.packets_in += 1
        self._groups.receipts[group].on_voice(lease, voice.first(data) + voice.count(data))
        if self.tap is not None:
            self.tap(group, data)
        self.fanout.on_voice(group, data, now_ms)
        if codec != messages.CODEC_IMA_ADPCM:
            self._code_anew(member, group, data, now_ms)
        return refusal.ACCEPTED

    def _code_anew(self, member: "Member", group: int, data: "Any", now_ms: int) -> None:
        """For whoever lacks the codec of `data`; who they are is said once a burst."""
        coding, codec, lease = self._groups.coding, voice.codec(data), voice.lease(data)
        lacking = coding.lacking(group, member.node, codec)
        anew = coding.recode(group, data, now_ms) if lacking else None
        if anew is None:
            return
        self.anew.on_voice(group, anew, now_ms)
        nodes = coding.untold(group, lease, lacking)
        if nodes:
            self._groups.watch.coded_anew(group, lease, member.node, codec, nodes)

    def on_multicast_report(self, member: "Member", fields: "list", now_ms: int) -> int:
        """MULTICAST_REPORT."""
        forged = self.multicast.ears.on_report(member.node, fields, now_ms)
        if forged:
            self._events.push(events.FORGED, (member.node, forged))
        values = self.multicast.welcome(fields[0], now_ms)
        self._outbound.send(messages.MULTICAST, values, member, now_ms)
        return refusal.ACCEPTED

    def on_missed(self, member: "Member", fields: "list", now_ms: int) -> int:
        """MULTICAST_MISSED."""
        group, lease, first = fields
        if not member.hears(group):
            return refusal.FIELD
        missed = self.multicast.on_missed(member.node, group, lease, first, now_ms)
        missed = missed or self.relays.on_missed(member, group, lease, first, now_ms)
        if missed:
            self.again.begin(member.node, member.link, missed, now_ms)
        return refusal.ACCEPTED

    def on_heard_again(self, member: "Member", fields: "list", now_ms: int) -> int:
        """MULTICAST_HEARD."""
        group, lease = fields
        if not member.hears(group):
            return refusal.FIELD
        self.multicast.on_heard_again(member.node, group, lease, now_ms)
        return refusal.ACCEPTED

    def on_receiver_report(self, member: "Member", fields: "list", now_ms: int) -> int:
        """RECEIVER_REPORT."""
        reason = self._groups.on_report(member, fields, now_ms)
        if reason == refusal.ACCEPTED:
            group, lease, played, concealed, _ = fields
            self.multicast.on_heard(member.node, group, lease, played, concealed, now_ms)
        return reason

    def drop(self, member: "Member") -> None:
        """It is a member no more."""
        self.multicast.drop(member.node)
        self.relays.drop(member.node)
        self.again.drop(member.node)

    def obey(self, settings: "Settings") -> None:
        """The venue's settings."""
        self._access_points = settings.access_points
        self.fanout.obey(settings.access_points, settings.packet_frames)
        self.anew.obey(settings.access_points, settings.packet_frames)
        self.multicast.obey(settings.multicast_group)
        self.relays.obey(settings.own_listeners)
        self.pace.access_points = settings.access_points

    def forget(self) -> None:
        """Nothing is on its way."""
        self.fanout.forget()
        self.anew.forget()
        self._groups.coding.forget()
        self.multicast.forget()
        self.relays.forget()
        self.again.forget()
        self.pace.forget()

    def handle_timeout(self, now_ms: int) -> None:
        self.fanout.handle_timeout(now_ms)
        self.anew.handle_timeout(now_ms)
        self.multicast.handle_timeout(now_ms)
        self.relays.handle_timeout(now_ms)
        self.again.handle_timeout(now_ms)
        self.pace.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = earliest(self.fanout.next_timeout_ms(), self.pace.next_timeout_ms())
        due = earliest(due, self.anew.next_timeout_ms())
        due = earliest(due, self.relays.next_timeout_ms())
        due = earliest(due, self.again.next_timeout_ms())
        return earliest(due, self.multicast.next_timeout_ms())

    # --- what `Fanout` needs ---

    def begin_burst(self, group: int, data: "Any", now_ms: int) -> bool:
        """`data` is the first packet of a burst in `group`. Does it go to anybody by multicast?"""
        listeners = []
        lease = voice.lease(data)
        is_plain = self._groups.coding.codec_of(group, lease) == messages.CODEC_IMA_ADPCM
        if group < CALL_GROUP_FIRST and is_plain:  # a call has one
            talker = voice.talker(data)
            for m in self._members.all():
                if m.node != talker and m.hears(group):
                    listeners.append((m.node, m.access_point))
        self.multicast.begin(group, lease, listeners, self._access_points, now_ms)
        if is_plain:
            self.relays.begin(group, lease, now_ms)
        return len(self.multicast.served(group, lease)) > 0

    def listeners(self, group: int, lease: int) -> "list[tuple[int, int]]":
        """(node, access point) of all who hear `group` and get a copy each of the burst, whoever
        talks."""
        served = self.multicast.served(group, lease)
        return [
            (m.node, m.access_point)
            for m in self._members.all()
            if m.hears(group) and m.node not in served
        ]

    def spread_over(self, access_points: int) -> None:
        """So many carry the bursts under way."""
        self.pace.access_points = access_points

    def send_once(self, group: int, data: "Any", now_ms: int) -> None:
        """A packet to those who get the burst by multicast."""
        self.packets_out += len(self.multicast.send(_from_leader(data, now_ms), now_ms))

    def send_copies(self, group: int, data: "Any", crowd: "Crowd", now_ms: int) -> None:
        """A packet to all others of `crowd` who hear `group`, but for its talker: one copy to each,
        with one checksum for all, since the payload is the same. Who lacks the burst's codec gets
        what was coded anew, and nobody else does."""
        lease, talker = voice.lease(data), voice.talker(data)
        served = self.multicast.served(group, lease)
        if self._is_rest_of_one(served, talker):
            return
        copy = _from_leader(data, now_ms)
        if crowd.is_soonest:
            self.relays.keep(copy, now_ms)
        codec = self._groups.coding.codec_of(group, lease)
        is_anew = voice.codec(data) != codec
        # One turn of this loop for each listener and packet: it calls as little as it can.
        is_for_all = codec == messages.CODEC_IMA_ADPCM and not is_anew
        nodes, is_rest = crowd.nodes, crowd.is_rest
        again = self.again if self.again.next_timeout_ms() != NEVER else None
        links = []
        for m in self._members.all():
            node = m.node
            if node == talker or node in served or (node in nodes) == is_rest:
                continue
            if m.hears(group) and (is_for_all or has(m, codec) != is_anew):
                if again is None or not again.takes(node, copy):
                    links.append(m.link)
        self.pace.send(copy, envelope.payload_crc(copy), links, now_ms)
        self.packets_out += len(links)

    def _is_rest_of_one(self, served: "set[int]", talker: int) -> bool:
        """Do all but the talker get it by multicast? Relays keep it, whoever gets it."""
        if len(served) != len(self._members) - 1 or self.relays.is_on:
            return False
        return talker not in served and self._members.by_node(talker) is not None


class _Anew:
    """What `Fanout` needs, for packets that were coded anew: they leave with the others' plan."""

    def __init__(self, path: VoicePath) -> None:
        self.listeners = path.listeners
        self.send_copies = path.send_copies

    def begin_burst(self, group: int, data: "Any", now_ms: int) -> bool:
        return False

    def spread_over(self, access_points: int) -> None:
        pass

    def send_once(self, group: int, data: "Any", now_ms: int) -> None:
        raise AssertionError("what was coded anew does not go out by multicast")


def _from_leader(data: "Any", now_ms: int) -> bytearray:
    """The talker's packet as the leader sends it, with room for a tag."""
    end = envelope.payload_end(data)
    flags = data[FLAGS_AT]
    copy = bytearray(end + (TAG_BYTES if flags & FLAG_SEALED else 0))
    copy[0:end] = data[0:end]
    envelope.write_header(copy, end, messages.VOICE_FRAME, 0, envelope.LEADER_NODE, 0, now_ms)
    copy[MARK_AT] = data[MARK_AT]  # tells the key of the frames
    copy[FLAGS_AT] = flags
    return copy
