"""Values of settings by key: `floor.talk_ms` is the venue's, `floor.talk_ms@3` what talk group 3
has of its own in its place, `audio.gain@0123456789abcdef` what the badge of that device has, and
`audio.gain@esp32-devkit` what all badges of that board have. It does not know which are in force.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from pressel.errors import UsageError
from ptt.base.numbers import CALL_GROUP_FIRST, GROUPS_MAX
from ptt.cluster.settings_body import BADGE_VALUES_MAX, BOARD_VALUES_MAX
from ptt.cluster.settings_body import is_board as can_be_board

from .settings import SettingRow, check_value, settings

AS_THE_VENUE = "venue"  # in place of a value: the group, or the badge, has none of its own
HASH_DIGITS = 12  # 48 bits: nobody forges it, it finds what went apart
_GROUP = re.compile(r"[1-9][0-9]{0,2}")
_DEVICE = re.compile(r"[0-9a-f]{16}")
# Whose a value is: a talk group's number, a badge's device, a board's name; 0: the venue.
At = int | str

V = TypeVar("V")
Change = Mapping[str, int | None]  # by key; None: as the venue has it


def key_at(name: str, whose: At) -> str:
    """The key of what group, badge or board `whose` has of its own; 0: of the venue's value."""
    return f"{name}@{whose}" if whose else name


def is_device(whose: At) -> bool:
    """Whether it is a badge's."""
    return isinstance(whose, str) and _DEVICE.fullmatch(whose) is not None


def is_board(whose: At) -> bool:
    """Whether it is that of all badges of one board."""
    return isinstance(whose, str) and not is_device(whose) and can_be_board(whose)


def split_key(key: str) -> tuple[str, At]:
    """The setting's full name, and the group, badge or board whose own value it is; 0: the
    venue's. UsageError when this version has no such value."""
    name, has_at, whose = key.partition("@")
    row = settings().get(name)
    if row is None:
        raise UsageError(f"there is no setting '{key}'; `pressel settings list` shows all")
    if not has_at:
        return name, 0
    if not (_GROUP.fullmatch(whose) or is_device(whose) or is_board(whose)):
        raise UsageError(
            f"'{whose}' is no talk group; they go from 1 to {CALL_GROUP_FIRST - 1}. A badge is "
            "named by the 16 digits of its device, a board as in `pressel board list`"
        )
    if row.scope == "venue":
        raise UsageError(
            f"{name} has one value for the whole venue; set it without a group, board or badge"
        )
    if not _GROUP.fullmatch(whose):
        if not row.of_badges:
            kind = "badge" if is_device(whose) else "board"
            raise UsageError(f"no {kind} has a value of {name} of its own: {row.scope_words()}")
        return name, whose
    if not row.of_groups:
        raise UsageError(f"no talk group has a value of {name} of its own: {row.scope_words()}")
    if int(whose) >= CALL_GROUP_FIRST:
        raise UsageError(f"{whose} is no talk group; they go from 1 to {CALL_GROUP_FIRST - 1}")
    return name, int(whose)


def is_known(key: str) -> bool:
    """Whether this version has such a value."""
    try:
        split_key(key)
    except UsageError:
        return False
    return True


def row_of(key: str) -> SettingRow:
    """Of the setting that `key` is a value of."""
    return settings()[split_key(key)[0]]


def own_values(name: str, values: Mapping[str, int]) -> dict[At, int]:
    """By group, device or board, what these have of their own of the setting `name`."""
    keys = [(key, split_key(key)) for key in values if is_known(key)]
    return {whose: values[key] for key, (of, whose) in keys if of == name and whose}


def check_values(values: Change) -> None:
    """UsageError unless each can be."""
    for key, value in values.items():
        if value is not None:
            check_value(in_words(key), row_of(key), value)
        elif not split_key(key)[1]:
            raise UsageError(
                f"{key} has no value; only what a group, board or badge has of its own can go"
            )
    own = [split_key(key)[1] for key, value in values.items() if value is not None]
    if len({whose for whose in own if isinstance(whose, int)} - {0}) > GROUPS_MAX:
        raise UsageError(f"at most {GROUPS_MAX} groups can have settings of their own")
    if sum(isinstance(whose, str) for whose in own) > BADGE_VALUES_MAX:
        raise UsageError(
            f"badges and boards can have {BADGE_VALUES_MAX} values of their own at most"
        )
    if sum(map(is_board, own)) > BOARD_VALUES_MAX:
        raise UsageError(f"boards can have {BOARD_VALUES_MAX} values of their own at most")


def ordered(values: Mapping[str, V]) -> dict[str, V]:
    """Each setting with its groups, boards and badges behind it."""
    rows = settings()

    def place(key: str) -> tuple[int, bool, bool, At]:
        name, whose = split_key(key)
        return rows[name].number, is_device(whose), is_board(whose), whose

    return {key: values[key] for key in sorted(values, key=place)}


def laid_over(values: Mapping[str, int], change: Change) -> dict[str, int]:
    """`values` with `change`."""
    both = {**values, **change}
    return {key: value for key, value in both.items() if value is not None}


def replaced(values: Mapping[str, int], told: Mapping[str, int]) -> dict[str, int]:
    """`values` when all that was `told` holds: it says what each group, board and badge has of its
    own, but may not know each setting."""
    return {**{key: value for key, value in values.items() if "@" not in key}, **told}


def gone_on(values: Mapping[str, int], told: Mapping[str, int]) -> dict[str, int]:
    """All that was `told`, and `values` of the settings of which it says nothing: who told it did
    not know them."""
    known = {key.partition("@")[0] for key in told}
    left = {key: value for key, value in values.items() if key.partition("@")[0] not in known}
    return {**left, **told}


def to_become(values: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int | None]:
    """The change after which `values` are all that is `wanted`."""
    gone = {key: None for key in values if "@" in key and key not in wanted}
    return {**wanted, **gone}


def differences(old: Change, new: Change) -> dict[str, tuple[int | None, int | None]]:
    """The old value and the new one, where they differ: of the settings that both have, and of what
    groups have of their own."""
    found = {}
    for key in [*old, *(key for key in new if key not in old)]:
        is_told = "@" in key or (key in old and key in new)
        if is_told and is_known(key) and old.get(key) != new.get(key):
            found[key] = (old.get(key), new.get(key))
    return found


def only(values: Change, changed: Change) -> Change:
    """Those of `values` that a change was about."""
    return {key: values.get(key) for key in changed if "@" in key or key in values}


def hash_of(values: Mapping[str, int]) -> str:
    """Tells two sets of values apart. What is at its default does not count: hosts of two versions,
    one of which knows a setting more, have the same as long as nobody changes that one."""
    changed = {key: v for key, v in values.items() if "@" in key or v != row_of(key).default}
    written = json.dumps(changed, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:HASH_DIGITS]


def in_words(key: str) -> str:
    """`floor.talk_ms in group 3`."""
    name, _, whose = key.partition("@")
    return f"{name} {whose_words(whose)}" if whose else name


def whose_words(whose: At) -> str:
    """`in group 3`, `at badge 0123456789abcdef`, `on board esp32-devkit`."""
    if is_device(whose):
        return f"at badge {whose}"
    return f"on board {whose}" if is_board(whose) else f"in group {whose}"


def value_in_words(key: str, value: int | None) -> str:
    """`60 ms`; of who has none of its own, that."""
    if value is not None:
        return row_of(key).in_words(value)
    return f"as {gone_words(key)}"


def gone_words(key: str) -> str:
    """What holds where who has the value `key` has it no more: `the venue`, or `its groups`."""
    if not is_device(split_key(key)[1]):
        return "the venue"
    return "its groups" if row_of(key).of_groups else "its board"


def difference_lines(old: Change, new: Change) -> Iterator[str]:
    """`floor.talk_ms: 60000 ms -> 90000 ms`."""
    for key, (before, after) in differences(old, new).items():
        yield f"{in_words(key)}: {value_in_words(key, before)} -> {value_in_words(key, after)}"
