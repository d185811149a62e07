"""The verdict on a venue that is looked at, of records of both runs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.memory import SAMPLE_EVERY_S, slope_mib_hour

from pressel.sim.report.watched import read_records
from pressel.sim.report.watched_verdict import verdict

HOUR = int(3600 / SAMPLE_EVERY_S)


def record(**changed: Any) -> dict[str, Any]:
    return {
        "access_ms": {"p95": 40.0}, "mouth_to_ear_ms": {"p95": 300.0}, "frame_loss": 0.01,
        "late_ms_p99": 2.0, "violations": [], "failed": [], "pages": 900,
        "leader_slope_mib_hour": 0.5, "console_slope_mib_hour": 5.0, **changed,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({}, ""),
        ({"access_ms": {"p95": 59.0}}, ""),  # less than a frame more
        ({"access_ms": {"p95": 61.0}}, "access time"),
        ({"mouth_to_ear_ms": {"p95": 374.0}}, ""),
        ({"mouth_to_ear_ms": {"p95": 380.0}}, "mouth to ear"),
        ({"frame_loss": 0.02}, "frames lost"),
        ({"violations": ["two talk at once"]}, "promises"),
        ({"failed": ["/wifi: 500"]}, "pages"),
        ({"leader_slope_mib_hour": 7.0}, "leader's memory"),
        ({"console_slope_mib_hour": 60.0}, "console's memory"),
        ({"console_slope_mib_hour": 20.0, "console_growth_mib": 5.0}, ""),  # what it keeps fills
        ({"console_slope_mib_hour": 20.0, "console_growth_mib": 7.0}, "console's memory"),
    ],
)
def test_what_gets_worse_while_people_look_is_told(changed: dict[str, Any], wrong: str) -> None:
    told = [each.text for each in verdict([record(), record(**changed)]) if each.holds is False]
    assert [each.startswith(wrong) for each in told] == ([True] if wrong else [])


def test_a_late_machine_and_a_short_run_say_nothing() -> None:
    changed = {"access_ms": {"p95": 900.0}, "late_ms_p99": 80.0, "leader_slope_mib_hour": None}
    lines = verdict([record(), record(**changed)])
    assert [each.holds for each in lines] == [None, None, None, True, True, None, True]
    assert "run it idle" in lines[0].text and "20 minutes" in lines[5].text


def test_what_was_measured_last_is_judged() -> None:
    assert len(verdict(read_records())) == 7


def test_memory_is_flat_or_grows_in_the_second_half() -> None:
    """What fills up at the start is no leak, and neither are waves."""
    filled = [80.0 + min(n, 100) + n % 7 for n in range(HOUR)]
    assert abs(slope_mib_hour(filled) or 99.0) < 0.5
    leaking = [each + 12.0 * n / HOUR for n, each in enumerate(filled)]
    assert abs((slope_mib_hour(leaking) or 0.0) - 12.0) < 0.5
    assert slope_mib_hour(filled[:60]) is None
