"""Boards, their wires and their chips as Markdown, from their files."""

from __future__ import annotations

from pressel.boards.board import board_ids, boards_folder, load_board
from pressel.boards.chip import chip_ids, in_words, load_chip
from pressel.boards.pins import used_pins
from pressel.bringup.result import read_result

_WIRES = {
    "microphone.sck": "microphone, bit clock (SCK)",
    "microphone.ws": "microphone, word select (WS)",
    "microphone.sd": "microphone, data out (SD)",
    "speaker.sck": "amplifier, bit clock (BCLK)",
    "speaker.ws": "amplifier, word select (LRC)",
    "speaker.sd": "amplifier, data in (DIN)",
    "speaker.enable": "amplifier, on (SD)",
    "button.pin": "talk button",
    "side_button.pin": "side button",
    "led.pin": "light",
    "battery.pin": "battery divider, middle",
    "vibration.pin": "vibration motor, over a transistor",
    "display.sda": "display, SDA",
    "display.scl": "display, SCL",
    "epaper.sck": "e-paper, clock",
    "epaper.mosi": "e-paper, data",
    "epaper.cs": "e-paper, select",
    "epaper.dc": "e-paper, data or command",
    "epaper.reset": "e-paper, reset",
    "epaper.busy": "e-paper, busy",
    "codec.sda": "codec, SDA",
    "codec.scl": "codec, SCL",
    "hold": "held at a level: power",
}


def boards(_: str) -> str:
    """All known boards with what each can do, and its notes."""
    rows = ["| board | what it is | chip | flash | can | notes |", "|---|---|---|---|---|---|"]
    for board_id in board_ids():
        board = load_board(board_id)
        can = ", ".join(board.abilities())
        chip = load_chip(board.chip).name
        cells = (f"`{board_id}`", board.name, chip, f"{board.flash_mib} MiB", can, board.notes)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def measured(_: str) -> str:
    """What bring-up measured on silicon, from boards/<id>/measured.json."""
    rows = []
    for board_id in board_ids():
        file = boards_folder() / board_id / "measured.json"
        result = read_result(file) if file.exists() else None
        if result is None or result.emulated:
            continue
        outcomes = [each.outcome for each in result.tests.values()]
        failed = ", ".join(result.failed) or "none"
        rows.append(f"| `{board_id}` | {outcomes.count('passed')} | {failed} | {result.machine} |")
    if not rows:
        return "Measured on silicon: none yet."
    head = ["| board | tests passed | not as expected | the badge says that it is |"]
    return "\n".join([*head, "|---|--:|---|---|", *rows])


def wires(board_id: str) -> str:
    """The pins of one board."""
    board = load_board(board_id)
    rows = ["| GPIO | goes to |", "|---|---|"]
    ends: dict[int, list[str]] = {}
    for function, _, gpio in used_pins(board.model_dump()):
        ends.setdefault(gpio, []).append(_WIRES[function])
    rows += [f"| {gpio} | {'; '.join(ends[gpio])} |" for gpio in sorted(ends)]
    return "\n".join(rows)


def chips(_: str) -> str:
    """What the pins of each chip are good for."""
    rows = [
        "| chip | I2S ports | pins | never | with care | input only | battery (ADC1) |",
        "|---|---|---|---|---|---|---|",
    ]
    for chip_id in chip_ids():
        chip = load_chip(chip_id)
        never = ", ".join(in_words(each.gpios) for each in chip.refused)
        careful = ", ".join(f"{in_words(each.gpios)} ({each.kind})" for each in chip.careful)
        cells = (f"`{chip_id}`", str(chip.i2s_ports), in_words(chip.gpios), never, careful)
        cells += (in_words(chip.input_only) or "none", in_words(chip.adc1))
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)
