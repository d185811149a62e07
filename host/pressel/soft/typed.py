"""What somebody types at a soft badge, as one act: a press, a group, a call, or a text."""

from __future__ import annotations

from dataclasses import dataclass

HELP = (
    "Enter to talk, Enter again when you have spoken; ! is an emergency; "
    "group N, call N, back, hang up, again, volume N; ? tells how it fares; or type a text"
)

_ALONE = {
    "": "talk", "!": "emergency", "back": "back", "hang up": "hang up", "again": "again",
    "?": "look",
}  # fmt: skip
_NUMBERED = ("group", "call", "again", "volume")


@dataclass(frozen=True)
class Typed:
    """`act`: talk, emergency, group, call, back, hang up, again, volume, look or text; `number`: of
    a group or node, of bursts, or of percent."""

    act: str
    number: int = 0


def understand(line: str) -> Typed:
    """A line without its end. Whatever is not a command is a text: nothing typed is lost."""
    words = line.strip().lower().split()
    alone = " ".join(words)
    if alone in _ALONE:
        return Typed(_ALONE[alone])
    if len(words) == 2 and words[0] in _NUMBERED and words[1].isascii() and words[1].isdigit():
        return Typed(words[0], int(words[1]))
    return Typed("text")
