"""The keys of a board.toml, their types and ranges, and what a badge gets of them. Which pins a
chip has is boards/pins.py's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from .chip import load_chip
from .codecs import codec_kinds, load_codec

Gpio = Annotated[int, Field(ge=0)]  # which numbers there are is a fact of the chip
I2cAddress = Annotated[int, Field(ge=0x08, le=0x77)]  # the I2C bus specification keeps the others
Byte = Annotated[int, Field(ge=0, le=255)]
Registers = list[Annotated[list[Byte], Field(min_length=2, max_length=3)]]


def _shown(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has a character that cannot be seen, such as a line break; remove it")
    return text


def _shown_lines(text: str) -> str:
    _shown(text.replace("\n", ""))
    return text


# Terminals, pages and badges show them as they are.
Shown = Annotated[str, AfterValidator(_shown)]
ShownLines = Annotated[str, AfterValidator(_shown_lines)]


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class MicrophonePins(_Facts):
    """I2S port, bit clock, word select, data. A PDM microphone has a clock (sck) and data only."""

    kind: Literal["i2s", "pdm"] = "i2s"
    id: int = Field(ge=0, le=1)
    sck: Gpio
    ws: Gpio | None = None
    sd: Gpio
    gain_permille: int = Field(default=1000, ge=1, le=16_000)  # 16-fold: 24 dB, beyond is noise

    @model_validator(mode="after")
    def _word_select(self) -> MicrophonePins:
        if self.kind == "i2s" and self.ws is None:
            raise ValueError("ws is missing; an I2S microphone needs its word select pin")
        return self


class SpeakerPins(_Facts):
    """I2S port, bit clock, word select, data; `enable` is the amplifier's shutdown, high is on."""

    id: int = Field(ge=0, le=1)
    sck: Gpio
    ws: Gpio
    sd: Gpio
    volume_permille: int = Field(default=1000, ge=1, le=4000)  # 4-fold: 12 dB, beyond is clipping
    enable: Gpio | None = None


class ButtonPin(_Facts):
    pin: Gpio
    active_low: bool


class LedPin(_Facts):
    """A plain light with its lit level, or one WS2812 (rgb)."""

    kind: Literal["plain", "rgb"] = "plain"
    pin: Gpio
    active_high: bool | None = None

    @model_validator(mode="after")
    def _level(self) -> LedPin:
        if self.kind == "plain" and self.active_high is None:
            raise ValueError("active_high is missing; write true when a high level lights it")
        if self.kind == "rgb" and self.active_high is not None:
            raise ValueError("an rgb light takes a colour and has no level; remove active_high")
        return self


class Battery(_Facts):
    """Battery mV = mV at the pin * scale_permille / 1000."""

    pin: Gpio
    scale_permille: int = Field(ge=1000, le=20_000)  # 1000: no divider
    empty_mv: int = Field(ge=500, le=20_000)
    low_mv: int = Field(ge=500, le=20_000)
    full_mv: int = Field(ge=500, le=20_000)

    @model_validator(mode="after")
    def _order(self) -> Battery:
        if not self.empty_mv < self.low_mv < self.full_mv:
            raise ValueError(
                f"empty_mv {self.empty_mv}, low_mv {self.low_mv}, full_mv {self.full_mv} must "
                "rise in this order; a lithium cell has about 3300, 3500, 4200"
            )
        return self


class Vibration(_Facts):
    pin: Gpio
    active_high: bool


class Display(_Facts):
    kind: Literal["ssd1306"]
    sda: Gpio
    scl: Gpio
    address: I2cAddress
    width: int = Field(ge=32, le=128, multiple_of=8)
    height: int = Field(ge=16, le=64, multiple_of=8)


class EPaper(_Facts):
    """200x200 pixels of e-paper on SPI; `busy` is high while it shows a picture."""

    kind: Literal["ssd1681"]
    sck: Gpio
    mosi: Gpio
    cs: Gpio
    dc: Gpio
    reset: Gpio
    busy: Gpio


class Hold(_Facts):
    """A pin that is held at a level from the start on: the board's power hangs on it."""

    pin: Gpio
    high: bool


class Power(_Facts):
    """A chip on the codec's two wires whose bits switch the board's power: [register, mask, value],
    changed in this order before the codec is set up."""

    address: I2cAddress
    registers: list[Annotated[list[Byte], Field(min_length=3, max_length=3)]] = Field(min_length=1)


class Codec(_Facts):
    """A sound chip that wants `registers` written over I2C at start, in this order, and `talking`
    or `listening` whenever that begins: [register, value], and milliseconds to wait behind it where
    there are any. Without registers they are those of its kind in `codecs`."""

    kind: Shown = Field(min_length=1)
    sda: Gpio
    scl: Gpio
    address: I2cAddress
    registers: Registers = []
    talking: Registers = []
    listening: Registers = []

    @model_validator(mode="after")
    def _known(self) -> Codec:
        if not self.registers and self.kind not in codec_kinds():
            known = ", ".join(codec_kinds())
            raise ValueError(f"registers are missing, and known without them is only {known}")
        return self

    def facts(self) -> dict[str, Any]:
        """All that a badge needs to set it up."""
        own = self.model_dump(exclude_defaults=True, exclude={"kind"})
        return own if self.registers else own | load_codec(self.kind)


class Board(_Facts):
    """What is soldered where."""

    name: Shown = Field(min_length=1, max_length=80)
    chip: str
    flash_mib: Literal[2, 4, 8, 16, 32]
    notes: ShownLines = ""
    psram: Literal["none", "quad", "octal"] | None = None  # of the module; None: not known
    parts: list[Shown] = []  # of boards/currents.toml, for its estimate of power
    cell_mah: int | None = Field(
        default=None, ge=50, le=20_000
    )  # None: none, or the owner's choice
    shares_port: bool = False
    microphone: MicrophonePins
    speaker: SpeakerPins
    button: ButtonPin
    side_button: ButtonPin | None = None
    led: LedPin | None = None
    battery: Battery | None = None
    vibration: Vibration | None = None
    display: Display | None = None
    epaper: EPaper | None = None
    codec: Codec | None = None
    hold: list[Hold] = []
    power: list[Power] = []

    @model_validator(mode="after")
    def _bus(self) -> Board:
        if self.power and self.codec is None:
            raise ValueError("power needs a codec: the chip hangs on its two wires")
        if self.display and self.epaper:
            raise ValueError("this firmware drives one display: leave out display or epaper")
        return self

    def facts(self) -> dict[str, Any]:
        """What the badge gets as board.json: nothing that is for people, or equals its default."""
        facts = self.model_dump(
            exclude_defaults=True, exclude={"notes", "psram", "parts", "cell_mah"}
        )
        if load_chip(self.chip).swaps_mono:
            facts["speaker"]["swap"] = True
        return facts | ({"codec": self.codec.facts()} if self.codec else {})

    def abilities(self) -> list[str]:
        """What the board can do with stock MicroPython, in words for a table."""
        words = ["hears"] if self.microphone.kind == "pdm" else ["hears", "talks"]
        if self.shares_port and self.microphone.kind != "pdm":
            words.append("one at a time")
        for key in ("led", "side_button", "battery", "vibration", "display", "epaper", "codec"):
            if getattr(self, key) is not None:
                words.append("rgb led" if key == "led" and self.led_is_rgb() else key)
        return [word.replace("_", " ") for word in words]

    def led_is_rgb(self) -> bool:
        return self.led is not None and self.led.kind == "rgb"
