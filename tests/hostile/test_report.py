"""The report names all attacks that there are."""

import re

from tests.hostile.report import (
    AT_PROCESSES,
    REPORT,
    ROOT,
    Outcome,
    attacks,
    attacks_at,
    named,
    sources,
)


def test_the_report_has_every_attack() -> None:
    text = REPORT.read_text("utf-8")
    for path in sources():
        for words in attacks(path):
            assert f"| {words} | yes |" in text, "run `make report-phase7`"
    for path in AT_PROCESSES:
        assert attacks_at(path)
        for words in attacks_at(path):
            assert f"| {words} | yes |" in text, "run `make report-phase7`"


def test_every_test_that_the_model_names_is_there_and_was_played() -> None:
    text = REPORT.read_text("utf-8")
    rows = dict(re.findall(r"^\| (tests/\S+) \| \d+ \| (.*) \|$", text, re.MULTILINE))
    assert list(rows) == named() and all((ROOT / file).is_file() for file in rows)
    for file, held in rows.items():  # what takes real time may wait for a quiet hour
        allowed = ("yes", "not played") if file.startswith("tests/e2e/") else ("yes",)
        assert held in allowed, f"{file}: run `make report-phase7`"


def test_what_was_not_played_is_not_called_held() -> None:
    outcome = Outcome()
    outcome.in_file = {"a.py": {"test_x[1]": True, "test_x[2]": False}, "b.py": {"test_y": True}}
    assert [outcome.word(each) for each in ("y", "x", "z")] == ["yes", "no", "not played"]
    told = [outcome.row(file).split(" | ", 1)[1] for file in ("a.py", "b.py", "c.py")]
    assert told == ["2 | no: test_x[2] |", "1 | yes |", "0 | not played |"]
