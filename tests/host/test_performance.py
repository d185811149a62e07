"""The report on performance is what its record gives, and says when it is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.performance import report
from tests.performance.measures import MEASURES, Measure

from pressel.errors import UsageError


def test_the_report_is_made_from_its_record() -> None:
    record = report.load()
    assert report.REPORT.read_text("utf-8") == report.text(record)
    assert set(record.figures) == set(MEASURES)


def record(**changed: Any) -> report.Record:
    figures = {name: {"a thing": [3.0, 1.0, 1200.0]} for name in MEASURES}
    facts = {
        "sources": dict.fromkeys(MEASURES, "0" * 12),
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


def test_what_was_taken_of_another_source_is_told() -> None:
    """Whether that is known or not."""
    for source in ("", "0" * 12):
        words = report.stale(record(sources=dict.fromkeys(MEASURES, source)))
        assert len(words) == len(MEASURES)
        assert all("make report-performance ONLY=" in each for each in words)
    assert "Of an older source" in report.text(record(sources=dict.fromkeys(MEASURES, "")))


def test_only_what_files_hold_makes_it_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebase gives commits other names and leaves files as they are."""
    monkeypatch.setattr(report, "ROOT", tmp_path)
    monkeypatch.setattr(report, "MEASURES", {"leader": Measure(("room", "one.py"), 1, dict)})
    (tmp_path / "room" / "__pycache__").mkdir(parents=True)
    (tmp_path / "room" / "a.py").write_text("1")
    (tmp_path / "one.py").write_text("1")
    at = record(sources={"leader": report.mark(("room", "one.py"))})
    (tmp_path / "room" / "__pycache__" / "a.pyc").write_text("1")
    assert report.stale(at) == []
    for changed in ("room/a.py", "one.py", "room/b.py"):
        (tmp_path / changed).write_text("2")
        assert len(report.stale(at)) == 1
        at = record(sources={"leader": report.mark(("room", "one.py"))})
    with pytest.raises(UsageError, match="there is no nowhere"):
        report.mark(("nowhere",))
