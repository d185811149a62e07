"""A sound chip's registers over I2C, and before them what powers it: pins that are held at a level,
and bits of a power chip on the same two wires. Which and what is in the board file."""

from time import sleep_ms

from machine import I2C, Pin
from micropython import const

_BUS = const(0)
_SPEED_HZ = const(100_000)  # the slowest mode: once at start, over wires of any kind
_TRIES = const(4)  # a power chip that sleeps hears the first of them, and answers later
_WAKE_MS = const(10)


class Codec:
    """The chip of `facts`. OSError when nobody answers."""

    def __init__(self, facts: dict) -> None:
        self._bus = I2C(_BUS, sda=Pin(facts["sda"]), scl=Pin(facts["scl"]), freq=_SPEED_HZ)
        self._facts = facts

    def write(self, what: str) -> None:
        """The registers that the board file has under `what`, in their order: [register, value],
        and milliseconds to wait where there are any."""
        for row in self._facts.get(what, ()):
            self._bus.writeto_mem(self._facts["address"], row[0], bytes((row[1],)))
            if len(row) > 2:
                sleep_ms(row[2])

    def change(self, address: int, register: int, mask: int, value: int) -> None:
        """The bits of `mask` in a register of another chip become those of `value`."""
        for left in range(_TRIES - 1, -1, -1):
            try:
                old = self._bus.readfrom_mem(address, register, 1)[0]
                self._bus.writeto_mem(address, register, bytes((old & ~mask | value & mask,)))
                return
            except OSError:
                if not left:
                    raise
                sleep_ms(_WAKE_MS)


def start(pins: dict) -> None:
    """Power the sound chip of a board and set it up. OSError when nobody answers."""
    for hold in pins.get("hold", ()):
        Pin(hold["pin"], Pin.OUT, value=1 if hold["high"] else 0)
    codec = Codec(pins["codec"])
    for chip in pins.get("power", ()):
        for register, mask, value in chip["registers"]:
            codec.change(chip["address"], register, mask, value)
    codec.write("registers")
    codec.write("listening")
