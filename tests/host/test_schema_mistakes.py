"""Every mistake in a file of shared/schema is told with its file, its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.schema import messages
from pressel.schema.lines import Lines

# What is replaced, by what; then the text of the line that is told, and words of what is said.
MESSAGES = {
    "broken TOML": ("[enums.denial]", "[enums.denial", "[enums.denial", ["is no TOML"]),
    "a number twice": ("number = 2\n", "number = 1\n", "number = 1", ["1 is taken", "WELCOME"]),
    "an unknown enum": ('enum = "lane"', 'enum = "lame"', 'enum = "lame"', ["no enum lame"]),
    "an unknown type": (
        'name = "nonce", type = "u32"',
        'name = "nonce", type = "u33"',
        'type = "u33"',
        ["'u8', 'u16'", "not 'u33'"],
    ),
    "an unknown key": ("tail =", "tale =", "tale =", ["no such key", "did you mean 'tail'"]),
    "a field without a text": (
        ', text = "device identity, as provisioned"',
        "",
        'name = "device", type = "raw8" }',
        ["message.fields.text: is missing"],
    ),
    "no default": (
        'since = 2, default = 0, text = "newest that',
        'since = 2, text = "newest that',
        'text = "newest that',
        ["WELCOME.lease", "has a default"],
    ),
    "not appended": (
        'min = 1, text = "goes into every',
        'min = 1, since = 3, default = 1, text = "goes into every',
        'name = "term", type = "u32", text = "the leader',
        ["WELCOME.term", "append"],
    ),
    "newer than the table": ("since = 5\n", "since = 9\n", "since = 9", ["newer than version"]),
    "a host's among others": (
        'from = "participant"',
        'from = "host"',
        'from = "host"',
        ["stands under host_message"],
    ),
}


def told(text: str, old: str, new: str, folder: Path, load) -> tuple[Path, list[str], list[str]]:
    """The file with the mistake, its lines, and the lines of the error."""
    assert old in text
    spoiled = text.replace(old, new, 1)
    file = folder / "table.toml"
    file.write_text(spoiled, "utf-8")
    with pytest.raises(UsageError) as error:
        load(file)
    return file, spoiled.splitlines(), str(error.value).splitlines()


@pytest.mark.parametrize("mistake", MESSAGES)
def test_a_mistake_in_the_message_table_is_told(mistake: str, tmp_path: Path) -> None:
    old, new, line, words = MESSAGES[mistake]
    text = messages.table_path().read_text("utf-8")
    check_told(told(text, old, new, tmp_path, messages.load_table), line, words)


def check_told(found: tuple[Path, list[str], list[str]], line: str, words: list[str]) -> None:
    file, lines, errors = found
    assert len(errors) == 1, errors
    name, number, said = errors[0].removeprefix(str(file)).split(":", 2)
    assert name == "" and line in lines[int(number) - 1], errors
    assert all(word in said for word in words), said


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = messages.table_path().read_text("utf-8")
    file = tmp_path / "table.toml"
    file.write_text(text.replace('"u8"', '"u9"').replace('"2.5"', '"two"'), "utf-8")
    with pytest.raises(UsageError) as error:
        messages.load_table(file)
    assert len(str(error.value).splitlines()) == 1 + text.count('"u8"')


def test_lines_of_arrays() -> None:
    lines = Lines("[[row]]\na = 1\n[[row]]\na = 2\nb = [\n  { c = 1 },\n  { c = 2 },\n]\n")
    assert lines.of(("row", 0, "a")) == 2
    assert lines.of(("row", 1, "a")) == 4
    assert lines.of(("row", 1, "b", 1, "c")) == 7
