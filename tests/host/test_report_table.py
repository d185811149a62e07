"""The report on a terminal: no line too long, nothing only in colour, names taken literally."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pressel.report import BadgeStats, Report, measure, print_report

from .synthetic_run import Scene, speech, without


def printed(report: Report, width: int = 80, colour: bool = False) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=width, no_color=not colour, force_terminal=colour))
    return out.getvalue()


@pytest.fixture(scope="module")
def bad() -> Report:
    scene = Scene(("[bold]ann[/bold]", "ben", "cat of a very long name in the kitchen"), 10_000)
    ann, ben, cat = scene.mics
    scene.say(ann, speech("young-man"), hears={ben: (90.0, without(0, 200)), cat: None})
    scene.say(ben, speech("amiable"), at_ms=5_000, hears={ann: 191.0}, access_ms=999.0, queued=True)
    scene.stats[cat] = BadgeStats(108_500, 111_000, 44.0, 9.5, 31.0, 1234)
    scene.stats[ben] = BadgeStats()
    return measure(scene.run(title="A [red]bad[/red] day"))


@pytest.mark.parametrize("width", [80, 100, 160])
def test_it_fits_the_width_and_loses_no_figure(bad: Report, width: int) -> None:
    text = printed(bad, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text and "\x1b" not in text
    for figure in ("90", "!191", "!180 0", "108,500", "111,000", "44.0", "!31", "!1234"):
        assert figure in text, figure


def test_names_and_titles_are_no_markup(bad: Report) -> None:
    text = printed(bad, 120)
    assert "[bold]ann[/bold]" in text and "A [red]bad[/red] day" in text


def test_failures_and_remarks_are_in_words(bad: Report) -> None:
    text = printed(bad, 200)
    assert "failed: 4 things" in text
    assert "below what the codec alone gives" in text
    assert "correctness  ben missed the first 180 ms of burst 1" in text
    assert "cat of a very long name in the kitchen did not hear burst 1" in text
    assert "timing" in text and "remark" in text and "(queued 999 ms)" in text


def test_colour_only_when_wanted(bad: Report) -> None:
    assert "\x1b[1;31m" in printed(bad, colour=True)


def test_a_sound_run_passes_in_a_line() -> None:
    scene = Scene(("ann", "ben"), 4_000)
    scene.say("ann", speech("young-man"))
    text = printed(measure(scene.run()))
    assert "passed: 1 burst whole at 1 badge, mouth to ear 90 ms (p95)" in text
    assert "!" not in text
