"""The text of a new board.toml: a commented template for a chip, or another board's file anew."""

from __future__ import annotations

import re

from .chip import Chip, in_words

_TEMPLATE = """\
# NAME OF THE BOARD. Fill in each pin (its GPIO number) where it says ?, then run
#   pressel board check {board_id}
# Pins of the {chip_name}: {gpios}.
# Not to be used: {refused}. Better left alone: {careful}.
name = "{board_id}"
chip = "{chip}"
flash_mib = 4
{shares}
[microphone]  # I2S, an INMP441 say, its L/R pin to ground
id = 0
sck = ?  # bit clock (SCK)
ws = ?  # word select (WS)
sd = ?  # data (SD)

[speaker]  # I2S amplifier, a MAX98357A say
id = {speaker_id}
sck = ?  # bit clock (BCLK){same}
ws = ?  # word select (LRC){same}
sd = ?  # data (DIN)
# enable = ?  # shutdown pin of the amplifier, high is on

[button]
pin = ?
active_low = true  # it connects to ground

# [side_button]
# pin = ?
# active_low = true

# [led]  # or kind = "rgb" and a pin only, for a WS2812
# pin = ?
# active_high = true

# [battery]  # pins that can measure: {adc}
# pin = ?
# scale_permille = 2000  # two equal resistors
# empty_mv = 3300
# low_mv = 3500
# full_mv = 4200
"""


def new_board(board_id: str, chip_id: str, chip: Chip) -> str:
    """A template for a board with `chip`; it does not pass the check before it is filled in."""
    is_shared = chip.i2s_ports == 1
    shares = f"shares_port = true  # the {chip.name} has one I2S port: it hears or talks\n"
    careful = (f"{in_words(each.gpios)} ({each.kind})" for each in chip.careful)
    return _TEMPLATE.format(
        board_id=board_id,
        chip=chip_id,
        chip_name=chip.name,
        gpios=in_words(chip.gpios),
        refused=", ".join(in_words(each.gpios) for each in chip.refused),
        careful=", ".join(careful),
        adc=in_words(chip.adc1),
        speaker_id=0 if is_shared else 1,
        shares=shares if is_shared else "",
        same=", the microphone's" if is_shared else "",
    )


def copied_board(text: str, chip_id: str) -> str:
    """The board file `text` with its chip replaced."""
    return re.sub(r'(?m)^chip\s*=\s*"[^"]*"', f'chip = "{chip_id}"', text, count=1)
