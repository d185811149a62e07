"""The console's pages of settings, of changes in stages, and of updates."""

from __future__ import annotations

import html
import re

import pytest
from tests.host.console_stage import (
    DEVICE,
    SCRIPT,
    Stage,
    rolled_out,
    stage,
)

from pressel.schema.settings import settings as setting_rows

__all__ = ["stage"]


@pytest.mark.parametrize(
    ("state", "stage_name", "places", "acts"),
    [
        ("running", "canary", ["now", "to-come", "to-come", "to-come"], ["pause", "abort"]),
        ("paused", "10 %", ["done", "now", "to-come", "to-come"], ["go", "abort"]),
        ("taken back", "50 %", ["done", "done", "taken-back", "to-come"], []),
        ("running", "all", ["done", "done", "done", "now"], ["pause", "abort"]),
        ("done", "all", ["done"] * 4, []),
    ],
)
def test_a_change_shows_how_far_it_is_and_what_may_be_done(
    stage: Stage, state: str, stage_name: str, places: list[str], acts: list[str]
) -> None:
    stage.host.rollout = rolled_out(state, stage_name, "2 of 2 badges refuse it")
    for role in ("see", "manage"):
        text = stage.browser(role).open("/changes")[1]
        assert re.findall(r'<li class="([a-z-]+)"', text) == places
        assert "audio.x 1 to 2" in text and "2 of 2 badges refuse it." in text
        said = [each for each in ("go", "pause", "abort") if f'value="{each}"' in text]
        assert sorted(said) == (sorted(acts) if role == "manage" else [])


def test_what_is_done_about_a_change_and_an_update(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/changes")[1]
    assert "1 failed, 1 fetching" in text and "its flash is full" in text
    assert re.findall(r'<option value="(\w+)"', text) == ["half", "all"]  # pilot is under way
    row = {"name": "media.x", "value": "80", "base": "3"}
    for path, fields, asked in (
        ("/settings", {**row, "staged": "yes"}, "rollout start"),
        ("/changes", {"what": "pause"}, "rollout pause"),
        ("/changes", {"what": "go"}, "rollout go"),
        ("/changes", {"what": "update", "release": "4", "stage": "half"}, "update start"),
        ("/changes", {"what": "update", "release": "4", "stage": "staged"}, "update stages"),
        ("/changes", {"what": "hold update"}, "update pause"),
        ("/changes", {"what": "forget update"}, "update cancel"),
    ):
        assert browser.post(path, **fields)[0] == 303
        assert stage.host.asked[-1][0] == asked and stage.host.asked[-1][1]["for"] == "manage"
    count = len(stage.host.asked)
    for wrong in ({"what": "x"}, {"what": "update", "release": "4", "stage": "some"}, {}):
        assert browser.post("/changes", **wrong)[0] == 400
    assert len(stage.host.asked) == count


def test_a_setting_that_people_say_in_words_is_chosen_in_words(stage: Stage) -> None:
    text = stage.browser("manage").open("/settings")[1]
    for name, row in setting_rows().items():
        (form,) = re.findall(rf'name="name" value="{name}">.*?</form>', text, re.S)[:1] or [""]
        chosen = [f">{word}</option>" in form for word in row.words]
        assert all(chosen) and ('type="number" name="value"' in form) != bool(
            row.words or row.badge == "apart"
        ), name
    assert f'value="{setting_rows()["audio.codec"].default}" selected>auto</option>' in text


@pytest.mark.parametrize(
    ("at", "paused", "parts"),
    [
        ("", "", ["staged", "pilot", "half", "all"]),
        ("pilot", "", ["half", "all"]),
        ("canary", "", []),
        ("10 %", "", []),
        ("10 %", "taken back: x", ["staged", "pilot", "half", "all"]),
        ("all", "", []),
    ],
)
def test_an_update_that_goes_in_stages_is_widened_by_nobody(
    stage: Stage, at: str, paused: str, parts: list[str]
) -> None:
    stage.host.update = {"stage": at, "paused": paused}
    status, text = stage.browser("manage").open("/changes")
    assert status == 200 and re.findall(r'<option value="([a-z]+)"', text) == parts


def test_settings_that_a_host_has_mended_are_told(stage: Stage) -> None:
    browser, words = stage.browser("see"), "found other settings on its disk"
    assert words not in browser.open("/settings")[1]
    stage.host.mended = [{"host": "bar", "time_s": 0, "why": f"{SCRIPT} was gone"}]
    text = browser.open("/settings")[1]
    assert words in text and "bar has written the settings to its disk again" in text
    assert SCRIPT not in text
    for odd in ([{"host": "bar"}], [5]):  # of a version to come: the page is there all the same
        stage.host.mended = odd
        status, text = browser.open("/settings")
        assert status == 200 and words not in text
    stage.host.lacks = {"settings status"}
    assert browser.open("/settings")[0] == 200


def test_a_leader_of_a_former_version_lacks_settings_and_pages_and_is_named(stage: Stage) -> None:
    stage.host.lacks = {"settings history", "recordings list", "audio.codec"}
    browser = stage.browser("manage")
    for page in ("/history", "/recordings"):
        status, text = browser.open(page)
        assert status == 502 and "runs another version" in text
    status, text = browser.open("/settings")
    assert status == 200 and "does not know" in text and "Update it." in text
    assert 'value="audio.codec"' not in text and 'value="floor.talk_ms"' in text
    stage.host.lacks = set()
    assert "Update it." not in browser.open("/settings")[1]


def test_a_group_gets_a_value_of_its_own_and_loses_it(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    of_groups = [row for row in setting_rows().values() if row.of_groups]
    assert "In talk group 3 <b>5000 ms</b>" in text
    assert text.count('name="at" min="1"') == len(of_groups)
    assert 'value="venue"' not in stage.browser("see").open("/settings")[1]
    row = {"name": "floor.talk_ms", "base": "3"}
    for given, asked in (
        ({"value": "7000", "at": "4"}, {"floor.talk_ms@4": 7000}),
        ({"value": "7000", "at": ""}, {"floor.talk_ms": 7000}),
        ({"value": "venue", "at": "3"}, {"floor.talk_ms@3": None}),
        ({"value": "7000", "at": "", "badge": ""}, {"floor.talk_ms": 7000}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    text = browser.open("/history")[1]
    assert (
        ">Version 3</a>, by ann: rush<br>floor.talk_ms in group 3: as the venue -&gt; 5000 ms"
        in text
    )


def test_a_badge_gets_a_value_of_its_own_and_loses_it(stage: Stage) -> None:
    delay = "audio.playout_delay_ms"
    stage.host.values = {f"{delay}@{DEVICE}": 90}
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    of_badges = [row for row in setting_rows().values() if row.of_badges]
    assert text.count('<select name="badge">') == len(of_badges)
    assert f"At badge {html.escape(SCRIPT)} <b>90 ms</b>" in text and SCRIPT not in text
    assert 'name="badge"' not in stage.browser("see").open("/settings")[1]
    row = {"name": delay, "base": "3"}
    for given, asked in (
        ({"value": "80", "at": "", "badge": DEVICE}, {f"{delay}@{DEVICE}": 80}),
        ({"value": "venue", "badge": DEVICE}, {f"{delay}@{DEVICE}": None}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    count = len(stage.host.asked)
    status, text = browser.post("/settings", **row, value="80", at="3", badge=DEVICE)
    assert status == 400 and "one of them" in text and len(stage.host.asked) == count


def test_a_board_gets_a_value_of_its_own_and_loses_it_and_a_badge_its_board(stage: Stage) -> None:
    delay, gain = "audio.playout_delay_ms", "audio.gain"
    stage.host.values = {f"{delay}@c3": 90, f"{gain}@{DEVICE}": 0}
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    assert "On board c3 <b>90 ms</b>" in text and "<option>esp32-devkit</option>" in text
    assert "<button>As the venue</button>" in text and "<button>As its board</button>" in text
    row = {"name": delay, "base": "3"}
    for given, asked in (
        ({"value": "80", "at": "", "badge": "", "board": "c3"}, {f"{delay}@c3": 80}),
        ({"value": "venue", "board": "c3"}, {f"{delay}@c3": None}),
    ):
        assert browser.post("/settings", **row, **given)[0] == 303
        assert stage.host.asked[-1][1]["values"] == asked
    count = len(stage.host.asked)
    assert browser.post("/settings", **row, value="80", board="c3", badge=DEVICE)[0] == 400
    assert len(stage.host.asked) == count
    page = f"/badges/{DEVICE}"
    assert "<dd>c3</dd>" in browser.open(page)[1]
    assert browser.post(page, what="board", board="esp32-devkit")[0] == 303
    assert stage.host.asked[-1] == (
        "device board", {"id": DEVICE, "board": "esp32-devkit", "for": "manage"},
    )  # fmt: skip
    assert stage.browser("talk").post(page, what="board", board="c3")[0] == 403
