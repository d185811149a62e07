"""What can go wrong with an emulated badge, as words of the command line; `NAMES` explains them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pressel.errors import UsageError

STAGES = ("connect", "read", "write", "verify", "start", "check")
# With `=`: the fault takes a value.
NAMES = {
    "unplug-after=BYTES": "gone after so many bytes of flash were written",
    f"unplug-at={'|'.join(STAGES)}": "gone when that is begun",
    "corrupt-block=NUMBER": "that block, from 0, is written with a flipped bit",
    "flash-mib=SIZE": "the chip says that it has so much flash",
    "silent": "nothing ever answers",
    "corrupt-file": "main.py reads back changed",
    "crash": "main.py raises an exception",
}


class Unplugged(Exception):
    """The fault: the badge is gone."""


@dataclass
class Faults:
    """None or False: it does not happen."""

    unplug_after: int | None = None  # bytes
    unplug_at: str | None = None
    corrupt_block: int | None = None  # number of the write, from 0
    flash_mib: int | None = None
    silent: bool = False
    corrupt_file: bool = False
    crash: bool = False

    def reach(self, stage: str) -> None:
        """`Unplugged` when the badge does not live to see this one of `STAGES`."""
        if self.unplug_at == stage:
            raise Unplugged


def parse_faults(words: tuple[str, ...] | list[str]) -> Faults:
    """UsageError names the word that is none."""
    faults = Faults()
    defaults = {field.name: field.default for field in fields(Faults)}
    for word in words:
        name, _, value = word.partition("=")
        field = name.replace("-", "_")
        is_stage = field == "unplug_at"
        is_right = value in STAGES if is_stage else value.isdigit()
        if field not in defaults or (value if defaults[field] is False else not is_right):
            raise UsageError(f"'{word}' is no fault; there are {', '.join(NAMES)}")
        setattr(faults, field, (value if is_stage else int(value)) if value else True)
    return faults
