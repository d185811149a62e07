"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["fine", "warning", "fault"]


@dataclass(frozen=True)
class Finding:
    """`about` is the check; `mend` what to do, "" where nothing is wrong. `short`: what is wrong,
    without names and folders; `host`: whose computer it is, "" for this one."""

    about: str
    level: Level
    words: str
    mend: str = ""
    short: str = ""
    host: str = ""
