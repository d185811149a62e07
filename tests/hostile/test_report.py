"""The report names all attacks that there are."""

from tests.hostile.report import (
    AT_PROCESSES,
    REPORT,
    Outcome,
    attacks,
    attacks_at,
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


def test_what_was_not_played_is_not_called_held() -> None:
    outcome = Outcome()
    outcome.passed, outcome.failed = {"test_one_thing"}, {"test_another"}
    told = [outcome.word(each) for each in ("one thing", "another", "a third")]
    assert told == ["yes", "no", "not played"]
