"""What make_report leaves in a folder: whole files, a page that needs no other, escaped names."""

from __future__ import annotations

import base64
import html.parser
import io
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pressel.errors import PresselError
from pressel.report import Report, RunData, make_report
from pressel.report import make as make_module
from pressel.report.make import file_names
from pressel.report.page import SOUND_AT_MOST_BYTES

from .synthetic_run import SPEECH_AT_MS, Scene, speech

NASTY = 'bar <script>alert("x")</script> & {{ 7 * 7 }}'


def small_run(names: tuple[str, ...] = ("ann", NASTY), length_ms: float = 4_000) -> RunData:
    scene = Scene(names, length_ms=length_ms)
    scene.say(names[0], speech("young-man"), text="</small><img src=x onerror=alert(1)>")
    return scene.run(title="</title><script>alert(2)</script>")


class Page(html.parser.HTMLParser):
    """Tags, and every attribute that could load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            v or "" for k, v in attrs if k in ("src", "href", "srcset", "poster", "data")
        ]


def test_all_files_are_there_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "report"
    report = make_report(small_run(("ann", "ben")), out)
    assert sorted(path.name for path in out.iterdir()) == [
        "heard-ann.wav",
        "heard-ben.wav",
        "mic-ann.wav",
        "mic-ben.wav",
        "report.html",
        "report.json",
    ]
    assert Report.model_validate_json((out / "report.json").read_text()) == report
    data = json.loads((out / "report.json").read_text())
    listener = data["bursts"][0]["listeners"][0]
    assert data["verdict"]["passed"] is True and data["schema_version"] == 1
    assert listener["mouth_to_ear_ms"]["p50"] == 90.0 and listener["heard"] > 0
    assert data["badges"][0]["heap_bytes"] == 111_000


def test_all_sound_starts_with_the_run(tmp_path: Path) -> None:
    run = small_run(("ann", "ben"))
    make_report(run, tmp_path)
    said, rate = soundfile.read(tmp_path / "mic-ann.wav", dtype="int16")
    played, _ = soundfile.read(tmp_path / "heard-ben.wav", dtype="int16")
    assert rate == 16_000 and len(said) == len(played) == 64_000
    at = round(SPEECH_AT_MS * 16)
    assert np.array_equal(said[at : at + 1_000], speech("young-man")[:1_000])


def test_the_page_loads_nothing_and_runs_no_name(tmp_path: Path) -> None:
    make_report(small_run(), tmp_path)
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert page.links and all(link.startswith("data:") for link in page.links)
    assert page.tags.count("script") == 1 and "img" not in page.tags
    assert "http://" not in text and "https://" not in text and "@import" not in text
    assert "alert" in text and "{{ 7 * 7 }}" in text  # shown, not run
    assert "\u2028" not in text


def test_the_page_plays_what_was_heard(tmp_path: Path) -> None:
    make_report(small_run(("ann", "ben")), tmp_path)
    page = Page((tmp_path / "report.html").read_text())
    sounds = [link for link in page.links if link.startswith("data:audio/flac;base64,")]
    decoded = [soundfile.read(io.BytesIO(base64.b64decode(s.partition(",")[2])))[0] for s in sounds]
    heard, _ = soundfile.read(tmp_path / "heard-ben.wav")
    assert len(decoded) == 2 and np.array_equal(decoded[1], heard)


def test_a_long_run_stays_a_light_page(tmp_path: Path) -> None:
    scene = Scene(("ann", "ben"), length_ms=3_000)
    scene.say("ann", speech("young-man"))
    noise = np.random.default_rng(5).integers(-9_000, 9_000, 16_000 * 200).astype(np.int16)
    for name in ("ann", "ben"):
        scene.speakers[name] = np.concatenate((scene.speakers[name], noise))
    make_report(scene.run(), tmp_path)
    assert (tmp_path / "report.html").stat().st_size < 5_000_000
    sounds = [li for li in Page((tmp_path / "report.html").read_text()).links if "audio" in li]
    assert sounds and all(link.startswith("data:audio/mpeg") for link in sounds)


def test_what_does_not_fit_the_page_is_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressel.report.page.SOUND_AT_MOST_BYTES", 3_000)
    make_report(small_run(("ann", "ben")), tmp_path)
    links = Page((tmp_path / "report.html").read_text()).links
    assert "heard-ben.wav" in links and SOUND_AT_MOST_BYTES == 4_000_000


def test_names_of_files_are_safe_and_differ() -> None:
    assert file_names(["Bär", "../etc", "a b", "A-B", "a.b", "", "//", "x" * 99]) == [
        "B-r",
        "etc",
        "a-b",
        "A-B-2",
        "a-b-3",
        "badge",
        "badge-2",
        "x" * 40,
    ]


def test_an_empty_run_still_gives_a_report(tmp_path: Path) -> None:
    for run in (Scene(()).run(), Scene(length_ms=0).run()):
        assert not make_report(run, tmp_path).verdict.passed
        assert "Failed: 1 thing went wrong" in (tmp_path / "report.html").read_text()


def test_a_failure_half_way_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_report(small_run(("ann", "ben")), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def broken(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(make_module, "render_page", broken)
    with pytest.raises(PresselError, match="No space left on device; choose a folder"):
        make_report(small_run(("ann", "dan")), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PresselError, match="cannot write the report"):
        make_report(small_run(("ann", "ben")), tmp_path / "file" / "report")
