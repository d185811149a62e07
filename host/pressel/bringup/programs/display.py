# An SSD1306, set up as firmware/hal/display.py does it.
import framebuf
from machine import I2C, Pin

at = facts()["display"]
address, width, height = at["address"], at["width"], at["height"]
bus = I2C(1, sda=Pin(at["sda"]), scl=Pin(at["scl"]), freq=400000)


def command(*numbers):
    for number in numbers:
        bus.writeto(address, bytes((0x80, number)))


missing = "" if address in bus.scan() else "0x%02X" % address
if not missing:
    rows = 0x12 if height == 64 else 0x02
    command(0xAE, 0x20, 0x02, 0xA8, height - 1, 0x40, 0xA1, 0xC8, 0xDA, rows, 0x8D, 0x14)
    command(0x81, 0x60, 0xA4, 0xA6, 0xAF)
    picture = bytearray(width * height // 8)
    frame = framebuf.FrameBuffer(picture, width, height, framebuf.MONO_VLSB)
    frame.text("PRESSEL", (width - 56) // 2, (height - 8) // 2, 1)
    for page in range(height // 8):
        command(0xB0 | page, 0x00, 0x10)
        bus.writevto(address, (b"\x40", picture[page * width : (page + 1) * width]))
    person("read")
tell(missing=missing)
