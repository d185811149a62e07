"""How the venue kept its promises: by the hour, and what nobody can measure is not told as 0."""

from __future__ import annotations

from pathlib import Path

from tests.host.test_trace import burst, log

from pressel.kpis.hours import HOUR_S, access_ms, hours
from pressel.kpis.page import render
from pressel.trace.logs import all_lines


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
