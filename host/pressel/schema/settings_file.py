"""A file of settings, which people edit: written with what each value means, read with a place for
each mistake.

It does not know which values are in force.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from ptt.base.numbers import GROUPS_MAX
from ptt.cluster.settings_body import BADGE_VALUES_MAX, BOARD_VALUES_MAX

from .check import did_you_mean, parsed, read
from .finding import START, Finding
from .lines import Lines
from .setting_values import AS_THE_VENUE, is_board, is_known, ordered, split_key
from .settings import SettingRow, check_value, parse_value, settings, short

_THIS = "this setting"  # its name stands before the sentence
BASE = "base"  # the version that the values were taken from
# What groups, badges and boards have of their own: [at.3.floor], [at.0123456789abcdef.audio],
# [at.esp32-devkit.audio].
AT = "at"


def render(values: Mapping[str, int], version: int) -> str:
    """The text of a file with these `values` by key, of `version`."""
    lines = [
        "# The settings of a venue. `pressel settings check FILE` looks for mistakes, `pressel",
        "# settings import FILE` puts it in force. What is left out stays as it is.",
        "",
        f"{BASE} = {version}  # the version that it was made of; import refuses it when there is a",
        "# newer one by then. Delete this line to import it nevertheless.",
    ]
    by_section: dict[str, list[str]] = {}
    for key in ordered({key: value for key, value in values.items() if is_known(key)}):
        name, whose = split_key(key)
        section = name.partition(".")[0]
        by_section.setdefault(f"{AT}.{whose}.{section}" if whose else section, []).append(key)
    for section in sorted(by_section, key=lambda each: each.startswith(f"{AT}.")):
        lines += ["", f"[{section}]"]
        for key in by_section[section]:
            name, whose = split_key(key)
            lines += _entry(name, settings()[name], values[key], bool(whose))
    return "\n".join([*lines, ""])


def _entry(name: str, row: SettingRow, value: int, is_own: bool) -> list[str]:
    """Two lines: what it means, and its value."""
    written = f'"{row.in_words(value)}"' if row.words else str(value)
    other = f'or "{AS_THE_VENUE}"' if is_own else f"{row.in_words(row.default)} unless set"
    return [f"# {row.text}; {row.range_words()}, {other}", f"{short(name)} = {written}"]


def load_file(file: Path) -> tuple[dict[str, int | None], int | None]:
    """The values in `file` by key, in the order of their numbers, and the version that it is based
    on, None when it does not say. UsageError with line and column of each mistake."""
    text, data, findings = read(file)
    if data is not None:
        values, base, findings = _told(data, text)
        if not findings:
            return values, base
    raise UsageError("\n".join(each.at(file) for each in sorted(findings)))


def load_text(text: str) -> tuple[dict[str, int | None], int | None, list[Finding]]:
    """The same of the text of such a file; with mistakes, nothing but these."""
    data, findings = parsed(text)
    if data is not None:
        values, base, findings = _told(data, text)
        if not findings:
            return values, base, []
    return {}, None, sorted(findings)


def strange_boards(file: Path, known: Collection[str]) -> list[Finding]:
    """Where a file without a mistake names boards that are not among those `known`."""
    text, data, _ = read(file)
    lines = Lines(text)
    found = []
    for each, sections in (data or {}).get(AT, {}).items():
        if not each.isdigit() and is_board(each) and each not in known:
            words = f"no board is called '{each}'{did_you_mean(each, sorted(known))}"
            loc = (AT, each, *list(sections)[:1])
            found.append(Finding(lines.of(loc), f"{AT}.{each}", words, "warning"))
    return sorted(found)


def _told(
    data: dict[str, Any], text: str
) -> tuple[dict[str, int | None], int | None, list[Finding]]:
    values, findings = _checked(data, Lines(text))
    if findings:
        return {}, None, findings
    return {key: values[key] for key in ordered(values)}, data.get(BASE), []


def _checked(data: dict[str, Any], lines: Lines) -> tuple[dict[str, int | None], list[Finding]]:
    values: dict[str, int | None] = {}
    findings: list[Finding] = []
    base = data.get(BASE, 1)
    if not _is_number(base) or base < 1:
        findings.append(Finding(lines.of((BASE,)), BASE, "must be a version: a number from 1"))
    for loc, given in _all_entries(data):
        at_which = loc[1] if loc[0] == AT and len(loc) > 2 else ""
        name = ".".join(loc[2:] if at_which else loc)
        row = settings().get(name)
        if row is None:
            guess = did_you_mean(name, list(settings()))
            words = f"there is no such setting{guess or '; `pressel settings list` shows all'}"
            findings.append(Finding(lines.of(loc), ".".join(loc), words))
            continue
        key = f"{name}@{at_which}" if at_which else name
        try:
            split_key(key)
            is_gone = bool(at_which) and given == AS_THE_VENUE
            values[key] = None if is_gone else _value(row, given)
        except UsageError as error:
            findings.append(Finding(lines.of(loc), ".".join(loc), str(error)))
    findings += _too_many(values, lines)
    if not values and not findings:
        findings.append(Finding(START, "", "has no setting; `pressel settings export` writes all"))
    return values, findings


def _too_many(values: Mapping[str, int | None], lines: Lines) -> Iterator[Finding]:
    """The group that is one more than can have values of their own, and the value of a badge or a
    board that is."""
    first = {}  # of each group, the first value of its own
    badges, boards = [], []  # values of their own; those of boards count among those of badges
    for key, value in values.items():
        name, whose = split_key(key)
        loc = (AT, str(whose), *name.split("."))
        if isinstance(whose, str) and value is not None:
            badges.append(loc)
            boards += [loc] if is_board(whose) else []
        elif whose and value is not None:
            first.setdefault(str(whose), loc)
    for loc in badges[BADGE_VALUES_MAX : BADGE_VALUES_MAX + 1]:
        words = (
            f"is one more than the {BADGE_VALUES_MAX} values that badges and boards can have of "
            "their own"
        )
        yield Finding(lines.of(loc), ".".join(loc), words)
    for loc in boards[BOARD_VALUES_MAX : BOARD_VALUES_MAX + 1]:
        words = f"is one more than the {BOARD_VALUES_MAX} values that boards can have of their own"
        yield Finding(lines.of(loc), ".".join(loc), words)
    for group in list(first)[GROUPS_MAX : GROUPS_MAX + 1]:
        words = f"is one more than the {GROUPS_MAX} groups that can have settings of their own"
        yield Finding(lines.of(first[group]), f"{AT}.{group}", words)


def _all_entries(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Of the venue, and of groups, badges and boards: there, `AT` and whose it is come first."""
    yield from _entries({name: each for name, each in data.items() if name not in (BASE, AT)})
    groups = data.get(AT, {})
    if not isinstance(groups, dict):
        yield (AT,), groups
        return
    for group, sections in groups.items():
        if not isinstance(sections, dict):
            yield (AT, group), sections
            continue
        for loc, value in _entries(sections):
            yield (AT, group, *loc), value


def _entries(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each value with its section and name; what stands elsewhere with where it stands."""
    for section, rows in data.items():
        if not isinstance(rows, dict):
            yield (section,), rows
            continue
        for name, value in rows.items():
            yield (section, name), value


def _value(row: SettingRow, given: Any) -> int:
    """A number in the setting's unit, or text with another one, as "90s"."""
    if isinstance(given, str):
        return parse_value(_THIS, row, given)
    if row.words:
        quoted = (f'"{word}"' for word in row.words)
        raise UsageError(f"must be {' or '.join(quoted)}")
    if not _is_number(given):
        example = row.in_words(row.default)
        raise UsageError(f'must be a whole number, or text such as "{example}"')
    check_value(_THIS, row, given)
    return given


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
