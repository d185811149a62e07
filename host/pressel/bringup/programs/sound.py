# Microphone and speaker with the pins of board.json, and what powers them.
import select
from array import array

from machine import I2C, I2S, Pin

RATE_HZ = 16000


def bus_of(pins):
    wires = pins["codec"]
    return I2C(0, sda=Pin(wires["sda"]), scl=Pin(wires["scl"]), freq=100000)


def change(bus, address, register, mask, value):
    for left in range(3, -1, -1):
        try:
            old = bus.readfrom_mem(address, register, 1)[0]
            bus.writeto_mem(address, register, bytes((old & ~mask | value & mask,)))
            return
        except OSError:  # a power chip that sleeps wakes up by this
            if not left:
                raise
            time.sleep_ms(10)


def power_up(pins):
    for hold in pins.get("hold", ()):
        Pin(hold["pin"], Pin.OUT, value=1 if hold["high"] else 0)
    if "codec" in pins:
        bus = bus_of(pins)
        for chip in pins.get("power", ()):
            for register, mask, value in chip["registers"]:
                change(bus, chip["address"], register, mask, value)
        set_up(pins, "registers")


def set_up(pins, what):
    bus = bus_of(pins)
    for row in pins["codec"].get(what, ()):
        bus.writeto_mem(pins["codec"]["address"], row[0], bytes((row[1],)))
        if len(row) > 2:
            time.sleep_ms(row[2])


def opened(pins, what):
    is_rx = what == "microphone"
    if "codec" in pins:
        set_up(pins, "talking" if is_rx else "listening")
    at = pins[what]
    if "enable" in at:
        Pin(at["enable"], Pin.OUT, value=1)
    made = I2S(
        at["id"], sck=Pin(at["sck"]), ws=Pin(at["ws"]), sd=Pin(at["sd"]),
        mode=I2S.RX if is_rx else I2S.TX, bits=16, format=I2S.MONO, rate=RATE_HZ,
        ibuf=8192 if is_rx else 3072,
    )  # fmt: skip
    poller = select.poll()
    poller.register(made, select.POLLIN if is_rx else select.POLLOUT)
    poller.poll(0)  # from now on it takes and gives what it can at once
    return made


# As the firmware has it: a chip that swaps samples of mono gets them swapped.
def for_speaker(pins, tone):
    is_swapped = 1 if pins["speaker"].get("swap") else 0
    return array("h", [tone[n ^ is_swapped] for n in range(len(tone))])


def amplifier_off(pins):
    if "enable" in pins["speaker"]:
        Pin(pins["speaker"]["enable"], Pin.OUT, value=0)


def dbfs(square_sum, count):
    import math

    mean = square_sum / count
    return round(10 * math.log10(mean) - 90.3, 1) if mean > 0 else -99.0
