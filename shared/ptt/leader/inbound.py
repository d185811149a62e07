"""What comes in at the leader. Every datagram takes the same way: shape, type, session, tag,
budget, then the room for its kind.
"""

from ..base.compat import TYPE_CHECKING
from ..cluster import records
from ..link import text_cipher
from ..wire import codec, envelope, messages, refusal
from ..wire.envelope import FLAG_SECRET, FLAGS_AT, FROM_PARTICIPANT, HEADER_BYTES, MARK_AT
from ..wire.refusal import Refused
from .sessions import OF_BEFORE

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..cluster.journal import Journal
    from .announcer import Announcer
    from .distributor import Distributor
    from .groups import Groups
    from .heartbeats import Heartbeats
    from .held_off import HeldOff
    from .joining import Joining
    from .members import Member, Members
    from .outbound import Outbound
    from .presses import Presses
    from .private_calls import PrivateCalls
    from .publisher import Publisher
    from .sessions import Sessions
    from .texts import Texts
    from .voice_keys import VoiceKeys
    from .voice_path import VoicePath

    class Rooms(Protocol):
        """A leader's, one for each kind of message."""

        is_deposed: bool
        announcer: Announcer
        groups: Groups
        heartbeats: Heartbeats
        held: HeldOff
        joining: Joining
        journal: Journal
        keys: VoiceKeys
        members: Members
        outbound: Outbound
        presses: Presses
        private_calls: PrivateCalls
        sessions: Sessions
        settings: Publisher
        texts: Texts
        updates: Distributor
        voice: VoicePath


class Inbound:
    """Checks datagrams, and passes members' messages to their rooms."""

    def __init__(self, rooms: "Rooms") -> None:
        self._rooms = rooms
        self.newer = 0  # datagrams of a newer minor version, obeyed as far as we know it
        self.overtaken = 0  # datagrams that came after some that were sent later
        self._of_kind: dict[int, Callable[[Member, list, int], int]] = {
            messages.HEARTBEAT: rooms.heartbeats.on_heartbeat,
            messages.FLOOR_REQUEST: rooms.presses.on_request,
            messages.FLOOR_RELEASE: rooms.presses.on_release,
            messages.CALL_ENDED: rooms.private_calls.on_ended,
            messages.TEXT_MESSAGE: rooms.texts.on_text,
            messages.SETTINGS_ACK: self._on_settings_ack,
            messages.WIFI_STATE: self._on_wifi_state,
            messages.RECEIVER_REPORT: rooms.voice.on_receiver_report,
            messages.BADGE_REPORT: self._on_badge_report,
            messages.MULTICAST_REPORT: rooms.voice.on_multicast_report,
            messages.MULTICAST_MISSED: rooms.voice.on_missed,
            messages.MULTICAST_HEARD: rooms.voice.on_heard_again,
            messages.RELAY_REPORT: rooms.voice.relays.on_report,
            messages.KEY_WANT: rooms.keys.on_want,
            messages.REKEY: rooms.sessions.on_rekey,
            messages.UPDATE_WANT: self._on_update_want,
            messages.UPDATE_STATE: self._on_update_state,
        }

    def receive(self, data: "Any", source: "Any", now_ms: int) -> int:
        """Obey one datagram, or say why not."""
        reason = envelope.check_whole(data)
        if reason == refusal.ACCEPTED:
            return self._unseal(data, source, now_ms)
        if reason == refusal.VERSION:
            self._rooms.outbound.nack(messages.NACK_VERSION, data, source, now_ms)
        return reason

    def _unseal(self, data: "Any", source: "Any", now_ms: int) -> int:
        if self._rooms.is_deposed:
            return refusal.STALE
        reason = envelope.check_type(data, FROM_PARTICIPANT)
        if reason != refusal.ACCEPTED:
            return reason
        kind = envelope.msg_type(data)
        if kind == messages.HELLO:
            return self._rooms.joining.on_hello(data, source, now_ms)
        if kind == messages.ANSWER:
            return self._rooms.joining.on_answer(data, source, now_ms)
        member = self._rooms.members.by_session(envelope.session_id(data))
        session = self._rooms.sessions.of(member) if member is not None else None
        if member is None or session is None:
            self._rooms.outbound.nack(messages.NACK_UNKNOWN_SESSION, data, source, now_ms)
            return refusal.SESSION
        is_newest = envelope.seq(data) > member.link.replay.highest
        reason = session.open(data, now_ms)
        if reason == refusal.ACCEPTED and not is_newest:
            self.overtaken += 1
        if source != member.address:
            if reason != refusal.ACCEPTED:
                return refusal.SOURCE
            if is_newest:  # what comes late from its former address moves it nowhere
                self._follow(member, source)
        if reason == OF_BEFORE:
            # Anybody could have recorded it under the leader before, so it makes us repeat
            # ourselves and nothing else.
            if kind == messages.HEARTBEAT and session.may_say(kind, now_ms):
                self._rooms.announcer.start(member.node, now_ms)
                return refusal.ACCEPTED
            return refusal.STALE
        if reason != refusal.ACCEPTED:
            return reason
        if not session.may_say(kind, now_ms):
            self._rooms.held.note(member.device, kind, now_ms)
            return refusal.LIMIT
        if kind == messages.VOICE_FRAME and self._rooms.keys.is_to_come(data[MARK_AT]):
            return refusal.KEY  # every listener would ask us for it
        if session.before is not None:  # the first datagram since it has moved over
            session.before = None
            self._rooms.keys.give(member, now_ms)
        if kind == messages.TEXT_MESSAGE and data[FLAGS_AT] & FLAG_SECRET:
            data = text_cipher.readable(member.link, data, 0)
        reason = self.obey(member, data, now_ms)
        if reason == refusal.LIMIT:
            self._rooms.held.note(member.device, kind, now_ms)
        return reason

    def _follow(self, member: "Member", source: "Any") -> None:
        """The member has sent this from `source`, whatever it was that gave it another address or
        port. Somebody who holds its datagrams back and sends them himself gets what is sealed for
        it, until its next one comes."""
        member.address = source
        self._rooms.journal.changed(records.MEMBER, member.node)

    def obey(self, member: "Member", data: "Any", now_ms: int) -> int:
        """Obey what `member` is known to have sent."""
        if envelope.source_node(data) != member.node:
            return refusal.SENDER
        kind = envelope.msg_type(data)
        self._rooms.members.heard(member, now_ms)
        if envelope.is_newer(data):
            self.newer += 1
        if kind != messages.HEARTBEAT:
            self._rooms.announcer.heard(member.node)
        if kind == messages.VOICE_FRAME:
            return self._rooms.voice.on_voice(member, data, now_ms)
        on_kind = self._of_kind.get(kind)
        if on_kind is None:
            return refusal.TYPE
        try:
            fields = codec.decode(kind, data, HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        return on_kind(member, fields, now_ms)

    def _on_badge_report(self, member: "Member", fields: "list", now_ms: int) -> int:
        member.report = fields
        member.reported_ms = now_ms
        return refusal.ACCEPTED

    def _on_settings_ack(self, member: "Member", fields: "list", now_ms: int) -> int:
        was_applied = fields[1] == messages.APPLIED_APPLIED
        is_known = self._rooms.settings.on_ack(member, fields[0], was_applied)
        self._rooms.journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED if is_known else refusal.STALE

    def _on_wifi_state(self, member: "Member", fields: "list", now_ms: int) -> int:
        is_known = self._rooms.settings.on_network(member, fields[0], fields[1])
        self._rooms.journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED if is_known else refusal.STALE

    def _on_update_want(self, member: "Member", fields: "list", now_ms: int) -> int:
        is_known = self._rooms.updates.on_want(member.device, fields, now_ms)
        return refusal.ACCEPTED if is_known else refusal.STALE

    def _on_update_state(self, member: "Member", fields: "list", now_ms: int) -> int:
        is_known = self._rooms.updates.on_state(member.device, fields, now_ms)
        return refusal.ACCEPTED if is_known else refusal.STALE
