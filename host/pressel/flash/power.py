"""How a badge saves power: what `firmware/app/boot.py` reads of it in the badge's config.json."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

_WORDS = {"power_save": "--power-save", "off_duty": "--off-duty-after"}
_SAVES = "sleep"  # a word that MicroPython has in ROM: each other one costs a badge memory
_OFF_DUTY = "off_duty_after_s"
OFF_DUTY_MIN_MAX = 1440  # a day: who means more means never


@dataclass(frozen=True)
class Power:
    """None: as it is, which is off on a badge that is made. `saves`: Wi-Fi rests between bursts;
    `off_duty_min`: minutes of rest behind which the badge sleeps until it is pressed, 0: never."""

    saves: bool | None = None
    off_duty_min: int | None = None

    def options(self) -> list[str]:
        """What it asks for, as boards/heap.json counts the memory of it."""
        asked = {"power_save": self.saves, "off_duty": self.off_duty_min}
        return [name for name, value in asked.items() if value]

    def put_into(self, config: dict[str, Any]) -> dict[str, Any]:
        """`config` with it; what is off is not in there, as older firmware has it."""
        wanted = dict(config)
        if self.saves is not None:
            wanted[_SAVES] = self.saves
        if self.off_duty_min is not None:
            wanted[_OFF_DUTY] = self.off_duty_min * 60
        for name in (_SAVES, _OFF_DUTY):
            if not wanted.get(name, True):
                del wanted[name]
        return wanted


def in_words(options: Collection[str]) -> str:
    """Such options as the command line has them."""
    return " and ".join(_WORDS[each] for each in options)


def options_of(config: Mapping[str, Any]) -> list[str]:
    """The same of a badge with this config.json."""
    return Power(bool(config.get(_SAVES)), 1 if config.get(_OFF_DUTY) else None).options()
