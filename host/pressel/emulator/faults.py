"""What can go wrong with an emulated badge, as words of the command line.

`unplug-after=N`: gone after N bytes of flash were written; `corrupt-block=N`: block N is written
with a flipped bit; `silent`: the bootloader never answers; `flash-mib=N`: the chip reports so much.
"""

from __future__ import annotations

from dataclasses import dataclass

from pressel.errors import UsageError

NAMES = ("unplug-after", "corrupt-block", "silent", "flash-mib", "corrupt-file")


@dataclass
class Faults:
    """None or False: it does not happen."""

    unplug_after: int | None = None  # bytes
    corrupt_block: int | None = None  # number of the write, from 0
    silent: bool = False
    flash_mib: int | None = None
    corrupt_file: bool = False  # main.py reads back changed


def parse_faults(words: tuple[str, ...] | list[str]) -> Faults:
    """UsageError names the word that is none."""
    faults = Faults()
    for word in words:
        name, _, value = word.partition("=")
        if name not in NAMES or (name in NAMES[:2] or name == "flash-mib") != value.isdigit():
            raise UsageError(
                f"'{word}' is no fault; there are unplug-after=BYTES, corrupt-block=NUMBER, "
                "flash-mib=SIZE, silent and corrupt-file"
            )
        setattr(faults, name.replace("-", "_"), int(value) if value else True)
    return faults
