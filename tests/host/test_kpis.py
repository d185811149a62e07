"""How the venue kept its promises: by the hour, and what nobody can measure is not told as 0."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

from tests.host.test_trace import burst, log
from tests.shared.venue import Venue

from pressel.kpis.hours import HOUR_S, access_ms, hours
from pressel.kpis.page import render
from pressel.kpis.reckoned import DMA_MS
from pressel.node.burst_state import BurstPage, BurstState, HearingState
from pressel.node.bursts import Bursts
from pressel.trace.logs import all_lines
from ptt.base.numbers import FRAME_MS
from ptt.wire import messages, voice


def badge_log(file: Path, *presses: tuple[int, int, bool]) -> Path:
    """(lease, access in ms, had to wait) of each press, 10 s apart."""
    lines = []
    for number, (lease, access, waits) in enumerate(presses):
        at = 10_000 * number
        lines.append({"ms": at, "event": "pending", "value": number})
        if waits:
            lines.append({"ms": at + 20, "event": "queued", "value": 1})
        lines.append({"ms": at + access, "event": "granted", "value": lease})
    return log(file, *lines)


def test_by_the_hour_and_over_the_shift() -> None:
    bursts = [
        burst(burst=1, at=10.0, waited_ms=0),
        burst(burst=2, at=HOUR_S - 1.0, cause="talk limit"),
        burst(burst=3, at=2 * HOUR_S + 1.0),
    ]
    rows = [each.as_json() for each in hours(bursts, [])]
    assert [(row["from_s"], row["bursts"]) for row in rows] == [(0, 2), (2 * HOUR_S, 1), (0, 3)]
    assert rows[-1]["to_s"] == 3 * HOUR_S
    assert [row["cut_off"] for row in rows] == [1, 0, 1]
    assert rows[0]["queue_wait_ms"]["n"] == 1 and rows[0]["queue_wait_ms"]["p95"] == 1500
    assert rows[2]["heard_share"] == round(2 / 3, 4)
    assert rows[2]["lost_share"] == 0.05
    assert {rows[2][f"kpi{n}_ms"] for n in (1, 2, 3, 4)} == {None}
    assert rows[2]["kpi1_kept"] is None
    assert hours([], []) == []


def test_access_time_is_the_badges_own_of_free_floors(tmp_path: Path) -> None:
    file = badge_log(tmp_path / "a.log", (1, 40, False), (2, 4000, True), (3, 60, False))
    assert access_ms(all_lines(file)) == {1: 40, 3: 60}
    bursts = [burst(burst=number, at=float(number)) for number in (1, 2, 3)]
    shift = hours(bursts, all_lines(file))[-1].as_json()
    assert shift["kpi1_ms"]["n"] == 2 and shift["kpi1_ms"]["max"] == 60
    assert shift["kpi1_kept"] is True


def test_a_promise_is_broken_when_more_than_one_in_twenty_is_late(tmp_path: Path) -> None:
    late = [(lease, 400 if lease <= 2 else 50, False) for lease in range(1, 21)]
    bursts = [burst(burst=lease, at=float(lease)) for lease, _, _ in late]
    rows = hours(bursts, all_lines(badge_log(tmp_path / "a.log", *late)))
    assert rows[-1].as_json()["kpi1_kept"] is False


def test_the_page_to_print_has_no_zero_for_what_is_unknown() -> None:
    rows = [each.as_json() for each in hours([burst(waited_ms=0)], [])]
    text = render(rows)
    assert "KPI 4" in text and text.count("–") >= 6
    assert "<script" not in text


def reported(trips: dict[str, tuple[int, int] | None], **more: Any) -> BurstState:
    """A burst whose talker answers in 40 ms; by listener its round trip and playout delay."""
    hearings = [
        HearingState(
            name=name, device=name, played=1, concealed=0, late=0,
            trip_ms=told[0] if told else None, delay_ms=told[1] if told else None,
        )
        for name, told in trips.items()
    ]  # fmt: skip
    return burst(**{"trip_ms": 40, "waited_ms": 0, "hearings": hearings, **more})


def test_the_four_are_reckoned_from_what_badges_report() -> None:
    told = reported({"B": (20, 60), "C": (100, 80), "D": None}, packet_frames=2)
    row = hours([told], [])[-1].as_json()
    assert row["kpi1_ms"]["max"] == 40
    assert row["kpi2_ms"]["max"] == 40 + 20  # B is nearer
    mouth_to_ear = [
        16 + 20 + 20 + 20 + trip // 2 + delay + 16 for trip, delay in ((20, 60), (100, 80))
    ]
    assert (row["kpi3_ms"]["n"], row["kpi3_ms"]["p50"], row["kpi3_ms"]["max"]) == (2, *mouth_to_ear)
    assert row["kpi4_ms"]["max"] == 100 + 40 + 80 + 16
    assert {row[f"kpi{n}_how"] for n in (1, 2, 3, 4)} == {"reckoned"}
    assert {row[f"kpi{n}_kept"] for n in (1, 2, 3, 4)} == {True}


def test_a_queue_is_no_access_time_and_an_unknown_talker_gives_no_figure() -> None:
    waited = hours([reported({"B": (20, 60)}, waited_ms=900)], [])[-1].as_json()
    assert waited["kpi1_ms"] is None and waited["kpi2_ms"] is None and waited["kpi3_ms"]
    silent = hours([reported({"B": (20, 60)}, trip_ms=None)], [])[-1].as_json()
    assert silent["kpi1_ms"] is None and silent["kpi3_ms"] is None and silent["kpi4_ms"]


def test_a_log_is_better_than_a_reckoning(tmp_path: Path) -> None:
    lines = all_lines(badge_log(tmp_path / "a.log", (7, 350, False)))
    row = hours([reported({"B": (20, 60)}, burst=7)], lines)[-1].as_json()
    assert (row["kpi1_how"], row["kpi1_ms"]["max"], row["kpi1_kept"]) == ("measured", 350.0, False)
    assert row["kpi3_how"] == "reckoned"
    assert "350 ms, broken" in render([row]) and "about" in render([row])


class Timed(Venue):
    """Notes when each frame left its talker, and when B's speaker got it."""

    def __init__(self, **options: Any) -> None:
        self.left: dict[tuple[int, int], int] = {}
        self.delays_ms: list[int] = []
        super().__init__(**options)

    def take_prints(self, data: Any, talker: Any) -> None:
        super().take_prints(data, talker)
        at = voice.lease(data), voice.first(data)
        for number in range(voice.count(data)):
            self.left.setdefault((at[0], at[1] + number), self.now_ms)

    def pass_sound(self, badge: Any) -> None:
        heard = len(badge.played)
        super().pass_sound(badge)
        if badge.name == "B0" and len(badge.played) > heard and badge.played[-1] in self.left:
            self.delays_ms.append(self.now_ms - self.left[badge.played[-1]])


def test_what_is_reckoned_is_what_happens() -> None:
    """In virtual time, where somebody has a clock that all agree with; it has no sound cards, whose
    two blocks are in the reckoning, and a frame is there when it has been spoken."""
    venue = Timed(badges=3, delay_ms=20, jitter_ms=15)
    bursts = Bursts(lambda: venue.leader, lambda: 1.0)
    bursts.follow(venue.leader)
    venue.run(4000)
    for _ in range(2):  # the first burst teaches the listeners their paths
        venue.delays_ms.clear()
        for badge in venue.badges:
            own = badge.engine
            told = (128, 0, 0, 255, 0, 1, 0xFFFF, 0, 0, own.playout.path.delay_ms,
                    own.membership.round_trip_ms, 0)  # fmt: skip
            own.send(messages.BADGE_REPORT, told, own.link.address, venue.now_ms)
        venue.run(1000)
        venue.press("A")
        venue.run(3000)
        venue.release("A")
        venue.run(3000)
    page = BurstPage.model_validate(bursts.page({}))
    (row,) = hours(page.bursts[-1:], [])[-1:]
    reckoned_ms = row.as_json()["kpi3_ms"]["max"] - 2 * DMA_MS - FRAME_MS
    heard = sorted(venue.delays_ms[20:])  # what was said before the grant came later
    assert abs(heard[len(heard) // 2] - reckoned_ms) <= FRAME_MS, (heard, reckoned_ms)
    assert 40 <= row.as_json()["kpi1_ms"]["max"] <= 70


def test_a_hearing_takes_no_more_memory_than_its_fields() -> None:
    """A console keeps 40,000 of them. As objects that can have any attribute they took 1,250 bytes
    each, and the console grew for an hour."""
    hearing = {"name": "", "device": "", "played": 120, "concealed": 0, "late": 0}
    told = [
        {**hearing, "name": f"Badge {number % 50}", "device": f"{number % 50:016x}"}
        for number in range(1000)
    ]
    text = json.dumps({**burst().model_dump(), "hearings": told})
    tracemalloc.start()
    kept = [BurstState.model_validate(json.loads(text)) for _ in range(4)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / sum(len(each.hearings) for each in kept) < 250
