"""The report names all attacks that there are."""

from tests.hostile.report import REPORT, attacks, sources


def test_the_report_has_every_attack() -> None:
    text = REPORT.read_text("utf-8")
    for path in sources():
        for words in attacks(path):
            assert f"| {words} | yes |" in text, "run `make report-phase7`"
