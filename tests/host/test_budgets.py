"""The table of what changes cost, and what `make budgets` refuses. No figure is judged here."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.budgets import __main__ as command
from tests.budgets.leader_cost import Hall, delivered_packet_ratio

from pressel.docs import budget_table
from pressel.docs.budget_table import AREAS, FIGURES, Row
from pressel.errors import PresselError, UsageError
from ptt.wire.messages import VOICE_FRAME

DAY = datetime.date(2026, 11, 1)


def row(commit: str = "a" * 12, change: str = "start", **figures: float) -> Row:
    return Row(date=DAY, commit=commit, change=change, figures=figures)


def make(*args: str) -> Any:
    return CliRunner().invoke(command.main, args, env={"PRESSEL_CHANGE": ""})


def test_a_figure_that_changed_is_shown_before_and_after() -> None:
    rows = [
        row(badge_live_bytes=91_000, leader_mib=60.0),
        row("b" * 12, "a | b", badge_live_bytes=91_200, leader_mib=60.01),
    ]
    last = budget_table.table(rows).splitlines()[-1]
    assert "badge, live: 91,000 -> **91,200** bytes" in last
    assert "members: 60.0 MiB" in last, "what rounds to the same has not changed"
    assert "a \\| b" in last
    assert budget_table.NOT_MEASURED in last


def test_a_figure_is_compared_with_the_last_row_that_has_it() -> None:
    rows = [row(leader_mib=60), row("b" * 12), row("c" * 12, leader_mib=61)]
    assert "60.0 -> **61.0** MiB" in budget_table.table(rows)


def test_every_figure_has_a_column() -> None:
    assert {figure.area for figure in FIGURES.values()} == set(AREAS)


def test_a_commit_that_is_measured_again_has_one_row(tmp_path: Path) -> None:
    file = tmp_path / "budgets.jsonl"
    assert budget_table.load(file) == []
    rows = [row(), row("b" * 12), row("b" * 12, leader_mib=2)]
    for each in rows:
        budget_table.append(each, file)
    assert budget_table.load(file) == [rows[0], rows[2]]


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"date": "2026-11-01"}'])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "budgets.jsonl"
    file.write_text(row().model_dump_json() + "\n" + line + "\n")
    with pytest.raises(UsageError, match=r"budgets\.jsonl:2: "):
        budget_table.load(file)


@pytest.mark.parametrize(
    ("commit", "change", "told"),
    [
        ("a" * 12, " ", "say what changed"),
        ("a" * 12, "x" * 121, "at most 120 characters"),
        ("a" * 12 + "+", "new", "uncommitted changes"),
        (None, "new", "no git checkout"),
    ],
)
def test_it_refuses_before_it_measures(
    monkeypatch: pytest.MonkeyPatch, commit: str | None, change: str, told: str
) -> None:
    monkeypatch.setattr(command, "commit", lambda: commit)
    monkeypatch.setattr(command, "MEASURES", {})
    monkeypatch.setattr(budget_table, "append", lambda row: pytest.fail(f"kept {row}"))
    error = make("--change", change).exception
    assert isinstance(error, UsageError) and told in str(error)


def test_what_was_measured_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Row] = []
    monkeypatch.setattr(command, "commit", lambda: "a" * 12)
    monkeypatch.setattr(command, "MEASURES", {"the leader": lambda: {"leader_mib": 60.12345}})
    monkeypatch.setattr(budget_table, "append", kept.append)
    assert make("--change", "two\n lines").exit_code == 0
    assert [(each.change, each.figures) for each in kept] == [("two lines", {"leader_mib": 60.123})]
    assert make("--figures").exit_code == 0
    assert len(kept) == 1


def test_a_figure_that_cannot_be_had_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails() -> dict[str, float]:
        raise PresselError("no memory")

    kept: list[Row] = []
    monkeypatch.setattr(command, "commit", lambda: "a" * 12)
    measures = {"a badge": fails, "the leader": lambda: {"leader_mib": 60.0}}
    monkeypatch.setattr(command, "MEASURES", measures)
    monkeypatch.setattr(budget_table, "append", kept.append)
    told = make("--change", "new")
    assert isinstance(told.exception, PresselError) and "a badge" in str(told.exception)
    assert "a badge: not measured: no memory" in told.output
    assert [each.figures for each in kept] == [{"leader_mib": 60.0}]


def test_the_hall_of_a_leader_has_its_members_and_their_speech() -> None:
    hall = Hall(3)
    assert len(hall.leader.members) == 3
    packets = list(hall.speech(4))
    assert [data[1] for data in packets] == [VOICE_FRAME] * 4


def test_a_leader_of_many_is_measured() -> None:
    """It bundles frames, and its copies do not leave with the packet that came."""
    assert delivered_packet_ratio(packets=20) > 1
