"""What bursts took, reckoned from what badges report of themselves: no two clocks in a venue agree,
but each badge knows its round trip to the leader and how late it plays what comes.

A way takes half of a round trip. To it come what docs/audio-pipeline.md lists: the frame and the
microphone's block, frames that wait for others of their packet, the playout delay, and the
speaker's block. All of them as they are at worst, so that what is reckoned is rather too long.
"""

from __future__ import annotations

from collections.abc import Iterator

from pressel.node.burst_state import BurstState, HearingState
from ptt.base.numbers import FRAME_MS

DMA_MS = 16  # a block of 256 samples, of the microphone and of the speaker


def access_ms(burst: BurstState) -> int | None:
    """KPI 1: from the press to the permission to talk. None when the talker stood in a queue, or
    has not reported."""
    return None if burst.waited_ms else burst.trip_ms


def access_with_listener_ms(burst: BurstState) -> int | None:
    """KPI 2: the same, until a listener could have said that it is there: the nearest one. (Nobody
    waits for that here.)"""
    access = access_ms(burst)
    trips = [each.trip_ms for each in burst.hearings if each.trip_ms is not None]
    return None if access is None or not trips else access + min(trips)


def mouth_to_ear_ms(burst: BurstState) -> Iterator[int]:
    """KPI 3: of each listener that has reported."""
    if burst.trip_ms is None:
        return
    before = DMA_MS + FRAME_MS + burst.trip_ms // 2 + (burst.packet_frames - 1) * FRAME_MS
    for each in burst.hearings:
        if each.trip_ms is not None and each.delay_ms is not None:
            yield before + each.trip_ms // 2 + each.delay_ms + DMA_MS


def late_entry_ms(burst: BurstState) -> Iterator[int]:
    """KPI 4: of each listener, had it come in during the burst: until it hears the first sound."""
    for each in burst.hearings:
        entry = _entry_ms(burst, each)
        if entry is not None:
            yield entry


def _entry_ms(burst: BurstState, listener: HearingState) -> int | None:
    if listener.trip_ms is None or listener.delay_ms is None:
        return None
    return listener.trip_ms + burst.packet_frames * FRAME_MS + listener.delay_ms + DMA_MS
