"""Voice of all groups on its way out: each burst to each access point in packets as large as its
plan says."""

from ..base.clock import NEVER, age, earliest
from ..base.compat import TYPE_CHECKING
from ..base.last_bursts import LastBursts
from ..base.numbers import LEASE_MS
from ..wire import voice
from .bundle import Bundle
from .plan import AS_NEEDED, BESIDE_MULTICAST, frames_in_packet, on_each

if TYPE_CHECKING:
    from typing import Any, Protocol

    class VoiceOutput(Protocol):
        """Who makes the copies."""

        def begin_burst(self, group: int, data: "Any", now_ms: int) -> bool: ...
        def listeners(self, group: int, lease: int) -> "list[tuple[int, int]]": ...
        def spread_over(self, access_points: int) -> None: ...
        def send_once(self, group: int, data: "Any", now_ms: int) -> None: ...
        def send_copies(self, group: int, data: "Any", crowd: "Crowd", now_ms: int) -> None: ...


class Crowd:
    """Some listeners of one burst, to whom it goes in the same packets. Who is among them is
    settled when it begins: whoever changed crowds would get frames twice, or not at all."""

    __slots__ = ("bundle", "frames", "is_rest", "is_soonest", "nodes")

    def __init__(self, frames: int = 1) -> None:
        self.bundle = Bundle()
        self.frames = frames  # in a packet
        self.nodes: set[int] = set()
        self.is_rest = True  # they are all but `nodes`, those who come later too; False: `nodes`
        self.is_soonest = True  # no other gets a frame sooner

    def put(self, data: "Any", now_ms: int) -> "list[Any]":
        """A voice packet of the talker's. Returns what leaves now."""
        leaving = []
        if not self.bundle.fits(data, self.frames):
            waiting = self.bundle.take()
            if waiting is not None:
                leaving.append(waiting)
            if voice.count(data) >= self.frames:
                leaving.append(data)
                return leaving
        self.bundle.put(data, self.frames, now_ms)
        if self.bundle.is_due(now_ms):
            leaving.append(self.bundle.take())
        return leaving


class _Burst:
    """Its plan holds until its end. One that nobody has planned goes to each alone."""

    __slots__ = ("copies", "heard_ms", "is_sent_once", "lease", "needed", "once", "places")

    def __init__(self, lease: int) -> None:
        self.once = Crowd()  # by multicast
        self.copies = [Crowd()]  # to each alone, the one with the largest packets last
        self.is_sent_once = False  # to those who hear multicast
        self.lease = lease
        # By access point, frames in a packet by the plan, whatever the venue has set.
        self.needed: dict[int, int] = {}
        self.places: list[int] = []  # access point of each listener that gets a copy
        self.heard_ms = 0  # its last packet came


class Fanout:
    """`on_voice` takes what the floor lets pass; `output` is told what leaves, and when."""

    def __init__(self, output: "VoiceOutput") -> None:
        self._output = output
        self._bursts: LastBursts[_Burst] = LastBursts()
        self._access_points = 1
        self._wanted = AS_NEEDED

    def obey(self, access_points: int, packet_frames: int) -> None:
        """The venue's settings, for bursts to come."""
        self._access_points = access_points
        self._wanted = packet_frames

    def frames(self, group: int) -> int:
        """In a packet of the last burst of `group` to who gets a copy of it, at the fullest access
        point."""
        burst = self._bursts.last(group)
        return 1 if burst is None else burst.copies[-1].frames

    def forget(self) -> None:
        """No frame waits, and no burst is under way."""
        self._bursts.clear()

    def on_voice(self, group: int, data: "Any", now_ms: int) -> None:
        """A voice packet of whoever has the floor of `group`."""
        burst = self._burst_of(group, data, now_ms)
        burst.heard_ms = now_ms
        # First by multicast: who misses it from here on gets the same frames with the copies.
        if burst.is_sent_once:
            for packet in burst.once.put(data, now_ms):
                self._output.send_once(group, packet, now_ms)
        for crowd in burst.copies:
            for packet in crowd.put(data, now_ms):
                self._output.send_copies(group, packet, crowd, now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        for group, burst in self._bursts.all():
            if burst.once.bundle.is_due(now_ms):
                self._output.send_once(group, burst.once.bundle.take(), now_ms)
            for crowd in burst.copies:
                if crowd.bundle.is_due(now_ms):
                    self._output.send_copies(group, crowd.bundle.take(), crowd, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for _, burst in self._bursts.all():
            due = earliest(due, burst.once.bundle.next_timeout_ms())
            for crowd in burst.copies:
                due = earliest(due, crowd.bundle.next_timeout_ms())
        return due

    def _burst_of(self, group: int, data: "Any", now_ms: int) -> _Burst:
        """The burst of `data`. A later lease begins one; an earlier one changes nothing of it."""
        lease = voice.lease(data)
        known = self._bursts.of(group, lease)
        if known is not None:
            return known
        burst, last = _Burst(lease), self._bursts.last(group)
        if last is not None and lease < last.lease:
            return burst  # nothing of it waits
        forgotten = self._bursts.begin(group, burst)
        if forgotten is not None:
            self._flush(group, forgotten, now_ms)
        needed: dict[int, int] = {}
        if last is not None:
            self._flush(group, last, now_ms)
            needed = last.needed
        burst.is_sent_once = self._output.begin_burst(group, data, now_ms)
        self._begin(group, burst, needed, now_ms)
        return burst

    def _begin(self, group: int, burst: _Burst, before: "dict[int, int]", now_ms: int) -> None:
        """`before`: what the last burst needed."""
        listeners = self._output.listeners(group, burst.lease)
        burst.places = places = [place for _, place in listeners]
        for _, other in self._bursts.last_ones():
            if other is not burst and age(now_ms, other.heard_ms) < LEASE_MS:
                places = places + other.places
        counts = on_each(places, self._access_points)
        for place in sorted(counts):
            burst.needed[place] = frames_in_packet(counts[place], before.get(place, 1))
        if self._wanted != AS_NEEDED:
            burst.once.frames = self._wanted
            burst.copies = [Crowd(self._wanted)]
        else:
            burst.once.frames = 1
            if burst.is_sent_once:
                burst.copies = [Crowd(BESIDE_MULTICAST)]
            else:
                burst.copies = _crowds(listeners, burst.needed)
        fullest = max(counts.values(), default=0)
        if fullest:
            self._output.spread_over(-(-len(places) // fullest))

    def _flush(self, group: int, burst: _Burst, now_ms: int) -> None:
        """Nothing of it waits any more."""
        data = burst.once.bundle.take()
        if data is not None:
            self._output.send_once(group, data, now_ms)
        for crowd in burst.copies:
            data = crowd.bundle.take()
            if data is not None:
                self._output.send_copies(group, data, crowd, now_ms)


def _crowds(listeners: "list[tuple[int, int]]", needed: "dict[int, int]") -> "list[Crowd]":
    """A crowd for each size of packets, the smallest first; who comes later, or is not among
    `listeners`, belongs to the last."""
    sizes = sorted({needed[place] for _, place in listeners}) or [1]
    crowds = [Crowd(size) for size in sizes]
    rest = crowds[-1]
    for crowd in crowds[:-1]:
        crowd.is_rest = False
        crowd.nodes = {node for node, place in listeners if needed[place] == crowd.frames}
        rest.nodes |= crowd.nodes
    for crowd in crowds[1:]:
        crowd.is_soonest = False
    return crowds
