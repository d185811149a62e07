"""Every planted fault is named, as the right kind; a sound run passes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pressel.report import BadgeStats, Report, RunData, measure
from pressel.report.targets import Targets

from .synthetic_run import Pcm, Scene, at_level, delayed_from, speech, without

SHORT = "young-man"


def spoken(
    pcm: Pcm | None = None, stats: BadgeStats | None = None, access_ms: float | None = 30.0, **hears
) -> RunData:
    scene = Scene(length_ms=6_000)
    scene.say(
        "ann",
        speech(SHORT) if pcm is None else pcm,
        hears=hears or {"ben": 90.0},
        access_ms=access_ms,
    )
    if stats:
        scene.stats["ben"] = stats
    return scene.run()


def findings(report: Report) -> list[tuple[str, str]]:
    assert report.verdict.passed == (not report.verdict.failures)
    return [(failure.kind, failure.text) for failure in report.verdict.failures]


def test_a_sound_run_passes() -> None:
    report = measure(spoken(ben=90.0, cat=95.0), scored=False)
    assert report.verdict.passed and findings(report) == [] and report.verdict.remarks == []
    assert report.mouth_to_ear_ms.p95 == pytest.approx(95.0, abs=1.0)


@pytest.mark.parametrize(
    "how, kind, words",
    [
        (dict(ben=None), "correctness", "ben did not hear burst 1 (ann)"),
        (dict(ben=(90.0, without(0, 200))), "correctness", "ben missed the first 1"),
        (dict(ben=(90.0, without(-200, 1e9))), "correctness", "ben missed the last 1"),
        (dict(ben=(90.0, without(700, 850))), "correctness", "ben heard a gap in burst 1 (ann)"),
        (dict(ben=(90.0, delayed_from(900, 150))), "correctness", "ben heard a gap in burst 1"),
        (dict(ben=90.0, ann=120.0), "correctness", "ann heard itself for "),
        (dict(ben=-30.0), "correctness", "before it was said: two clocks disagree"),
        (dict(access_ms=None), "correctness", "burst 1 (ann) never got the floor"),
        (dict(pcm=at_level(speech(SHORT), -90)), "correctness", "holds nothing audible"),
        (dict(ben=151.0), "timing", "burst 1 (ann) was heard 151 ms late (p95), over 150 ms"),
        (dict(access_ms=61.0), "timing", "the floor was given 61 ms after the press"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_named(how: dict[str, Any], kind: str, words: str) -> None:
    found = findings(measure(spoken(**how), scored=False))
    assert any(kind == found_kind and words in text for found_kind, text in found), found


def test_a_target_is_inclusive() -> None:
    assert measure(spoken(ben=149.5), scored=False).verdict.passed
    assert measure(spoken(access_ms=60.0), scored=False).verdict.passed


def test_two_talkers_at_once_are_one_fault_each_not_many() -> None:
    scene = Scene(length_ms=9_000)
    scene.say("ann", speech(SHORT), hears={"ben": 80.0})
    scene.say("cat", speech("cold-hearted"), at_ms=900, hears={"ben": 80.0})
    found = findings(measure(scene.run()))
    assert [kind for kind, _ in found] == ["correctness", "correctness"]
    assert "ben heard cat over burst 1 (ann)" in found[0][1]
    assert "ben heard ann over burst 2 (cat)" in found[1][1]


def test_a_run_without_a_burst_shows_nothing() -> None:
    assert findings(measure(Scene().run())) == [
        ("correctness", "nobody talked: the run holds no burst")
    ]


def test_a_queued_burst_counts_by_its_grant() -> None:
    scene = Scene()
    scene.say("ann", speech(SHORT), access_ms=400.0, queued=True)
    report = measure(scene.run())
    assert report.verdict.passed and report.access_ms.n == 0


def test_a_late_machine_is_said_beside_late_figures() -> None:
    late = BadgeStats(60_000, 111_000, 30.0, 9.0, 20.5, 0)
    remarks = measure(spoken(stats=late, ben=200.0), scored=False).verdict.remarks
    assert remarks == [
        "this computer itself was up to 20 ms late (at ben); the late figures may be its fault: "
        "run again with less beside it"
    ]
    assert measure(spoken(stats=late), scored=False).verdict.remarks == [
        "this computer itself was up to 20 ms late (at ben)"
    ]
    on_time = dataclasses.replace(late, lag_ms_max=20.0)
    assert measure(spoken(stats=on_time, ben=200.0), scored=False).verdict.remarks == []


def test_dropped_datagrams_and_missing_figures_are_remarked() -> None:
    dropped = measure(spoken(stats=BadgeStats(60_000, 111_000, 3.0, 1.0, 2.0, 12)), scored=False)
    assert dropped.verdict.remarks == ["ben lost 12 datagrams in a full mailbox"]
    none = measure(spoken(stats=BadgeStats()), scored=False)
    assert (
        none.verdict.remarks == ["ben gave no figures of memory and time"] and none.verdict.passed
    )


def test_stats_come_from_an_event_with_more_in_it() -> None:
    event = {"t": 1.0, "event": "stats", "heap_peak_bytes": 5, "steps": 9, "lag_ms_max": 2.5}
    assert BadgeStats.from_event(event) == BadgeStats(heap_peak_bytes=5, lag_ms_max=2.5)


def test_targets_are_data() -> None:
    strict = Targets(mouth_to_ear_p95_ms=80.0)
    assert measure(spoken(), scored=False).verdict.passed
    assert findings(measure(spoken(), strict))[0][0] == "timing"


def test_badges_of_one_name_are_refused() -> None:
    run = spoken()
    with pytest.raises(ValueError, match="different names: ann, ann"):
        measure(dataclasses.replace(run, badges=(run.badges[0], run.badges[0])))
