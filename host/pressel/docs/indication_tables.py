"""What a person sees, hears and feels, as Markdown: drawn from `ptt.badge.indications`."""

from __future__ import annotations

from ptt.badge import indications
from ptt.base import events

from .comments import comments_by_line


def situations(_: str) -> str:
    """What lasts: light and word for each situation."""
    rows = ["| word on a display | light | colour | why |", "|---|---|---|---|"]
    reasons = comments_by_line(indications, "SITUATIONS")
    for (on_ms, period_ms, colour, word), why in zip(indications.SITUATIONS, reasons, strict=True):
        rows.append(f"| {word} | {_light(on_ms, period_ms)} | `#{colour:06x}` | {why} |")
    return "\n".join(rows)


def moments(_: str) -> str:
    """What happens: tone and vibration for each event that a person should notice."""
    rows = ["| event | tone | vibration | why |", "|---|---|---|---|"]
    reasons = comments_by_line(indications, "MOMENTS")
    for (kind, tone, shake_ms), why in zip(indications.MOMENTS, reasons, strict=True):
        event = events.NAMES[kind].replace("_", " ")
        shake = f"{shake_ms} ms" if shake_ms else "none"
        rows.append(f"| {event} | {_tone_name(tone)} | {shake} | {why} |")
    return "\n".join(rows)


def tones(_: str) -> str:
    """Every tone: its notes as Hz for ms."""
    rows = ["| tone | notes | meaning |", "|---|---|---|"]
    reasons = comments_by_line(indications, "TONES")
    for number, (_end, why) in enumerate(zip(indications.TONES[0], reasons, strict=True)):
        meaning = why.partition(": ")[2]
        rows.append(f"| {_tone_name(number)} | {_words(number)} | {meaning} |")
    return "\n".join(rows)


def _light(on_ms: int, period_ms: int) -> str:
    if on_ms == 0:
        return "dark"
    if on_ms == period_ms:
        return "steady"
    return f"{on_ms} ms of every {period_ms} ms"


def _tone_name(number: int) -> str:
    for name, value in vars(indications).items():
        if name.startswith("TONE_") and value == number:
            return name[len("TONE_") :].lower().replace("_", " ")
    raise ValueError(f"tone {number} has no name")


def notes(number: int) -> list[tuple[int, ...]]:
    """(Hz, ms, permille) of each note of a tone; 0 Hz is a pause."""
    ends, tens = indications.TONES
    step = indications.NOTE_NUMBERS
    begin = ends[number - 1] if number else 0
    places = range(begin, ends[number], step)
    return [tuple(10 * each for each in tens[at : at + step]) for at in places]


def _words(number: int) -> str:
    return ", ".join(f"{hz} Hz {ms} ms" if hz else f"pause {ms} ms" for hz, ms, _ in notes(number))
