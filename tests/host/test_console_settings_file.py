"""The console's page with all settings as a file: what it asks of the host, and what of a file with
mistakes it gives back."""

from __future__ import annotations

import html
import re

import pytest
from tests.host.console_stage import PASSWORD, SCRIPT, Stage, stage

from pressel.console.guard import BODY_BYTES_MAX
from pressel.errors import PresselError
from pressel.schema.settings import settings as setting_rows
from pressel.schema.settings_file import load_text, render
from ptt.cluster.settings_body import BADGE_VALUES_MAX

__all__ = ["PASSWORD", "stage"]

PAGE = "/settings/file"


def written(text: str) -> str:
    """What stands in the field."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)
    assert found is not None
    return html.unescape(found.group(1))


def test_what_is_shown_is_what_export_writes_and_put_back_changes_nothing(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = written(browser.open(PAGE)[1])
    assert browser.open("/settings/export") == (200, text)
    values, base, mistakes = load_text(text)
    assert base == 3 and not mistakes and values["floor.talk_ms@3"] == 5000
    assert set(setting_rows()) == {key for key in values if "@" not in key}
    for what in ("check", "put"):
        status, page = browser.post(PAGE, what=what, text=text)
        assert status == 200 and "all of it is so already" in page
    assert stage.host.asked == []


def test_a_file_is_checked_and_put_in_force(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = written(browser.open(PAGE)[1]).replace("talk_ms = 60000", 'talk_ms = "90s"')
    text = text.replace("talk_ms = 5000", 'talk_ms = "venue"')
    status, page = browser.post(PAGE, what="check", text=text.replace("\n", "\r\n"), why="late")
    assert status == 200 and written(page) == text and 'value="late"' in page
    assert "floor.talk_ms: 60000 ms -&gt; 90000 ms" in page
    assert "floor.talk_ms in group 3: 5000 ms -&gt; as the venue" in page
    assert "told at once to 1 badge (&lt;script&gt;" in page and SCRIPT not in page
    assert stage.host.asked == []
    assert browser.post(PAGE, what="put", text=text, why="late")[0] == 303
    asked = {"values": {"floor.talk_ms": 90000, "floor.talk_ms@3": None}, "base": 3, "why": "late"}
    assert stage.host.asked == [("settings set", {**asked, "for": "manage"})]
    old = "base = 2\n[floor]\nqueue_places = 7\n"
    status, page = browser.post(PAGE, what="check", text=old)
    assert status == 400 and "they are of version 3, not 2 any more" in page
    browser.post(PAGE, what="put", text=old)
    assert stage.host.asked[-1][1]["base"] == 2  # the host says that it is an old one


@pytest.mark.parametrize("what", ["check", "put"])
def test_mistakes_are_told_with_their_place_and_nothing_typed_is_lost(
    stage: Stage, what: str
) -> None:
    browser = stage.browser("manage")
    for text, said in (
        ("[floor]\ntalk_ms = 5\n", "line 2, column 1: floor.talk_ms:"),
        ("[flor]\ntalk_ms = 5000\n", "there is no such setting"),
        ("[floor\n", "line 1, column "),
        ("", "has no setting"),
        ("[at.200.floor]\ntalk_ms = 5000\n", "no talk group"),
        (f"# {SCRIPT}\nx = 1\n", "line 2, column 1: x:"),
    ):
        status, page = browser.post(PAGE, what=what, text=text)
        assert status == 400 and said in page and written(page) == text and SCRIPT not in page
    assert stage.host.asked == []


def test_what_the_host_refuses_is_told_and_nothing_typed_is_lost(stage: Stage) -> None:
    def refuse(verb: str, fields: dict) -> None:
        raise PresselError("they have version 4 by now")

    stage.host.refuse = refuse
    browser = stage.browser("manage")
    text = "[floor]\nqueue_places = 7\n"
    for what in ("check", "put"):
        status, page = browser.post(PAGE, what=what, text=text)
        assert status == 400 and "they have version 4 by now" in page and written(page) == text
    assert browser.post(PAGE, what="back", version="2", base="3")[0] == 400


def test_versions_are_compared_and_put_back(stage: Stage) -> None:
    browser = stage.browser("manage")
    page = browser.open(PAGE)[1]
    assert "floor.talk_ms in group 3: as the venue -&gt; 5000 ms" in page  # not at its default
    assert "back in force" not in page
    page = browser.open(f"{PAGE}?with=2")[1]
    assert "floor.talk_ms in group 3: as the venue -&gt; 5000 ms" in page
    assert "Put version 2 back in force" in page
    assert "at.3" not in browser.open("/settings/export?version=2")[1]
    assert browser.post(PAGE, what="back", version="2", base="3")[0] == 303
    asked = {"values": {"floor.talk_ms@3": None}, "base": 3, "why": "back to version 2"}
    assert stage.host.asked == [("settings set", {**asked, "for": "manage"})]
    for wrong in ("9", "x", "-1", "1" * 5000, "%C2%B2"):
        assert browser.open(f"{PAGE}?with={wrong}")[0] == 404, wrong
        assert browser.open(f"/settings/export?version={wrong}")[0] == 404, wrong
    for form in ({"what": "back"}, {"what": "put"}, {"what": "back", "version": "x"}, {}):
        assert browser.post(PAGE, **form)[0] == 400


def test_who_may_only_see_changes_nothing(stage: Stage) -> None:
    browser = stage.browser("see")
    status, page = browser.open(f"{PAGE}?with=2")
    assert status == 200 and "queue_places = 128" in page and PAGE + '" method' not in page
    assert "textarea" not in page and "back in force" not in page
    assert browser.open("/settings/export")[0] == 200
    assert browser.post(PAGE, what="put", text="[floor]\nqueue_places = 7\n")[0] == 403
    assert stage.host.asked == []


def test_the_largest_file_is_no_larger_than_a_form_may_be(stage: Stage) -> None:
    """Groups and badges have all that they can have of their own."""
    values = {name: row.max for name, row in setting_rows().items()}
    for name, row in setting_rows().items():
        if row.of_groups:
            values |= {f"{name}@{group}": row.max for group in range(112, 128)}
    values |= {f"audio.playout_delay_ms@{device:016x}": 400 for device in range(BADGE_VALUES_MAX)}
    text = render(values, 3)
    assert len(text) > BODY_BYTES_MAX / 2
    status, page = stage.browser("manage").post(PAGE, what="check", text=text.replace("\n", "\r\n"))
    assert status == 200 and "It would change" in page
