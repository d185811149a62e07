"""The last bursts that a soft badge has heard, to be heard again by who missed them. They lie in
memory alone, as they were played, and are gone with the process. Live speech comes first: while
anybody is heard, or the button is down, a replay waits.
"""

from __future__ import annotations

from array import array
from collections import deque

from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES

QUIET_FRAMES = 25  # half a second without sound ends a burst, and lets a replay go on
NONE_KEPT = "this badge keeps nothing to hear again; start it with --again SECONDS"
NONE_HEARD = "nothing was heard in that time"

Frame = array  # array("h") of FRAME_SAMPLES


class Again:
    """Keeps `seconds` of what was heard; 0: nothing."""

    def __init__(self, seconds: float) -> None:
        self._frames_max = int(seconds * 1000 / FRAME_MS)
        self._bursts: deque[list[bytes]] = deque()
        self._kept = 0  # frames in all of them
        self._quiet = QUIET_FRAMES  # frames since the last sound
        self._left: deque[bytes] = deque()  # of the replay

    def begin(self, bursts: int) -> str:
        """Play the last `bursts` again; a sentence about it."""
        if not self._frames_max:
            return NONE_KEPT
        chosen = list(self._bursts)[-bursts:]
        if not chosen:
            return NONE_HEARD
        pause = [bytes(2 * FRAME_SAMPLES)] * QUIET_FRAMES
        self._left = deque(frame for burst in chosen for frame in [*burst, *pause])
        took_s = sum(map(len, chosen)) * FRAME_MS / 1000
        what = "the last burst" if len(chosen) == 1 else f"the last {len(chosen)} bursts"
        return f"again {what}, {took_s:.1f} s; it waits while somebody talks"

    def pass_on(self, live: Frame | None, is_pressed: bool) -> Frame | None:
        """The next frame for the speaker: what is `live`, or of the replay."""
        if live is not None:
            self._keep(live.tobytes())
            self._quiet = 0
            return live
        self._quiet += 1
        if is_pressed or self._quiet < QUIET_FRAMES or not self._left:
            return None
        return array("h", self._left.popleft())

    def _keep(self, frame: bytes) -> None:
        if not self._frames_max:
            return
        if self._quiet >= QUIET_FRAMES or not self._bursts:
            self._bursts.append([])
        self._bursts[-1].append(frame)
        self._kept += 1
        while self._kept > self._frames_max:
            oldest = self._bursts[0]
            del oldest[0]
            self._kept -= 1
            if not oldest:
                self._bursts.popleft()
