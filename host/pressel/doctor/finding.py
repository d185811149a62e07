"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["fine", "warning", "fault"]


@dataclass(frozen=True)
class Finding:
    """`about` is the check; `mend` what to do, "" where nothing is wrong."""

    about: str
    level: Level
    words: str
    mend: str = ""
