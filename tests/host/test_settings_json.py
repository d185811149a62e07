"""The settings as JSON Schema: it accepts and refuses what `pressel settings import` does."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from tests.host.json_schema import accepts
from tests.host.test_settings_file import MISTAKES

from pressel import cli
from pressel.errors import UsageError
from pressel.schema.settings import settings, short
from pressel.schema.settings_file import load_file, render
from pressel.schema.settings_json import json_schema

DEFAULTS = {name: row.default for name, row in settings().items()}


def told(text: str) -> bool:
    return accepts(json_schema(), tomllib.loads(text))


def test_the_defaults_are_accepted() -> None:
    assert told(render(DEFAULTS, 7))


@pytest.mark.parametrize(
    ("line", "is_good"),
    [
        ("[at.0123456789abcdef.audio]\nplayout_delay_ms = 90", True),
        ("[at.0123456789abcdef.audio]\ngain = 'venue'", True),
        ("[at.0123456789abcdef.floor]\ntalk_ms = 9000", False),
        ("[at.3.audio]\ngain = 'off'", False),
        ("[at.0123456789ABCDEF.audio]\ngain = 'off'", False),
        ("[at.esp32-devkit.audio]\nplayout_delay_ms = 90", True),
        ("[at.0a-b.audio]\ngain = 'venue'", True),
        ("[at.esp32-devkit.floor]\ntalk_ms = 9000", False),
        ("[at.-c3.audio]\ngain = 'off'", False),
        ("[at.c_3.audio]\ngain = 'off'", False),
        ("[at.0000.audio]\ngain = 'off'", False),
        (f"[at.c{24 * '3'}.audio]\ngain = 'off'", False),
    ],
)
def test_a_badge_or_a_board_has_what_it_can_have(tmp_path: Path, line: str, is_good: bool) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line, "utf-8")
    assert told(line) == is_good
    if is_good:
        load_file(file)
    else:
        with pytest.raises(UsageError, match=":2:1: at"):
            load_file(file)


def test_every_value_at_the_ends_of_its_range_is_accepted_and_none_beyond(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    for name, row in settings().items():
        section = name.partition(".")[0]
        for value in (row.min - 1, row.min, row.max, row.max + 1):
            written = value if not row.words else json.dumps(row.in_words(value))
            file.write_text(f"[{section}]\n{short(name)} = {written}\n", "utf-8")
            try:
                load_file(file)
                is_good = True
            except UsageError:
                is_good = False
            assert is_good == (row.min <= value <= row.max)
            assert told(file.read_text("utf-8")) == is_good, (name, value)


# Text with a unit is a form only: how long it is, is the check's.
FORMS = [
    '[floor]\ntalk_ms = "90s"\n',
    '[floor]\ntalk_ms = " 2 min "\n',
    '[floor]\ntalk_ms = "90"\n',
]


OF_GROUPS = [
    "[at.3.floor]\ntalk_ms = 5000\n",
    '[at.127.floor]\ntalk_ms = "venue"\npreemption = "off"\n',
    '[at.3.floor]\npreemption = "venue"\n',
]


@pytest.mark.parametrize("text", FORMS)
def test_a_value_may_have_a_unit(text: str) -> None:
    assert told(text)


@pytest.mark.parametrize("text", OF_GROUPS)
def test_what_a_group_has_is_accepted_and_read(tmp_path: Path, text: str) -> None:
    assert told(text)
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    assert load_file(file)[0]


@pytest.mark.parametrize("text", [text for text in MISTAKES if text != "[floor\n"])
def test_each_kind_of_mistake_is_refused(text: str) -> None:
    assert not told(text)


@pytest.mark.parametrize(
    "text", ["[floor]\n", "base = 3\n", "base = true\n[floor]\ntalk_ms = 5000\n"]
)
def test_a_file_says_something(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError):
        load_file(file)
    assert not told(text)


def test_an_empty_section_beside_another_is_no_mistake() -> None:
    assert told("[audio]\n[floor]\ntalk_ms = 5000\n")


def test_the_command_prints_it_with_what_each_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["settings", "schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json_schema()
    talk = printed["properties"]["floor"]["properties"]["talk_ms"]
    assert "longest burst" in talk["description"] and talk["default"] == 60_000
