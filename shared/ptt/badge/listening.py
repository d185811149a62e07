"""What a badge listens to: one group at a time, whose voice goes to the speaker; and what it
reports to the person and the leader about what was heard."""

from ..base import events, features
from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES, CALL_GROUP_FIRST
from ..wire import messages, refusal, voice
from ..wire.envelope import get32
from .floor import NO_PERMISSION
from .join import JOINED

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from ..media.jitter_buffer import JitterBuffer
    from ..media.playout import Playout
    from .floor import FloorParticipant
    from .groups import Groups
    from .join import Join
    from .scan import Scan
    from .voice_keys import VoiceKeys

    class ListeningOwner(Protocol):
        """Who listens."""

        floor: FloorParticipant
        groups: Groups
        join: Join
        link: Link
        playout: Playout
        scan: Scan
        voice_keys: VoiceKeys

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Listening:
    """The voice that comes, up to the playout."""

    def __init__(self, owner: "ListeningOwner") -> None:
        self._owner = owner
        self.talker = 0  # heard last
        self._group_told = 0  # that the person knows is being heard

    def on_voice(self, data: "Any", now_ms: int) -> int:
        """A voice packet from our leader; returns why it is refused. It runs for each, and reads
        the fields of a byte or two itself: a call costs a badge more."""
        owner = self._owner
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        group = data[voice.GROUP_AT]
        if not owner.groups.may_be_ours(group):
            return refusal.FIELD
        size = ADPCM_FRAME_BYTES
        if features.HAS_SMOOTH_PLAYOUT:
            if not owner.playout.may_take(get32(data, voice.LEASE_AT), data[voice.CODEC_AT]):
                return refusal.FIELD
            size = voice.frame_bytes(data[voice.CODEC_AT])
        elif data[voice.CODEC_AT] != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        talker = data[voice.TALKER_AT] << 8 | data[voice.TALKER_AT + 1]
        if talker == owner.join.node:
            return refusal.FLOOR  # our own voice must never come back
        lease = get32(data, voice.LEASE_AT)
        floor = owner.floor
        if group >= CALL_GROUP_FIRST:
            owner.groups.on_call(group, talker)
        if group != floor.group:
            owner.scan.on_floor(group, lease, talker)
        elif lease > floor.seen_lease or (
            lease == floor.seen_lease
            and (talker != floor.talker or floor.state != NO_PERMISSION)  # else it is no news
        ):
            floor.on_floor(lease, talker, owner.join.node, now_ms)
        count = data[voice.COUNT_AT]
        if group != owner.scan.heard and not self._is_heard(group, now_ms):
            owner.scan.unheard += count
            return refusal.ACCEPTED
        first = data[voice.FIRST_AT] << 8 | data[voice.FIRST_AT + 1]
        reason = owner.voice_keys.decrypt(data, group, talker, lease, first, count, now_ms)
        if reason != refusal.ACCEPTED:
            return reason
        final = first + count - 1 if data[voice.MARKS_AT] & voice.MARK_LAST else -1
        at = voice.FRAMES_AT
        playout = owner.playout
        while True:  # there is one at least
            playout.insert(lease, talker, first, first == final, data, at, now_ms)
            count -= 1
            if not count:
                return refusal.ACCEPTED
            first += 1
            at += size

    def _is_heard(self, group: int, now_ms: int) -> bool:
        """Does voice of `group`, not heard so far, go to the speaker now? A talker hears no other
        group."""
        owner = self._owner
        scan = owner.scan
        if owner.floor.may_send() and group != owner.floor.group:
            return False
        if not owner.playout.is_quiet() and scan.rank(group) > scan.rank(scan.heard):
            return False
        if scan.heard:
            self.attend(group, now_ms)
        scan.heard = group
        return True

    def attend(self, group: int, now_ms: int) -> None:
        """Hear `group` from now on, and not the one before."""
        scan = self._owner.scan
        self._owner.playout.tune(scan.ended(group), now_ms)
        scan.heard = group

    # --- what the playout tells ---

    def burst_heard_from(self, talker: int, lease: int) -> None:
        """For `Playout`: the speaker starts."""
        owner = self._owner
        self.talker = talker
        group = owner.scan.heard
        if group != (self._group_told or owner.floor.group):
            owner.tell(events.SCANNED, group)
        self._group_told = group
        owner.tell(events.HEARING, (talker, lease))

    def burst_heard(self, buffer: "JitterBuffer", now_ms: int) -> None:
        """For `Playout`: a burst is over, or has paused for long."""
        owner = self._owner
        owner.tell(
            events.HEARD,
            (
                buffer.talker,
                buffer.lease,
                buffer.played,
                buffer.concealed,
                buffer.late,
                buffer.duplicate,
                buffer.dropped,
            ),
        )
        group = owner.scan.heard
        if buffer.is_over():
            owner.scan.set_ended(group, buffer.lease)
        if owner.join.state == JOINED:
            values = (
                group,
                buffer.lease,
                min(buffer.played, voice.FRAMES_MAX),
                min(buffer.concealed, voice.FRAMES_MAX),
                min(buffer.late, voice.FRAMES_MAX),
            )
            owner.send(messages.RECEIVER_REPORT, values, owner.link.address, now_ms)
