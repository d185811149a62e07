# An SSD1681, set up as firmware/hal/epaper.py does it.
import framebuf
from machine import SPI, Pin

PIXELS = 200
pins = facts()
for hold in pins.get("hold", ()):
    Pin(hold["pin"], Pin.OUT, value=1 if hold["high"] else 0)
at = pins["epaper"]
busy = Pin(at["busy"], Pin.IN)
bus = SPI(1, baudrate=4000000, sck=Pin(at["sck"]), mosi=Pin(at["mosi"]), miso=busy)
select = Pin(at["cs"], Pin.OUT, value=1)
is_data = Pin(at["dc"], Pin.OUT, value=1)
reset = Pin(at["reset"], Pin.OUT, value=1)


def send(command, data=b""):
    select.value(0)
    is_data.value(0)
    bus.write(bytes((command,)))
    is_data.value(1)
    if data:
        bus.write(data)
    select.value(1)


for level in (0, 1):
    time.sleep_ms(10)
    reset.value(level)
time.sleep_ms(10)
send(0x12)
time.sleep_ms(10)
send(0x01, b"\xc7\0\0")
send(0x11, b"\x03")
send(0x44, b"\0\x18")
send(0x45, b"\0\0\xc7\0")
send(0x3C, b"\x05")
send(0x18, b"\x80")
picture = bytearray(PIXELS * PIXELS // 8)
frame = framebuf.FrameBuffer(picture, PIXELS, PIXELS, framebuf.MONO_HLSB)
frame.fill(1)
frame.text("PRESSEL", (PIXELS - 56) // 2, (PIXELS - 8) // 2, 0)
for memory in (0x24, 0x26):
    send(0x4E, b"\0")
    send(0x4F, b"\0\0")
    send(memory, picture)
send(0x22, b"\xf7")
send(0x20)
time.sleep_ms(5)
begun = time.ticks_ms()
while busy.value() and time.ticks_diff(time.ticks_ms(), begun) < 10000:
    time.sleep_ms(10)
took = time.ticks_diff(time.ticks_ms(), begun)
person("read")
tell(refresh_ms=took)
