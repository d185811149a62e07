"""One board's facts: checked when read, handed to a badge as its board.json."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pressel.errors import UsageError

DEFAULT_BOARD = "esp32-devkit"

_GPIO_MAX = {"esp32": 39, "esp32s3": 48, "esp32c3": 21}  # the chips' data sheets
_INPUT_ONLY = {"esp32": range(34, 40), "esp32s3": range(0), "esp32c3": range(0)}

Gpio = Annotated[int, Field(ge=0)]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class I2sPins(_Facts):
    """An I2S port and its pins: bit clock, word select, data."""

    id: Literal[0, 1]
    sck: Gpio
    ws: Gpio
    sd: Gpio


class ButtonPin(_Facts):
    pin: Gpio
    active_low: bool


class LedPin(_Facts):
    pin: Gpio
    active_high: bool


class Board(_Facts):
    """What is soldered where."""

    name: str
    chip: Literal["esp32", "esp32s3", "esp32c3"]
    flash_mib: int = Field(ge=2, le=32)
    microphone: I2sPins
    speaker: I2sPins
    button: ButtonPin
    led: LedPin | None = None

    def pins(self) -> list[tuple[str, int, bool]]:
        """Every pin in use as (function, GPIO, is it driven by the chip)."""
        used = [
            ("microphone.sck", self.microphone.sck, True),
            ("microphone.ws", self.microphone.ws, True),
            ("microphone.sd", self.microphone.sd, False),
            ("speaker.sck", self.speaker.sck, True),
            ("speaker.ws", self.speaker.ws, True),
            ("speaker.sd", self.speaker.sd, True),
            ("button.pin", self.button.pin, False),
        ]
        return [*used, ("led.pin", self.led.pin, True)] if self.led else used

    @model_validator(mode="after")
    def _fits_the_chip(self) -> Board:
        taken: dict[int, str] = {}
        for function, gpio, is_driven in self.pins():
            if gpio > _GPIO_MAX[self.chip]:
                raise ValueError(f"{function} = {gpio}: the {self.chip} has no such pin")
            if is_driven and gpio in _INPUT_ONLY[self.chip]:
                raise ValueError(f"{function} = {gpio}: that pin of the {self.chip} is input only")
            if gpio in taken:
                raise ValueError(f"{function} = {gpio}: taken by {taken[gpio]} already")
            taken[gpio] = function
        if self.microphone.id == self.speaker.id:
            raise ValueError("microphone.id and speaker.id are the same I2S port")
        return self

    def facts(self) -> dict[str, Any]:
        """What the badge gets as board.json."""
        return self.model_dump(exclude_none=True)


def boards_folder() -> Path:
    """The folder `boards` of the source tree."""
    return Path(__file__).resolve().parents[3] / "boards"


def board_ids() -> list[str]:
    """The known boards, by folder name."""
    return sorted(file.parent.name for file in boards_folder().glob("*/board.toml"))


def load_board(board_id: str) -> Board:
    """Board `board_id`; UsageError names what is unknown or wrong in its file."""
    if board_id not in board_ids():
        known = ", ".join(board_ids())
        raise UsageError(f"no board is called '{board_id}'; known are: {known}")
    return read_board(boards_folder() / board_id / "board.toml")


def read_board(file: Path) -> Board:
    """The board in `file`; UsageError says which key is wrong and why."""
    try:
        return Board.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file}: {error}") from error
    except ValidationError as error:
        wrongs = []
        for wrong in error.errors():
            key = ".".join(str(part) for part in wrong["loc"])
            text = wrong["msg"].removeprefix("Value error, ")
            wrongs.append(f"{key}: {text}" if key else text)
        raise UsageError(f"{file}: " + "; ".join(wrongs)) from error
