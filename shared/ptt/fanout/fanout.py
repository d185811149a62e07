"""Voice of all groups on its way out: each burst in packets as large as its plan says."""

from ..base.clock import NEVER, age, earliest
from ..base.compat import TYPE_CHECKING
from ..base.numbers import LEASE_MS
from ..wire import voice
from .bundle import Bundle
from .plan import AS_NEEDED, frames_in_packet, on_fullest

if TYPE_CHECKING:
    from typing import Any, Protocol

    class VoiceOutput(Protocol):
        """Who makes the copies."""

        def places(self, group: int) -> "list[int]": ...
        def spread_over(self, access_points: int) -> None: ...
        def send_voice(self, group: int, data: "Any", now_ms: int) -> None: ...


class _Burst:
    """The last burst of one group; its plan holds until its end."""

    __slots__ = ("bundle", "frames", "heard_ms", "lease", "places")

    def __init__(self) -> None:
        self.bundle = Bundle()
        self.lease = 0
        self.frames = 1  # in a packet
        self.places: list[int] = []  # access point of each listener
        self.heard_ms = 0  # its last packet came


class Fanout:
    """`on_voice` takes what the floor lets pass; `output` is told what leaves, and when."""

    def __init__(self, output: "VoiceOutput") -> None:
        self._output = output
        self._bursts: dict[int, _Burst] = {}  # by group
        self._access_points = 1
        self._wanted = AS_NEEDED

    def obey(self, access_points: int, packet_frames: int) -> None:
        """The venue's settings, for bursts to come."""
        self._access_points = access_points
        self._wanted = packet_frames

    def forget(self) -> None:
        """No frame waits, and no burst is under way."""
        self._bursts = {}

    def on_voice(self, group: int, data: "Any", now_ms: int) -> None:
        """A voice packet of whoever has the floor of `group`."""
        burst = self._bursts.get(group)
        if burst is None:
            burst = self._bursts[group] = _Burst()
        if voice.lease(data) != burst.lease:
            self._flush(group, burst, now_ms)
            self._begin(group, burst, voice.lease(data), now_ms)
        burst.heard_ms = now_ms
        if not burst.bundle.fits(data, burst.frames):
            self._flush(group, burst, now_ms)
            if voice.count(data) >= burst.frames:
                self._output.send_voice(group, data, now_ms)
                return
        burst.bundle.put(data, burst.frames, now_ms)
        if burst.bundle.is_due(now_ms):
            self._flush(group, burst, now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        for group in sorted(self._bursts):
            burst = self._bursts[group]
            if burst.bundle.is_due(now_ms):
                self._flush(group, burst, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for burst in self._bursts.values():
            due = earliest(due, burst.bundle.next_timeout_ms())
        return due

    def _begin(self, group: int, burst: _Burst, lease: int, now_ms: int) -> None:
        burst.lease = lease
        burst.places = places = self._output.places(group)
        for other in self._bursts.values():
            if other is not burst and age(now_ms, other.heard_ms) < LEASE_MS:
                places = places + other.places
        on_one = on_fullest(places, self._access_points)
        burst.frames = frames_in_packet(on_one, self._wanted)
        if on_one:
            self._output.spread_over(-(-len(places) // on_one))

    def _flush(self, group: int, burst: _Burst, now_ms: int) -> None:
        data = burst.bundle.take()
        if data is not None:
            self._output.send_voice(group, data, now_ms)
