"""Every mistake in a file of shared/schema is told with its file, its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.schema import events, messages, metrics, settings
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
        'since = 2, default = 0, text = "newest known',
        'since = 2, text = "newest known',
        'text = "newest known',
        ["WELCOME.lease", "has a default"],
    ),
    "not appended": (
        'min = 1, text = "goes into every',
        'min = 1, since = 3, default = 1, text = "goes into every',
        'name = "term", type = "u32", text = "the leader',
        ["WELCOME.term", "append"],
    ),
    "newer than the table": ("since = 5\n", "since = 15\n", "since = 15", ["newer than version"]),
    "a host's among others": (
        'from = "participant"',
        'from = "host"',
        'from = "host"',
        ["stands under host_message"],
    ),
}

SETTINGS = {
    "a value that is no number": ("min = 20", 'min = "20"', "min =", ["must be a whole", "20"]),
    "a fraction": ("min = 20", "min = 20.5", "min =", ["min: must be a whole number, not 20.5"]),
    "a default out of range": ("default = 60\n", "default = 600\n", "default = 600", ["20 to 400"]),
    "a range upside down": ("min = 20\n", "min = 500\n", "min = 500", ["above max 400; swap"]),
    "too large for its type": ("max = 400", "max = 70000", "max = 70000", ["u16", "65535"]),
    "a number twice": ("number = 2", "number = 1", "number = 1", ["1 is that of audio.playout"]),
    "one word for two values": (
        'words = ["off", "on", "automatic"]', 'words = ["off", "on", "on"]', "words =",
        ["name each differently"],
    ),
    "apart for groups": (
        'scope = "venue"\nchanged_by = "operator"\nbadge = "apart"',
        'scope = "group"\nchanged_by = "operator"\nbadge = "apart"',
        "scope =", ["one value for all badges"],
    ),
    "two apart": (
        'badge = "none"', 'badge = "apart"', "badge =", ["radio.access_points is"],
    ),
    "words for other values": (
        'max = 1\nwords = ["off", "on"]', 'max = 2\nwords = ["off", "on"]', "words =",
        ["they name 0 to 1", "0 to 2"],
    ),
    "a name without its unit": ('unit = "ms"', 'unit = "s"', 'unit = "s"', ["must end in it"]),
    "no reason": (
        'reason = "a stuck',
        '# "a stuck',
        "[floor.talk_ms]",
        ["floor.talk_ms.reason: is missing; add the key"],
    ),
    "an empty reason": ('reason = "a stuck button must not silence a venue"', 'reason = ""',
                        'reason = ""', ["at least 1 character"]),
    "an unknown key": ("scope =", "scopes =", "scopes =", ["did you mean 'scope'"]),
    "half a feature": ("on = 257\n", "", "off = 0", ["a feature has two values"]),
    "a feature that is off": ("on = 257\n", "on = 0\n", "off = 0", ["a feature has two values"]),
    "a feature beyond": ("on = 257\n", "on = 70000\n", "on = 70000", ["outside of 0 to 65535"]),
    "an unknown scope": (
        'scope = "venue"', 'scope = "house"', "house",
        ["'venue', 'group', 'board or badge' or 'group, board or badge'"],
    ),
    "a badge's own, which badges do not obey": (
        'scope = "venue"\nchanged_by = "operator"\nbadge = "none"',
        'scope = "board or badge"\nchanged_by = "operator"\nbadge = "none"',
        "scope =", ["only of what badges obey"],
    ),
    "a gap in the numbers": ("number = 16\n", "number = 17\n", "number = 17", ["must be 16"]),
    "not appended": ("since = 0\n", "since = 3\n", "since = 0", ["append new ones"]),
    "one name in two sections": (
        "[audio.playout_delay_ms]", "[audio.talk_ms]", "[audio.talk_ms]", ["another section"],
    ),
    "an odd name": ("[floor.talk_ms]", "[floor.Talk_ms]", "[floor.Talk_ms]", ["is not right"]),
}  # fmt: skip

EVENTS = {
    "a gap in the numbers": ("number = 7\n", "number = 70\n", "number = 70", ["must be 7"]),
    "an unknown place": ("{position}", "{positon}", "positon", ["did you mean 'position'"]),
    "an unknown kind": ('"nack"', '"nick"', '"nick"', ["unknown kind 'nick'", "mean 'nack'"]),
    "a number of a process": ('[host.stopped]\n', '[host.stopped]\nnumber = 1\n',
                              "[host.stopped]", ["remove number"]),
    "a name twice": ("[host.stopped]", "[host.joined]", "[host.joined]", ["another section"]),
    "no sentence": ('text = "talk now"', "", "[engine.granted]", ["text: is missing"]),
    "words of an enum": ("[words.ended]", "[words.nack]", "[words.nack]", ["take another"]),
}  # fmt: skip

METRICS = {
    "a counter without _total": ("[pressel_elections_won_total]", "[pressel_elections_won]",
                                 'type = "counter"', ["ends in _total"]),
    "milliseconds": ("[pressel_uptime_seconds]", "[pressel_uptime_ms]", 'unit = "seconds"',
                     ["must end in it: pressel_uptime_ms_seconds"]),
    "an unnamed unit": ('unit = "seconds"\nhelp = "How long the', 'help = "How long the',
                        "[pressel_uptime_seconds]", ['add: unit = "seconds"']),
    "an odd name": ("[pressel_members]", "[members]", "[members]", ["is not right"]),
    "no sentence": ('help = "The term in which this host leads."', 'help = "the term"',
                    "the term", ["is not right"]),
    "an unknown source": ('"status.term"', '"badge.term"', "badge.term", ["is not right"]),
    "a histogram without buckets": ("buckets = [1, 2, 5, 10, 20, 30, 60]", "",
                                    "[pressel_burst_duration_seconds]", ["a histogram has them"]),
    "buckets in disorder": ("[1, 2, 5, 10, 20, 30, 60]", "[2, 1]", "buckets = [2, 1]",
                            ["above the one before"]),
    "a gauge of bursts": ('"status.term"', '"bursts.term"', "type", ["only adds up"]),
    "a value of no entry": ('labels = ["group"]\n', "", 'value = "taken"', ["Add labels"]),
}  # fmt: skip

TABLES = {
    "messages": (messages.table_path, messages.load_table, MESSAGES),
    "settings": (settings.settings_path, settings.load_settings, SETTINGS),
    "events": (events.events_path, events.load_events, EVENTS),
    "metrics": (metrics.metrics_path, metrics.load_metrics, METRICS),
}
ALL = [(table, mistake) for table, (_, _, mistakes) in TABLES.items() for mistake in mistakes]


def told(text: str, old: str, new: str, folder: Path, load) -> tuple[Path, list[str], list[str]]:
    """The file with the mistake, its lines, and the lines of the error."""
    assert old in text
    spoiled = text.replace(old, new, 1)
    file = folder / "table.toml"
    file.write_text(spoiled, "utf-8")
    with pytest.raises(UsageError) as error:
        load(file)
    return file, spoiled.splitlines(), str(error.value).splitlines()


@pytest.mark.parametrize(("table", "mistake"), ALL)
def test_a_mistake_is_told(table: str, mistake: str, tmp_path: Path) -> None:
    path, load, mistakes = TABLES[table]
    old, new, line, words = mistakes[mistake]
    check_told(told(path().read_text("utf-8"), old, new, tmp_path, load), line, words)


def check_told(found: tuple[Path, list[str], list[str]], line: str, words: list[str]) -> None:
    """One of the errors is at that line and says that; what follows from a mistake is told, too."""
    file, lines, errors = found
    assert len(errors) <= 2, errors
    for error in errors:
        name, number, column, said = error.removeprefix(str(file)).split(":", 3)
        assert name == "" and int(column) >= 1
        if line in lines[int(number) - 1] and all(word in said for word in words):
            return
    raise AssertionError(errors)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = messages.table_path().read_text("utf-8")
    file = tmp_path / "table.toml"
    version = f'"{messages.load_table().version}"'
    file.write_text(text.replace('"u8"', '"u9"').replace(version, '"two"'), "utf-8")
    with pytest.raises(UsageError) as error:
        messages.load_table(file)
    assert len(str(error.value).splitlines()) == 1 + text.count('"u8"')


def test_lines_of_arrays() -> None:
    lines = Lines("[[row]]\na = 1\n[[row]]\na = 2\nb = [\n  { c = 1 },\n  { c = 2 },\n]\n")
    assert lines.of(("row", 0, "a")) == (2, 1)
    assert lines.of(("row", 1, "a")) == (4, 1)
    assert lines.of(("row", 1, "b", 1, "c")) == (7, 5)
