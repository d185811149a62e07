# Pins, I2S and the watchdog as plain objects in virtual time.

import _world as world

PWRON_RESET = 1
_BLOCK_SAMPLES = 256
_BLOCK_MS = 16
_RING_SAMPLES = 768  # four blocks, of which one is being filled


class Pin:
    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2

    def __init__(self, number, mode=-1, pull=-1, value=0):
        self._number = number
        if mode == Pin.IN:
            world.pins[number] = 1 if pull == Pin.PULL_UP else 0

    def value(self, level=None):
        if level is None:
            return world.pins[self._number]
        world.pins[self._number] = level


class I2S:
    RX = 1
    TX = 2
    MONO = 0

    def __init__(self, number, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        self._read = 0

    # One sample of a piece changes, the others stay: to change them would cost time and show
    # nothing.
    def readinto(self, piece):
        there = (world.now_ms - world.START_MS) // _BLOCK_MS * _BLOCK_SAMPLES - self._read
        if there > _RING_SAMPLES:
            world.lost_samples += there - _RING_SAMPLES
            self._read += there - _RING_SAMPLES
        if there > len(piece):
            there = len(piece)
        if not there:
            return 0
        self._read += there
        piece[0] = (self._read * 7 & 0x3FFF) - 0x2000
        return 2 * there

    def write(self, pcm):
        world.played_frames += 1
        return 2 * len(pcm)

    def _ready(self, mask):
        return 0


class WDT:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


def freq(_hz):
    pass


def reset_cause():
    return PWRON_RESET


class RTC:
    def memory(self, data=None):
        return b""


def unique_id():
    return b"\x02\x00\x00\x00\x00\x01"


# What only some boards need: its names are in the ROM of a chip, and would take the heap's here.
def __getattr__(name):
    import _parts

    return getattr(_parts, name)
