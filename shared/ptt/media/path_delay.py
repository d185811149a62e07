"""How long a path keeps packets, and the playout delay that follows from it.

Of the packets that a path brought last, how many came how much later than its fastest: a histogram
that forgets by halving, kept from burst to burst. The delay covers all but the share that may be
late (Moon, Kurose and Towsley: a percentile, chosen at the start of a burst, is near the optimum).
"""

from array import array

from ..base import features
from ..base.compat import const
from ..base.defaults import LATE_PERMILLE, PLAYOUT_DELAY_MAX_MS, PLAYOUT_DELAY_MS
from ..base.numbers import FRAME_MS

_BUCKET_MS = const(10)  # half a frame: finer would be lost in the speaker's own steps
_BUCKETS = const(32)  # 320 ms and a frame fit the jitter buffer; what is later is an outage
_NEAR_LEAST_MS = const(10)  # less than the speaker's own steps of a frame is no delay to keep
_PACKETS_MAX = const(512)  # then all are halved: the last 5 to 10 s of speech count


class PathDelay:
    """What is known of one path; `delay_ms`, for it, is never below `least_ms`. Where those can be
    set, it is never above `most_ms` unless that is less than `least_ms`, and `late_permille` of the
    packets may come later. `near_ms` is how near to the fastest packet a listener may come who can
    go on smoothly after a late one."""

    def __init__(self) -> None:
        self._counts = array("H", bytes(_BUCKETS * 2))
        self._packets = 0
        self.least_ms = PLAYOUT_DELAY_MS
        if features.HAS_SMOOTH_PLAYOUT:  # whoever has no room for it has none for these settings
            self.most_ms = PLAYOUT_DELAY_MAX_MS
            self.late_permille = LATE_PERMILLE
            self.near_ms = PLAYOUT_DELAY_MS - FRAME_MS
        self.delay_ms = PLAYOUT_DELAY_MS

    def set_least(self, least_ms: int) -> None:
        """No delay below `least_ms` from now on."""
        self.least_ms = least_ms
        self._choose()

    def add(self, late_ms: int) -> None:
        """A packet came `late_ms` (0 or more) after the time of the fastest."""
        counts = self._counts
        if late_ms >= _BUCKETS * _BUCKET_MS:
            return
        counts[late_ms // _BUCKET_MS] += 1
        self._packets += 1
        if self._packets == _PACKETS_MAX:
            self._packets = 0
            for bucket in range(_BUCKETS):
                counts[bucket] >>= 1
                self._packets += counts[bucket]
        if late_ms + FRAME_MS >= self.delay_ms or not self._packets & 15:
            self._choose()

    def _choose(self) -> None:
        """Set the delay anew: the packets' own and the frame that the speaker reads ahead."""
        left = self._packets * LATE_PERMILLE // 1000
        if features.HAS_SMOOTH_PLAYOUT:
            left = self._packets * self.late_permille // 1000
        bucket = _BUCKETS
        while bucket and left >= self._counts[bucket - 1]:
            bucket -= 1
            left -= self._counts[bucket]
        delay_ms = bucket * _BUCKET_MS + FRAME_MS
        if features.HAS_SMOOTH_PLAYOUT:
            delay_ms = min(delay_ms, self.most_ms)
            self._choose_near()
        self.delay_ms = max(self.least_ms, delay_ms)

    if features.HAS_SMOOTH_PLAYOUT:

        def _choose_near(self) -> None:
            """A late packet puts its listener off by a frame, which covers those behind it until
            that is made good. So one who aims at half the share may come a frame nearer than that
            would need, and has up to 1.8 times the share late (`tests/bench/playout.py`)."""
            left = self._packets * self.late_permille // 2000
            bucket = _BUCKETS
            while bucket and left >= self._counts[bucket - 1]:
                bucket -= 1
                left -= self._counts[bucket]
            near_ms = min(bucket * _BUCKET_MS, self.most_ms - FRAME_MS) - FRAME_MS
            self.near_ms = max(near_ms, self.least_ms - FRAME_MS, _NEAR_LEAST_MS)
