"""Peripherals that not every board has: motor, RGB light, codec, display, amplifier, one port."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import I2C, I2S, NVS, FrameBuffer, NeoPixel, Pin, Spi

from pressel.boards.board import load_board
from ptt.base.numbers import FRAME_SAMPLES

PINS = {"id": 0, "sck": 4, "ws": 5, "sd": 6}
PCM = array("h", bytes(2 * FRAME_SAMPLES))
MOTOR = 21
AMPLIFIER = 18
CODEC = {"sda": 8, "scl": 9, "address": 0x18, "registers": [[1, 2]], "talking": [[2, 0x10]],
         "listening": [[2, 0x18]]}  # fmt: skip
DISPLAY = {"sda": 9, "scl": 10, "address": 0x3C, "width": 128, "height": 64}


def written(pin: int) -> list[int]:
    return [level for number, level in Pin.written if number == pin]


@pytest.mark.parametrize("active_high", [True, False])
def test_a_shake_ends(firmware: Load, active_high: bool) -> None:
    Pin.written.clear()
    on = int(active_high)
    motor = firmware("hal.vibration").Vibration(MOTOR, active_high)
    motor.shake(100, 1000)
    for now_ms in range(1000, 1300, 5):
        motor.update(now_ms)
    assert written(MOTOR) == [1 - on, on, 1 - on]


def test_a_second_shake_takes_the_place_of_the_first(firmware: Load) -> None:
    Pin.written.clear()
    motor = firmware("hal.vibration").Vibration(MOTOR, True)
    motor.shake(100, 0x40000000 - 50)
    motor.shake(100, 10)
    motor.update(60)
    assert written(MOTOR)[-1] == 1
    motor.update(110)
    assert written(MOTOR)[-1] == 0


def test_an_rgb_light_has_the_colour_of_the_pattern(firmware: Load) -> None:
    light = firmware("hal.rgb").RgbIndicator(38)
    light.show(100, 400, 0x102030, 1000)
    for now_ms in range(1000, 1400, 10):
        light.update(now_ms)
    light.show(400, 400, 0x300000, 1400)
    light.update(1400)
    assert NeoPixel.shown == [(0x10, 0x20, 0x30), (0, 0, 0), (0x30, 0, 0)]


def test_a_codec_gets_its_registers_in_order(firmware: Load) -> None:
    facts = {**CODEC, "registers": [[0, 0x1F, 20], [0, 0], [1, 0xBF]]}
    firmware("hal.codec").start({"codec": facts})
    assert I2C.written == [
        (0x18, 0, b"\x1f"), (0x18, 0, b"\0"), (0x18, 1, b"\xbf"), (0x18, 2, b"\x18")
    ]  # fmt: skip


def test_a_board_powers_its_sound_before_it_sets_it_up(firmware: Load) -> None:
    """Pins at their levels, then only the bits of the mask of a chip that sleeps at first."""
    power = [{"address": 0x6E, "registers": [[0x11, 0x0C, 0x0C], [0x16, 0x30, 0]]}]
    hold = [{"pin": 17, "high": True}, {"pin": 42, "high": False}]
    Pin.written.clear()
    I2C.deaf = 2
    firmware("hal.codec").start({"codec": CODEC, "power": power, "hold": hold})
    assert (written(17), written(42)) == ([1], [0])
    assert I2C.written[:2] == [(0x6E, 0x11, b"\xfd"), (0x6E, 0x16, b"\xc1")]
    I2C.deaf = 4
    with pytest.raises(OSError, match="19"):
        firmware("hal.codec").start({"codec": CODEC, "power": power})
    I2C.deaf = 0


@pytest.mark.parametrize("board_id", ["m5stack-echos3r", "m5stack-sticks3", "waveshare-epaper-154"])
def test_boards_whose_sound_needs_power_first(firmware: Load, board_id: str) -> None:
    """By their files: nothing of the sound chip is written before its power is there."""
    facts = load_board(board_id).facts()
    Pin.written.clear()
    firmware("hal.codec").start(facts)
    addresses = [each[0] for each in I2C.written]
    power = [chip["address"] for chip in facts.get("power", ()) for _ in chip["registers"]]
    assert addresses == power + [0x18] * (len(addresses) - len(power))
    assert I2C.written[len(power)] == (0x18, 0, b"\x1f") and I2C.written[-1] == (0x18, 2, b"\x18")
    held = [(each["pin"], int(each["high"])) for each in facts.get("hold", ())]
    assert Pin.written == held


def test_a_display_is_written_a_page_a_step_and_only_when_it_changes(firmware: Load) -> None:
    display = firmware("hal.display").Display(DISPLAY)
    assert all(address == 0x3C for address, _ in I2C.written)
    for _ in range(20):
        display.update()
    I2C.written.clear()
    display.show(("ready",))
    for _ in range(20):
        display.show(("ready",))
        display.update()
    pages = [data for _, data in I2C.written if data[0] == 0x40]
    assert [len(page) for page in pages] == [129] * 8
    assert FrameBuffer.drawn == [("ready", (128 - 40) // 2, 28)]
    display.update()
    assert len(I2C.written) == 8 * 4


def test_words_too_long_for_a_display_begin_at_its_edge(firmware: Load) -> None:
    display = firmware("hal.display").Display(DISPLAY)
    display.show(("twenty characters ...",))
    assert FrameBuffer.drawn[0][1] == 0


PAPER = {"sck": 12, "mosi": 13, "cs": 11, "dc": 10, "reset": 9, "busy": 8}
PHASES = 60  # more than a picture takes


def test_a_picture_is_drawn_sent_shown_and_sent_again_a_little_a_step(firmware: Load) -> None:
    paper = firmware("hal.epaper").EPaper(PAPER)
    assert Spi.written[:4] == [b"\x12", b"\x01", b"\xc7\0\0", b"\x11"]
    Spi.written.clear()
    paper.update()
    assert Spi.written == []  # nothing is wanted
    paper.show(("Ann", "", "group 1", "ready"))
    longest = 0
    for _ in range(PHASES):
        before = sum(map(len, Spi.written))
        paper.update()
        longest = max(longest, sum(map(len, Spi.written)) - before)
    assert longest <= 500 + 6  # a piece, and where it belongs
    assert [len(each) for each in Spi.written].count(500) == 20
    commands = [each[0] for each in Spi.written if len(each) == 1 and each != b"\0"]
    assert commands == [0x4E, 0x4F, 0x24, 0x22, 0xF7, 0x20, 0x4E, 0x4F, 0x26]
    assert FrameBuffer.rectangles[0] == ((200 - 96) // 2, 16, 4, 4)  # three letters, four times


def test_a_busy_display_is_waited_for_in_later_steps_and_then_shows_what_is_newest(
    firmware: Load,
) -> None:
    paper = firmware("hal.epaper").EPaper(PAPER)
    paper.show(("Ann",))
    Pin.levels[PAPER["busy"]] = 1
    for _ in range(PHASES):
        paper.update()
    paper.show(("Bob",))
    paper.show(("Cem",))
    sent = len(Spi.written)
    paper.update()
    assert len(Spi.written) == sent
    Pin.levels[PAPER["busy"]] = 0
    for _ in range(2 * PHASES):
        paper.update()
    assert paper._words == ("Cem",)
    shows = [Spi.written[n + 1] for n, each in enumerate(Spi.written) if each == b"\x22"]
    assert shows == [b"\xf7", b"\xff"]  # all is cleared first, and then now and then


@pytest.mark.parametrize(
    ("name", "lines"),
    [("Ann", ("Ann", "")), ("Ann Bo Cy", ("Ann", "Bo Cy")), ("\u015e\u00fck", ("??k", "")),
     (" x", (" x", ""))],
)  # fmt: skip
def test_a_name_is_shown_in_two_lines_and_in_plain_letters(
    name: str, lines: tuple[str, str], firmware: Load
) -> None:
    assert firmware("app.extras.name_tag").NameTag(None, name)._name == lines


def speaker(firmware: Load, **more: Any) -> Any:
    return firmware("hal.speaker").Speaker({**PINS, **more})


def test_the_amplifier_is_on_while_there_is_sound(firmware: Load) -> None:
    Pin.written.clear()
    out = speaker(firmware, enable=AMPLIFIER)
    assert written(AMPLIFIER) == [0]
    out.write(PCM, 1000)
    assert written(AMPLIFIER) == [0, 1]
    assert not out.rest()
    for _ in range(3):
        out.write(PCM, 1000)
    assert out.rest()
    assert out.wants(1500) and written(AMPLIFIER)[-1] == 1  # a word may follow
    assert out.wants(1600) and written(AMPLIFIER) == [0, 1, 0]
    out.write(PCM, 1700)
    assert written(AMPLIFIER) == [0, 1, 0, 1]


def test_a_speaker_without_an_amplifier_pin_writes_no_pin(firmware: Load) -> None:
    Pin.written.clear()
    out = speaker(firmware)
    out.write(PCM, 1000)
    assert Pin.written == []


def test_a_shared_port_belongs_to_one_at_a_time(firmware: Load) -> None:
    I2S.made.clear()
    microphone = firmware("hal.microphone").Microphone(PINS)
    microphone.close()
    out = speaker(firmware)
    port = firmware("hal.port").SharedPort(microphone, out, {"microphone": PINS, "speaker": PINS})
    for is_talking in (False, True, True, False, True):
        port.give(is_talking)
        (open_port,) = (each for each in I2S.made if each.is_open)
        assert open_port.settings["mode"] == (I2S.RX if is_talking else I2S.TX)
        assert out.wants(1000) != is_talking
        I2S.made[-1].samples.extend([1] * FRAME_SAMPLES)
        assert microphone.read() == is_talking
        I2S.made[-1].samples = array("h")


def test_a_codec_that_shares_a_port_is_told_who_has_it(firmware: Load) -> None:
    """Its clock is another while the microphone runs."""
    microphone = firmware("hal.microphone").Microphone(PINS)
    microphone.close()
    pins = {"microphone": PINS, "speaker": PINS, "codec": CODEC}
    port = firmware("hal.port").SharedPort(microphone, speaker(firmware), pins)
    I2C.written.clear()
    for is_talking in (True, True, False):
        port.give(is_talking)
    assert I2C.written == [(0x18, 2, b"\x10"), (0x18, 2, b"\x18")]


def test_a_frame_begun_before_the_port_went_is_not_ended_after_it(firmware: Load) -> None:
    microphone = firmware("hal.microphone").Microphone(PINS)
    I2S.made[-1].samples.extend([7] * 64)
    assert not microphone.read()
    microphone.close()
    assert not microphone.read()
    microphone.open(PINS)
    I2S.made[-1].samples.extend([1] * FRAME_SAMPLES)
    assert microphone.read()
    assert set(microphone.pcm) == {1}


def test_numbers_and_bytes_in_nvs(firmware: Load) -> None:
    nvs = firmware("hal.nvs").Nvs()
    assert (nvs.number("starts", 5), nvs.blob("device")) == (5, b"")
    nvs.set_number("starts", 6)
    nvs.set_blob("device", b"12345678")
    again = firmware("hal.nvs").Nvs()
    assert (again.number("starts", 5), again.blob("device")) == (6, b"12345678")


def test_nvs_is_not_written_when_nothing_changes(firmware: Load) -> None:
    nvs = firmware("hal.nvs").Nvs()
    NVS.commits = 0
    for _ in range(5):
        nvs.set_number("starts", 1)
        nvs.set_blob("device", b"1")
    assert NVS.commits == 2
