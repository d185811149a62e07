"""The leader dies amid a burst in Opus: those who have it hear on, and those who lack it, too."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.signal import correlate
from tests.host.test_codecs import IMA_ADPCM, OPUS, PIECE, Coded, joined, likeness
from tests.shared.failover_venue import Failover

from pressel.audio import codecs as host
from pressel.node.bursts import Bursts
from ptt.base import events
from ptt.base.numbers import FRAME_MS, RATE_HZ
from ptt.wire import messages, voice
from ptt.wire.envelope import MARK_AT

OUTAGE_MS = 600  # until another host leads
MOVE_MS = 100  # until the talker sends there
ALIKE_MIN = 0.7  # Opus keeps the sound, not the wave: 0.79 here, 0.3 of other words
SPOKEN_FRAMES = (1000 + OUTAGE_MS + 3000) // FRAME_MS


class CodedFailover(Coded, Failover):
    """C is a stock badge. Notes when each voice packet is passed on to whom."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []  # by the new leader, of what is coded anew
        self.marks: set[int] = set()  # of what the new leader has coded anew
        self.passed: dict[str, list[tuple[int, int]]] = {"B": [], "C": []}  # at ms, codec
        super().__init__(stock="C")
        self.put_in_force(2, OPUS)

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        for name, passed in self.passed.items():
            if data[1] == messages.VOICE_FRAME and destination == self.badge(name).address:
                passed.append((self.now_ms, data[voice.CODEC_AT]))
                if name == "C" and source == ("standby", 1):
                    self.marks.add(data[MARK_AT])
        super().send(data, source, destination)

    def longest_gap_ms(self, name: str) -> int:
        return max(later - earlier for (earlier, _), (later, _) in pairwise(self.passed[name]))

    def likeness_at_end(self, name: str) -> float:
        """Of the last two seconds that `name` has heard to what was said, wherever each piece fits:
        the median."""
        said, heard = joined(self.said), joined(self.heard[name])[-2 * RATE_HZ :]
        found = []
        for at in range(0, len(heard), PIECE):
            piece = heard[at : at + PIECE]
            start = int(np.argmax(correlate(said, piece, "valid")))
            found.append(likeness(said[start:], piece, 0))
        return float(np.median(found))


@pytest.fixture
def venue() -> CodedFailover:
    """Its leader has died while A spoke in Opus, another one has taken over, and A is done."""
    if not host.host_codecs():
        pytest.skip("PyAV is not installed")
    venue = CodedFailover()
    venue.packets = []
    venue.press("A")
    venue.run(1000)
    venue.kill()
    venue.run(OUTAGE_MS)
    venue.take_over()
    bursts = Bursts(lambda: venue.leader, report=lambda event, told: venue.told.append(told))
    bursts.follow(venue.leader)
    venue.run(3000)
    venue.release("A")
    venue.run(2500)
    return venue


def test_a_burst_in_opus_goes_on_in_opus(venue: CodedFailover) -> None:
    assert venue.badge("A").all(events.MOVED) == [2]
    assert venue.codecs_from("A") == {OPUS} == {codec for _, codec in venue.passed["B"]}
    assert OUTAGE_MS <= venue.longest_gap_ms("B") <= OUTAGE_MS + MOVE_MS
    before, after = venue.badge("B").all(events.HEARD)  # a stall this long ends what is heard
    assert before[1:2] == after[1:2] == (1,)
    assert before[3] == after[3] == 0, "nothing was made up"
    assert before[2] + after[2] >= SPOKEN_FRAMES - (OUTAGE_MS + MOVE_MS) // FRAME_MS
    assert venue.likeness_at_end("B") > ALIKE_MIN


def test_the_new_leader_codes_it_anew_from_the_first_packet_on(venue: CodedFailover) -> None:
    assert {codec for _, codec in venue.passed["C"]} == {IMA_ADPCM}
    assert venue.longest_gap_ms("C") <= OUTAGE_MS + MOVE_MS
    assert venue.marks == {venue.leader.keys.current(1)[0] & 255}, "under a key of its own"
    shared = {"talker": "A0", "lease": 1, "group": 1, "codec": "Opus", "listeners": "C0"}
    assert venue.told == [{**shared, "count": 1}]  # by the new leader, of a burst it took over
    before, after = venue.badge("C").all(events.HEARD)
    assert before[3] == after[3] == 0
    assert before[2] + after[2] >= SPOKEN_FRAMES - (OUTAGE_MS + MOVE_MS) // FRAME_MS
    assert venue.likeness_at_end("C") > ALIKE_MIN
