"""`pressel demo`: what it promises about its report, for good speech and for bad."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
import soxr
from tests.e2e.command import Result, run
from tests.e2e.stage import words
from tests.patience import PATIENCE_S

from pressel.audio.wav import RATE_HZ, read_speech

pytestmark = pytest.mark.e2e

NAMES = {"A", "B", "C"}
FILES = {f"{kind}-{name}.wav" for kind in ("mic", "heard") for name in NAMES}


@dataclass(frozen=True)
class Demo:
    folder: Path
    result: Result
    report: dict[str, Any]


def awkward_wav(folder: Path) -> Path:
    """The shipped speech as an editor would save it: 44.1 kHz, stereo, 24 bit."""
    mono = soxr.resample(words(0, 4.0).pcm / 32_768, RATE_HZ, 44_100)
    stereo = np.stack((mono, 0.4 * mono), axis=1)
    file = folder / "two words & [more] é.wav"
    soundfile.write(file, stereo, 44_100, subtype="PCM_24")
    return file


async def play(base: Path, options: dict[str, tuple[str | Path, ...]]) -> list[Result]:
    """A demo for each of `options`, all at once: most of a demo is waiting for speech."""
    return await asyncio.gather(
        *(
            run(base / f"log-{name}", "demo", *more, limit_s=PATIENCE_S)
            for name, more in options.items()
        )
    )


def wrong(report: dict[str, Any]) -> list[str]:
    """What was lost or mixed; lateness is the machine's affair."""
    failures = report["verdict"]["failures"]
    return [each["text"] for each in failures if each["kind"] == "correctness"]


@pytest.fixture(scope="module")
def demos(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> dict[str, Demo]:
    """A whole demo of the shipped speech; for a proof, then one of an awkward file."""
    here = [item for item in request.session.items if item.path == request.path]
    is_proof = any(item.get_closest_marker("proof") for item in here)
    played: dict[str, Demo] = {}

    async def scenario(base: Path) -> list[str]:
        options: dict[str, tuple[str | Path, ...]] = {"shipped": ()}
        if is_proof:
            options["awkward"] = ("--speech", awkward_wav(base))
        for name, more in options.items():
            folder = base / name
            (result,) = await play(base, {name: ("--out", folder, *more)})
            assert result.code in (0, 1), result.err
            text = (folder / "report.json").read_text("utf-8")
            played[name] = Demo(folder, result, json.loads(text))
        return [text for demo in played.values() for text in wrong(demo.report)]

    assert asyncio.run(scenario(tmp_path_factory.mktemp("demos"))) == []
    return played


@pytest.fixture(params=["shipped", pytest.param("awkward", marks=pytest.mark.proof)])
def demo(demos: dict[str, Demo], request: pytest.FixtureRequest) -> Demo:
    return demos[request.param]


def test_exit_code_is_the_verdict(demo: Demo) -> None:
    assert demo.result.code == (0 if demo.report["verdict"]["passed"] else 1)


def test_four_bursts_one_of_which_had_to_wait(demo: Demo) -> None:
    bursts = demo.report["bursts"]
    assert [burst["talker"] for burst in bursts[:2]] == ["A", "B"]
    assert {burst["talker"] for burst in bursts[2:]} == {"A", "C"}
    assert [burst["queued"] for burst in bursts] == [False, False, False, True]


def test_every_burst_has_its_figures(demo: Demo) -> None:
    for burst in demo.report["bursts"]:
        waited = burst["queue_wait_ms"] if burst["queued"] else burst["access_ms"]
        assert waited > 0
        assert (burst["access_ms"] is None) == burst["queued"]
        spread = burst["mouth_to_ear_ms"]
        assert 0 < spread["p50"] <= spread["p95"]
        assert burst["frames_sent"] > 50
        assert {each["name"] for each in burst["listeners"]} == NAMES - {burst["talker"]}


def test_every_listener_has_its_figures(demo: Demo) -> None:
    for burst in demo.report["bursts"]:
        for listener in burst["listeners"]:
            assert 0 < listener["heard"] <= burst["frames_sent"]
            assert listener["concealed"] >= 0
            assert listener["mouth_to_ear_ms"]["p50"] > 0
            assert listener["gaps_over_100ms"] == {"count": 0, "total_ms": 0.0}
            assert listener["clipped_start_ms"] >= 0 and listener["clipped_end_ms"] >= 0
            assert 0.5 < listener["stoi"] <= 1
            assert listener["pesq"] is None or 1 <= listener["pesq"] <= 5
            assert (listener["pesq"] is None) == (listener["pesq_reason"] is not None)


def test_every_badge_has_its_figures(demo: Demo) -> None:
    assert {badge["name"] for badge in demo.report["badges"]} == NAMES
    for badge in demo.report["badges"]:
        assert 0 < badge["heap_peak_bytes"] <= badge["heap_bytes"] == 111_000
        assert badge["step_ms_max"] > 0


@pytest.mark.proof
def test_two_demos_with_one_out_take_a_folder_each(tmp_path: Path) -> None:
    """Six badges at once may be more than this machine serves in time: what is heard is not
    looked at."""
    same = ("--out", tmp_path / "out")
    results = asyncio.run(play(tmp_path, {"one": same, "other": same}))
    assert all(result.code in (0, 1) for result in results)
    assert sorted("out-2" in result.out for result in results) == [False, True]
    assert all((tmp_path / name / "report.json").exists() for name in ("out", "out-2"))


def test_says_what_was_spoken(demos: dict[str, Demo]) -> None:
    assert "Sense and Sensibility" in demos["shipped"].report["speech_source"]


@pytest.mark.proof
def test_says_what_file_was_spoken(demos: dict[str, Demo]) -> None:
    assert demos["awkward"].report["speech_source"] == "two words & [more] é.wav"


def test_page_needs_nothing_from_outside(demo: Demo) -> None:
    page = (demo.folder / "report.html").read_text("utf-8")
    places = re.findall(r"""(?:src|href|action|data|poster)\s*=\s*["']([^"']*)""", page)
    places += re.findall(r"""url\(\s*["']?([^"')]*)""", page)
    outside = [each for each in places if not each.startswith(("data:", "#"))]
    assert outside == []
    assert not re.search(r"(?:https?|file):/|@import|/tmp/", page)
    assert "two words &amp; [more]" in page or "Sensibility" in demo.report["speech_source"]


def test_wav_files_hold_what_was_said_and_heard(demo: Demo) -> None:
    lengths = set()
    for name in FILES:
        info = soundfile.info(demo.folder / name)
        assert (info.samplerate, info.channels, info.subtype) == (RATE_HZ, 1, "PCM_16")
        read_speech(demo.folder / name)  # not silent
        lengths.add(info.frames)
    assert len(lengths) == 1  # all on one time base


def test_leaves_only_its_files(demo: Demo) -> None:
    names = {each.name for each in demo.folder.iterdir() if not each.name.startswith(".lock")}
    assert names == {*FILES, "report.json", "report.html", "firmware", "firmware.map.json"}


def test_words_for_people_on_standard_output(demo: Demo) -> None:
    out, err = demo.result.out, demo.result.err
    assert "report.html" in out and "STOI" in out and "heap peak" in out
    assert "A presses and speaks" in err and "STOI" not in err
    assert "\x1b" not in out + err


# --- bad speech ---


def _no_file(file: Path) -> None:
    pass


def _a_folder(file: Path) -> None:
    file.mkdir()


def _text(file: Path) -> None:
    file.write_text("this is no sound", "utf-8")


def _silence(file: Path) -> None:
    soundfile.write(file, np.zeros(RATE_HZ), RATE_HZ)


def _cut_off(file: Path) -> None:
    soundfile.write(file, words(1, 1.0).pcm, RATE_HZ)
    file.write_bytes(file.read_bytes()[:10_000])


BAD = {each.__name__.strip("_"): each for each in (_no_file, _a_folder, _text, _silence, _cut_off)}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    base = tmp_path_factory.mktemp("bad")
    (base / "out").mkdir()
    (base / "out" / "report.json").write_text("from before", "utf-8")

    async def play(name: str, make: Callable[[Path], None]) -> Result:
        file = base / f"{name}.wav"
        make(file)
        log = base / f"log-{name}"
        return await run(log, "demo", "--out", base / "out", "--speech", file)

    async def all_of_them() -> list[Result]:
        return await asyncio.gather(*(play(name, make) for name, make in BAD.items()))

    before = {each.pid for each in psutil.Process().children(recursive=True)}
    results = dict(zip(BAD, asyncio.run(all_of_them()), strict=True))
    assert {each.pid for each in psutil.Process().children(recursive=True)} == before
    assert [each.name for each in (base / "out").iterdir()] == ["report.json"]
    assert (base / "out" / "report.json").read_text("utf-8") == "from before"
    return results


@pytest.mark.parametrize("name", BAD)
def test_bad_speech_is_refused_in_a_sentence(refused: dict[str, Result], name: str) -> None:
    result = refused[name]
    assert result.code == 2
    assert result.is_one_sentence(), result.err
    assert f"{name}.wav" in result.err
