"""The report on performance is what its record gives, and says when it is stale."""

from __future__ import annotations

from typing import Any

import pytest
from tests.performance import report
from tests.performance.measures import MEASURES, Measure


def test_the_report_is_made_from_its_record() -> None:
    record = report.load()
    assert report.REPORT.read_text("utf-8") == report.text(record)
    assert set(record.figures) == set(MEASURES)


def record(**changed: Any) -> report.Record:
    figures = {name: {"a thing": [3.0, 1.0, 1200.0]} for name in MEASURES}
    facts = {
        "commits": dict.fromkeys(MEASURES, "0" * 12),
        "date": "2026-11-29",
        "cores": 2,
        "has_peer": False,
    }
    return report.Record(**{**facts, "figures": figures, **changed})


def test_a_figure_has_its_spread_and_a_missing_peer_is_told() -> None:
    text = report.text(record())
    assert "| a thing | 3.00 | 1.00 | 1,200 | 3 |" in text
    assert "was not there" in text
    assert "was not there" not in report.text(record(has_peer=True))


def test_a_report_of_an_unknown_commit_says_so() -> None:
    words = report.stale(record())
    assert len(words) == len(MEASURES) and all("not here" in each for each in words)


def test_a_room_that_has_changed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    first = report.first_commit()
    if first is None:
        pytest.skip("no git checkout")
    monkeypatch.setattr(report, "MEASURES", {"leader": Measure(("shared/ptt",), 1, dict)})
    (words,) = report.stale(record(commits={"leader": first}))
    assert "leader" in words and "make report-performance" in words
    monkeypatch.setattr(report, "MEASURES", {"leader": Measure(("no such room",), 1, dict)})
    assert report.stale(record(commits={"leader": first})) == []
