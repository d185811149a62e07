# Stands for the badge's `machine`: each call goes to the host's model of the hardware.

from time import sleep_ms

import _bridge
from _buffer import byte_length
from _cause import (  # noqa: F401 - what the firmware asks for by these names
    DEEPSLEEP_RESET,
    HARD_RESET,
    PWRON_RESET,
    SOFT_RESET,
    WDT_RESET,
    reset_cause,
    restart,
)
from uctypes import addressof

_pin_level = _bridge.pin_level
_pin_drive = _bridge.pin_drive
_i2s_read = _bridge.i2s_read
_i2s_write = _bridge.i2s_write

_FREQUENCIES_HZ = (80_000_000, 160_000_000, 240_000_000)
_frequency_hz = 160_000_000  # as MicroPython starts a chip


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    _watched = {}  # pin number -> (handler, Pin)

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        self.id = id
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None):
        if mode == Pin.IN:
            _bridge.pin_rest(self.id, 1 if pull == Pin.PULL_UP else 0)
        if value is not None:
            _pin_drive(self.id, 1 if value else 0)

    def value(self, level=None):
        if level is None:
            return _pin_level(self.id)
        _pin_drive(self.id, 1 if level else 0)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, *, hard=False):
        if handler is None:
            Pin._watched.pop(self.id, None)
            trigger = 0
        else:
            Pin._watched[self.id] = (handler, self)
        _bridge.pin_trigger(self.id, trigger)


def _interrupt(id):
    handler, pin = Pin._watched[id]
    handler(pin)


class I2S:
    RX = 1
    TX = 2
    MONO = 0
    STEREO = 1

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if id not in (0, 1):
            raise ValueError("invalid id")
        if mode not in (I2S.RX, I2S.TX):
            raise ValueError("invalid mode")
        if bits != 16 or format != I2S.MONO:
            raise ValueError("the virtual badge has 16-bit mono I2S only")
        self._id = id
        self._mode = mode
        self._polled = False
        _bridge.i2s_open(id, mode, rate, ibuf, mode == I2S.TX and _swaps_mono())

    def readinto(self, buf):
        self._check(I2S.RX)
        return _i2s_read(self._id, addressof(buf), byte_length(buf))

    def write(self, buf):
        self._check(I2S.TX)
        return _i2s_write(self._id, addressof(buf), byte_length(buf))

    def deinit(self):
        _bridge.i2s_close(self._id)
        self._mode = 0

    def _check(self, mode):
        if self._mode != mode:
            raise OSError(1)
        if not self._polled:
            raise RuntimeError("this call would block the badge: poll the I2S object first")

    # select.poll asks this; like the driver, it makes the object non-blocking for good.
    def _ready(self, mask):
        self._polled = True
        if self._mode == I2S.RX:
            return mask & 1 if _bridge.i2s_readable(self._id) else 0
        return mask & 4 if _bridge.i2s_writable(self._id) else 0


def unique_id():
    from binascii import unhexlify

    return unhexlify(_bridge.unique_id())


def freq(hz=None):
    global _frequency_hz
    if hz is None:
        return _frequency_hz
    if hz not in _FREQUENCIES_HZ:
        raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz, 160MHz or 240MHz")
    _frequency_hz = hz


def reset():
    restart(HARD_RESET)


def lightsleep(time_ms=0):
    sleep_ms(time_ms)


def _swaps_mono():
    from _chip import chip

    return chip() == "esp32"


# What is not needed takes no memory; in C it would take none at all.
def __getattr__(name):
    if name == "ADC":
        from _adc import ADC as part
    elif name == "I2C":
        from _i2c import I2C as part
    elif name == "SPI":
        from _spi import SPI as part
    elif name == "RTC":
        from _rtc import RTC as part
    elif name == "WDT":
        from _watchdog import WDT as part
    else:
        raise AttributeError(name)
    return part
