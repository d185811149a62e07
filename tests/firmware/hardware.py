"""Peripherals as plain objects that a test sets and looks at."""

from __future__ import annotations

import errno
from array import array
from typing import Any

from pressel.block_cipher import BlockCipher


class Pin:
    """All pins of one number share their level."""

    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2
    levels: dict[int, int] = {}
    written: list[tuple[int, int]] = []

    def __init__(
        self, number: int, mode: int = -1, pull: int = -1, *, value: int | None = None
    ) -> None:
        self.number = number
        if value is not None:
            self.value(value)
        if mode == Pin.IN:
            Pin.levels[number] = 1 if pull == Pin.PULL_UP else 0

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return Pin.levels[self.number]
        Pin.written.append((self.number, level))
        return None


class I2S:
    """A receiver that gives out `samples`, a transmitter that takes at most `room_bytes`."""

    RX = 1
    TX = 2
    MONO = 0
    made: list[I2S] = []

    def __init__(self, number: int, **settings: Any) -> None:
        self.number = number
        self.settings = settings
        self.samples = array("h")
        self.room_bytes = 1 << 20
        self.taken = bytearray()
        self.is_open = True
        I2S.made.append(self)

    def deinit(self) -> None:
        self.is_open = False

    def readinto(self, buffer: memoryview | array[int]) -> int:
        count = min(len(self.samples), len(buffer))
        memoryview(buffer)[:count] = memoryview(self.samples)[:count]
        del self.samples[:count]
        return 2 * count

    def write(self, buffer: array[int]) -> int:
        assert self.is_open
        data = buffer.tobytes()[: self.room_bytes]
        self.taken += data
        return len(data)


class Poll:
    """A socket is ready when its inbox is not empty; what was registered can be seen."""

    registered: list[Any] = []

    def __init__(self) -> None:
        self.things: list[Any] = []

    def register(self, thing: Any, mask: int) -> None:
        Poll.registered.append(thing)
        self.things.append(thing)

    def unregister(self, thing: Any) -> None:
        self.things.remove(thing)

    def ipoll(self, timeout_ms: int) -> list[tuple[Any, int]]:
        return [(each, 1) for each in self.things if each.inbox]

    def poll(self, timeout_ms: int) -> list[Any]:
        return []


class Socket:
    """`inbox` holds datagrams to receive; `send_error` is raised by the next sends."""

    def __init__(self) -> None:
        self.inbox: list[tuple[bytes, tuple[str, int]]] = []
        self.sent: list[tuple[bytes, Any]] = []
        self.send_error = 0
        self.options: list[tuple[int, int, Any]] = []
        self.blocking = True
        self.port = 0
        self.is_closed = False

    def setblocking(self, flag: bool) -> None:
        self.blocking = flag

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        if option == SocketModule.IP_ADD_MEMBERSHIP and SocketModule.has_no_network:
            raise OSError(errno.ENODEV)
        self.options.append((level, option, value))

    def bind(self, address: tuple[str, int]) -> None:
        self.port = address[1]

    def close(self) -> None:
        self.is_closed = True

    def recvfrom(self, limit: int) -> tuple[bytes, tuple[str, int]]:
        assert not self.blocking
        if not self.inbox:
            raise OSError(errno.EAGAIN)
        data, source = self.inbox.pop(0)
        return data[:limit], source

    def sendto(self, data: bytes, address: Any) -> int:
        if self.send_error:
            raise OSError(self.send_error, "as the test says")
        self.sent.append((bytes(data), address))
        return len(data)


class SocketModule:
    AF_INET = 2
    SOCK_DGRAM = 2
    SOL_SOCKET = 0xFFF
    SO_BROADCAST = 32
    SO_REUSEADDR = 4
    IPPROTO_IP = 0
    IP_ADD_MEMBERSHIP = 3
    made: list[Socket] = []
    is_full = False  # no socket is left
    has_no_network = False

    def socket(self, family: int, kind: int) -> Socket:
        assert (family, kind) == (self.AF_INET, self.SOCK_DGRAM)
        if SocketModule.is_full:
            raise OSError(errno.ENFILE)
        SocketModule.made.append(Socket())
        return SocketModule.made[-1]


class Wlan:
    """A station whose network comes and goes as the test says; remembers what it was told."""

    PM_NONE = 0
    PM_PERFORMANCE = 1
    made: list[Wlan] = []
    pm_errors = 0  # so many orders about power save raise first
    trouble: type[Exception] = OSError  # what calls raise: the other is RuntimeError

    def __init__(self, interface: int) -> None:
        self.is_near = False
        self.is_busy = False
        self.refused = 0  # so many calls of connect raise first
        self.rssi_dbm = -50
        self.points: list[tuple[bytes, bytes, int]] = []  # name, address, dBm
        self.calls: list[Any] = []
        Wlan.made.append(self)

    def active(self, on: bool) -> None:
        self.calls.append(("active", on))

    def connect(self, ssid: str, password: str, bssid: bytes | None = None) -> None:
        if self.refused:
            self.refused -= 1
            raise Wlan.trouble("Wifi Internal State Error")
        self.calls.append(("connect", ssid, password) + ((bssid,) if bssid else ()))

    def disconnect(self) -> None:
        if self.is_busy:
            raise Wlan.trouble("Wifi Internal Error")
        self.calls.append(("disconnect",))

    def isconnected(self) -> bool:
        return self.is_near

    def config(self, what: str = "", pm: int = -1) -> int:
        if what:
            return {"channel": 11}[what]
        if Wlan.pm_errors:
            Wlan.pm_errors -= 1
            raise Wlan.trouble("Wifi Internal Error")
        self.calls.append(("pm", pm))
        return pm

    def status(self, what: str) -> int:
        if not self.is_near:
            raise Wlan.trouble("Wifi Not Connected")
        return self.rssi_dbm

    def scan(self) -> list[tuple[bytes, bytes, int, int, int, bool]]:
        if self.is_busy:
            raise Wlan.trouble("Wifi Internal Error")
        return [(name, bssid, 1, dbm, 3, False) for name, bssid, dbm in self.points]


class Adc:
    """Every pin has the same voltage, which a test sets."""

    ATTN_11DB = 3
    pin_mv = 2000

    def __init__(self, pin: Pin, atten: int) -> None:
        assert atten == Adc.ATTN_11DB

    def read_uv(self) -> int:
        return Adc.pin_mv * 1000


class I2C:
    """A bus that remembers what was written: (address, register, bytes) or (address, bytes)."""

    written: list[tuple[Any, ...]] = []

    def __init__(self, bus: int, sda: Pin, scl: Pin, freq: int) -> None:
        self.freq = freq

    def writeto(self, address: int, data: bytes) -> None:
        I2C.written.append((address, bytes(data)))

    def writevto(self, address: int, parts: Any) -> None:
        I2C.written.append((address, b"".join(bytes(part) for part in parts)))

    deaf = 0  # so many calls that nobody answers come first

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        I2C.written.append((address, register, bytes(data)))

    def readfrom_mem(self, address: int, register: int, count: int) -> bytes:
        if I2C.deaf:
            I2C.deaf -= 1
            raise OSError(19)
        return b"\xf1"[:count]


class FrameBuffer:
    """Remembers the words that were drawn."""

    drawn: list[tuple[str, int, int]] = []

    def __init__(self, data: bytearray, width: int, height: int, form: int) -> None:
        assert len(data) == width * height // 8

    def fill(self, colour: int) -> None:
        FrameBuffer.drawn.clear()

    def text(self, words: str, x: int, y: int, colour: int) -> None:
        FrameBuffer.drawn.append((words, x, y))

    def pixel(self, x: int, y: int) -> int:
        """Each letter is its left edge."""
        return int(x % 8 == 0)

    rectangles: list[tuple[int, int, int, int]] = []

    def fill_rect(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        FrameBuffer.rectangles.append((x, y, width, height))


class Spi:
    """A bus that remembers what was written."""

    written: list[bytes] = []

    def __init__(self, bus: int, *, baudrate: int, sck: Pin, mosi: Pin, miso: Pin) -> None:
        self.baudrate = baudrate

    def write(self, data: bytes) -> None:
        Spi.written.append(bytes(data))


class NeoPixel:
    """Remembers the colours that were written."""

    shown: list[tuple[int, int, int]] = []

    def __init__(self, pin: Pin, count: int) -> None:
        self.pixels = [(0, 0, 0)] * count

    def __setitem__(self, index: int, colour: tuple[int, int, int]) -> None:
        self.pixels[index] = colour

    def write(self) -> None:
        NeoPixel.shown.append(self.pixels[0])


class Wdt:
    fed = 0

    def __init__(self, timeout: int) -> None:
        self.timeout = timeout

    def feed(self) -> None:
        Wdt.fed += 1


class Reset(BaseException):
    """The chip restarts: nothing behind it runs."""


class Machine:
    """The functions of `machine`."""

    PWRON_RESET = 1
    naps_ms: list[int] = []
    cause = 1
    hz = 160_000_000
    hz_max = 240_000_000

    @staticmethod
    def freq(hz: int) -> None:
        if hz > Machine.hz_max:
            raise ValueError("frequency must be 20MHz, 40MHz, 80Mhz or 160MHz")
        Machine.hz = hz

    @staticmethod
    def reset() -> None:
        raise Reset

    @staticmethod
    def reset_cause() -> int:
        return Machine.cause

    @staticmethod
    def unique_id() -> bytes:
        return b"\x02\x00\x00\x00\x00\x07"

    @staticmethod
    def lightsleep(time_ms: int) -> None:
        Machine.naps_ms.append(time_ms)


class Rtc:
    """`machine.RTC`: its memory outlives a restart, and a brown-out."""

    kept = b""

    def memory(self, data: bytes | None = None) -> bytes | None:
        if data is None:
            return Rtc.kept
        Rtc.kept = data
        return None


class Aes(BlockCipher):
    """`cryptolib.aes` as the firmware uses it: ECB."""

    def __init__(self, key: bytes, mode: int) -> None:
        assert mode == 1
        super().__init__(key)


class NVS:
    """One storage for all; `broken` keys raise as if they had never been written."""

    kept: dict[str, Any] = {}
    commits = 0

    def __init__(self, namespace: str) -> None:
        assert 1 <= len(namespace) <= 15

    def get_i32(self, key: str) -> int:
        if not isinstance(NVS.kept.get(key), int):
            raise OSError(-4354)
        return NVS.kept[key]

    def set_i32(self, key: str, value: int) -> None:
        NVS.kept[key] = value

    def get_blob(self, key: str, buffer: bytearray) -> int:
        if not isinstance(NVS.kept.get(key), bytes):
            raise OSError(-4354)
        value = NVS.kept[key]
        buffer[: len(value)] = value
        return len(value)

    def set_blob(self, key: str, value: bytes) -> None:
        NVS.kept[key] = bytes(value)

    def commit(self) -> None:
        NVS.commits += 1
