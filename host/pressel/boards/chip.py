"""What a chip's pins can do, read from chips/<chip>.toml. Knows no board."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

_FOLDER = Path(__file__).parent / "chips"

Ranges = list[tuple[int, int]]  # [first, last] GPIO each


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Refused(_Data):
    """Pins that no board may use."""

    gpios: Ranges
    reason: str


class Careful(Refused):
    """Pins that a board may use with care; `kind` is strapping, USB and the like. `wrong_level`:
    the level at which the chip, when it starts, does something other than run the badge. `psram`:
    only when the module has one of these kinds. `uses`: only for pins with such a use; empty: for
    all."""

    kind: str
    wrong_level: Literal["low", "high", ""] = ""
    psram: list[str] = []
    uses: list[str] = []


class Chip(_Data):
    """One chip as its data sheet has it. ADC2 is listed only so that it can be refused: Wi-Fi
    occupies it."""

    name: str
    gpios: Ranges
    input_only: Ranges
    adc1: Ranges
    adc2: Ranges
    adc_max_mv: int
    i2s_ports: int
    i2c_buses: int
    heap_bytes: int  # what MicroPython leaves for Python beside Wi-Fi
    mhz_max: int  # of the processor, what `machine.freq` can set
    swaps_mono: bool = False  # neighbouring samples of 16-bit mono change places on their way out
    caution: str = ""  # what a buyer of any board with it should know
    refused: list[Refused]
    careful: list[Careful]


def is_in(gpio: int, ranges: Ranges) -> bool:
    return any(first <= gpio <= last for first, last in ranges)


def in_words(ranges: Ranges) -> str:
    """[(32, 39), (2, 2)] as "32-39, 2"."""
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


def chip_ids() -> list[str]:
    """The chips with facts, by file name."""
    return sorted(file.stem for file in _FOLDER.glob("*.toml"))


@cache
def load_chip(chip_id: str) -> Chip:
    """The facts of a chip of `chip_ids`."""
    return Chip.model_validate(tomllib.loads((_FOLDER / f"{chip_id}.toml").read_text("utf-8")))
