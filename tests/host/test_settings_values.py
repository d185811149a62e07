"""What a person may type for a setting's value, and for its name."""

from __future__ import annotations

import pytest
from tests.host.settings_stage import TALK

from pressel.errors import UsageError
from pressel.schema.settings import load_settings, parse_value
from pressel.schema.settings import settings as all_settings


@pytest.mark.parametrize(
    ("text", "value"),
    [("90000", 90_000), (" 90000 ms ", 90_000), ("90s", 90_000), ("2min", 120_000)],
)
def test_values_may_have_a_unit(text: str, value: int) -> None:
    assert parse_value(TALK, all_settings()[TALK], text) == value


@pytest.mark.parametrize("text", ["", "ninety", "90.5s", "1h", "0x10", "90 s s", "-5", "999"])
def test_what_is_no_value_is_told(text: str) -> None:
    with pytest.raises(UsageError, match=TALK):
        parse_value(TALK, all_settings()[TALK], text)


def test_a_setting_is_found_by_its_name_alone() -> None:
    assert load_settings().find("talk_ms")[0] == TALK
    with pytest.raises(UsageError, match=r"did you mean 'floor\.talk_ms'"):
        load_settings().find("floor.talk")
