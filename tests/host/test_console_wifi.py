"""The console's form for the badges' Wi-Fi: what it asks of the host, and what no page shows."""

from __future__ import annotations

import pytest
from tests.host.console_stage import Stage, stage

from pressel.flash.usable_settings import checked_wifi

__all__ = ["stage"]

GIVEN = {"base": "3", "network": "venue 2", "password": "correct horse"}


def test_a_network_reaches_a_few_badges_first_unless_nobody_wants_that(stage: Stage) -> None:
    browser = stage.browser("manage")
    text = browser.open("/settings")[1]
    assert 'type="password" name="password"' in text and "As flashed" in text
    assert 'name="staged" value="yes" checked' in text
    assert 'name="name" value="wifi.network"' not in text  # nobody types a number
    asked = {"values": {}, "network": ["venue 2", "correct horse"], "base": 3, "for": "manage"}
    for given, verb, why in (
        ({**GIVEN, "staged": "yes", "why": "new"}, "rollout start", "new"),
        (GIVEN, "settings set", ""),
    ):
        assert browser.post("/settings/wifi", **given)[0] == 303
        assert stage.host.asked[-1] == (verb, {**asked, "why": why})
    open_one = {"base": "3", "network": "guests", "password": "", "open": "yes"}
    assert browser.post("/settings/wifi", **open_one)[0] == 303
    assert stage.host.asked[-1][1]["network"] == ["guests", ""]


def test_the_way_back_is_a_button_once_there_is_one(stage: Stage) -> None:
    browser = stage.browser("manage")
    assert "Back to the network" not in browser.open("/settings")[1]
    stage.host.values = {"wifi.network": 4711}
    text = browser.open("/settings")[1]
    assert "Back to the network" in text and "4711" not in text
    assert browser.post("/settings/wifi", base="3", what="as flashed", staged="yes")[0] == 303
    verb, fields = stage.host.asked[-1]
    assert verb == "rollout start" and fields["values"] == {"wifi.network": 0}
    assert "network" not in fields
    text = stage.browser("see").open("/settings")[1]
    assert "A network that was set here" in text and "/settings/wifi" not in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password": ""}, "it has none"),
        ({"open": "yes"}, "leave one of the two out"),
        ({"base": "x"}, "not whole"),
        ({"base": ""}, "not whole"),
    ],
)
def test_a_form_that_says_two_things_asks_nothing(
    stage: Stage, changed: dict[str, str], said: str
) -> None:
    browser = stage.browser("manage")
    status, text = browser.post("/settings/wifi", **{**GIVEN, **changed})
    assert status == 400 and said in text and "correct horse" not in text
    assert stage.host.asked == []
    assert browser.post("/settings/wifi", base="3", password="correct horse")[0] == 400


def test_what_the_host_refuses_shows_no_password(stage: Stage) -> None:
    def refuse(verb: str, fields: dict) -> None:
        checked_wifi(*fields["network"])

    stage.host.refuse = refuse
    browser = stage.browser("manage")
    status, text = browser.post("/settings/wifi", **{**GIVEN, "password": "schlüssel\u2028x"})
    assert status == 400 and "cannot have that password" in text and "schl" not in text
    assert browser.post("/settings/wifi", **GIVEN)[0] == 303
    for page in ("/settings", "/changes", "/history", "/audit"):
        assert "correct horse" not in browser.open(page)[1]
