"""One talker and many listeners at one access point: what a way of sending costs, and who hears.

The channel alone, without the engines: a design is tried here before it is built. Multicast has a
repair: each packet also carries an older one's frames, in the narrow form, and a frame counts as
lost when both are. Listeners to whom no multicast comes ("deaf") get unicast in packets of 60 ms.
"""

from __future__ import annotations

from typing import NamedTuple

from ptt.base.clock import NEVER
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_MS, FRAMES_PER_PACKET_MAX
from ptt.base.prng import Prng
from ptt.fanout.pace import Pace
from ptt.wire.envelope import TAG_BYTES
from ptt.wire.voice import FRAMES_AT

from .channel import Channel

NARROW_BYTES = 84  # a frame at 8 kHz: half the samples and the coder's state
PROOF_BYTES = 19  # what delayed disclosure adds to a packet
DISTANCE = 4  # packets back of the frames that come again: beyond most bursts of losses
SIGNAL_DBM_MIN, SIGNAL_DBM_MAX = -72, -48  # as the profile `airtime`
LATE_MS = 300  # a frame that comes later is not played
_US = 1000


class Design(NamedTuple):
    """A way of sending: frames in a packet; a basic rate for multicast, 0 for unicast."""

    frames: int
    basic_rate_kbps: int = 0

    @property
    def packet_bytes(self) -> int:
        size = FRAMES_AT + self.frames * ADPCM_FRAME_BYTES + TAG_BYTES
        return size + (PROOF_BYTES + self.frames * NARROW_BYTES if self.basic_rate_kbps else 0)


class Outcome(NamedTuple):
    """Of the channel's time; of the frames at all listeners, after the repair; of the packets that
    came, the time from the access point to the ear."""

    channel_percent: float
    lost_percent: float
    p95_ms: float


def play(
    design: Design, listeners: int, *, deaf_percent: int = 0, dtim: int = 0, seed: int = 1,
    packets: int = 100, **facts: int,
) -> Outcome:  # fmt: skip
    """`dtim`: one station sleeps, and multicast waits for so many beacons; 0: all are awake."""
    prng = Prng(seed)
    given = {"basic_rate_kbps": design.basic_rate_kbps or 6000, "dtim_period": dtim or 1, **facts}
    channel = Channel(given, prng)
    for station in range(listeners):
        span = SIGNAL_DBM_MAX - SIGNAL_DBM_MIN + 1
        channel.join(station, SIGNAL_DBM_MIN + prng.below(span))
    channel.join(listeners, SIGNAL_DBM_MAX)  # somebody's telephone
    channel.set_sleeping(listeners, dtim > 0)
    deaf = listeners * deaf_percent // 100 if design.basic_rate_kbps else listeners
    run = _Run(channel, design, deaf, listeners, packets)
    each_ms = design.frames * FRAME_MS
    for turn in range(packets):
        run.wait_until(turn * each_ms)
        run.send(turn)
    run.wait_until(packets * each_ms + LATE_MS)
    judged = run.came[: packets - DISTANCE]  # what is repaired of the others comes later
    delays = sorted(ms for times in judged for ms in times.values())
    return Outcome(
        channel.airtime_percent(0, packets * each_ms * _US),
        100 * run.lost(len(judged)) / (len(judged) * listeners),
        delays[len(delays) * 95 // 100],
    )


class _Run:
    """The leader's sending; `came` has for each turn the listeners who got its packet, and after
    how many ms. Copies leave as the leader's own pace lets them."""

    def __init__(
        self, channel: Channel, design: Design, deaf: int, listeners: int, turns: int
    ) -> None:
        self._channel = channel
        self._design = design
        self._deaf = deaf
        self._listeners = listeners
        self._alone = Design(FRAMES_PER_PACKET_MAX if design.basic_rate_kbps else design.frames)
        self._pace = Pace(self)
        self._now_ms = 0
        self.came: list[dict[int, float]] = [{} for _ in range(turns + FRAMES_PER_PACKET_MAX)]

    def wait_until(self, at_ms: int) -> None:
        """Copies that wait leave meanwhile."""
        due_ms = self._pace.next_timeout_ms()
        while due_ms != NEVER and due_ms < at_ms:
            self._now_ms = due_ms
            self._pace.handle_timeout(due_ms)
            due_ms = self._pace.next_timeout_ms()
        self._now_ms = at_ms

    def send(self, turn: int) -> None:
        design, now_ms = self._design, self._now_ms
        if design.basic_rate_kbps:
            hearing = range(self._deaf, self._listeners)
            size = design.packet_bytes
            for station, at_us in self._channel.multicast(now_ms * _US, size, hearing):
                self._note(turn, station, at_us)
        if turn * design.frames % self._alone.frames < design.frames:
            self._pace.send(bytearray(), turn, list(range(self._deaf)), now_ms)

    def queue_copies(self, data: bytearray, payload_crc: int, links: list[int]) -> None:
        """For `Pace`, to which the turn is what a datagram is told by."""
        size, now_us = self._alone.packet_bytes, self._now_ms * _US
        for station in links:
            at_us = self._channel.unicast(now_us, station, size, True)
            for frame in range(self._alone.frames // self._design.frames):
                self._note(payload_crc + frame, station, at_us)

    def _note(self, turn: int, station: int, at_us: int) -> None:
        delay_ms = at_us / _US - turn * self._design.frames * FRAME_MS
        if at_us >= 0 and delay_ms < LATE_MS:
            self.came[turn][station] = max(0.0, delay_ms)

    def lost(self, turns: int) -> int:
        """Packets of the first `turns` of which a listener hears nothing."""
        count = 0
        for turn in range(turns):
            again = self.came[turn + DISTANCE]
            for station in range(self._listeners):
                is_repaired = station >= self._deaf and station in again
                count += station not in self.came[turn] and not is_repaired
        return count
