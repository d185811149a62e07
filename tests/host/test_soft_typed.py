"""What a person types at a soft badge: commands are few and exact, all else is a text."""

from __future__ import annotations

import pytest

from pressel.soft.typed import Typed, understand

LINES = [
    ("", Typed("talk")),
    ("  ", Typed("talk")),
    ("!", Typed("emergency")),
    ("group 3", Typed("group", 3)),
    ("GROUP  12", Typed("group", 12)),
    ("call 7", Typed("call", 7)),
    ("back", Typed("back")),
    ("hang up", Typed("hang up")),
    ("?", Typed("look")),
    ("again", Typed("again")),
    ("again 3", Typed("again", 3)),
    ("Volume 70", Typed("volume", 70)),
    ("volume of sales", Typed("text")),
    ("say that again", Typed("text")),
    ("??", Typed("text")),
    ("group", Typed("text")),
    ("call Ann", Typed("text")),
    ("call 7 now", Typed("text")),
    ("group ٣", Typed("text")),
    ("group -1", Typed("text")),
    ("!!", Typed("text")),
    ("I will be back", Typed("text")),
]


@pytest.mark.parametrize(("line", "typed"), LINES)
def test_a_line_is_understood(line: str, typed: Typed) -> None:
    assert understand(line) == typed
