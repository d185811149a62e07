"""Peripherals as plain objects that a test sets and looks at."""

from __future__ import annotations

import errno
from array import array
from typing import Any


class Pin:
    """All pins of one number share their level."""

    IN = 1
    OUT = 3
    PULL_DOWN = 1
    PULL_UP = 2
    levels: dict[int, int] = {}
    written: list[tuple[int, int]] = []

    def __init__(self, number: int, mode: int = -1, pull: int = -1) -> None:
        self.number = number
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
        I2S.made.append(self)

    def readinto(self, buffer: memoryview) -> int:
        count = min(len(self.samples), len(buffer))
        buffer[:count] = memoryview(self.samples)[:count]
        del self.samples[:count]
        return 2 * count

    def write(self, buffer: array[int]) -> int:
        data = buffer.tobytes()[: self.room_bytes]
        self.taken += data
        return len(data)


class Poll:
    """Counts nothing and is never ready; what was registered can be seen."""

    registered: list[Any] = []

    def register(self, thing: Any, mask: int) -> None:
        Poll.registered.append(thing)

    def poll(self, timeout_ms: int) -> list[Any]:
        return []


class Socket:
    """`inbox` holds datagrams to receive; `send_error` is raised by the next sends."""

    def __init__(self) -> None:
        self.inbox: list[tuple[bytes, tuple[str, int]]] = []
        self.sent: list[tuple[bytes, Any]] = []
        self.send_error = 0
        self.options: list[tuple[int, int, int]] = []
        self.blocking = True

    def setblocking(self, flag: bool) -> None:
        self.blocking = flag

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.options.append((level, option, value))

    def bind(self, address: tuple[str, int]) -> None:
        assert address[1] == 0

    def recvfrom(self, limit: int) -> tuple[bytes, tuple[str, int]]:
        assert not self.blocking
        if not self.inbox:
            raise OSError(errno.EAGAIN)
        data, source = self.inbox.pop(0)
        return data[:limit], source

    def sendto(self, data: bytes, address: Any) -> int:
        if self.send_error:
            raise OSError(self.send_error)
        self.sent.append((bytes(data), address))
        return len(data)


class SocketModule:
    AF_INET = 2
    SOCK_DGRAM = 2
    SOL_SOCKET = 0xFFF
    SO_BROADCAST = 32
    made: list[Socket] = []

    def socket(self, family: int, kind: int) -> Socket:
        assert (family, kind) == (self.AF_INET, self.SOCK_DGRAM)
        SocketModule.made.append(Socket())
        return SocketModule.made[-1]


class Wlan:
    """A station whose network comes and goes as the test says; remembers what it was told."""

    PM_NONE = 0
    made: list[Wlan] = []

    def __init__(self, interface: int) -> None:
        self.is_near = False
        self.calls: list[Any] = []
        Wlan.made.append(self)

    def active(self, on: bool) -> None:
        self.calls.append(("active", on))

    def connect(self, ssid: str, password: str) -> None:
        self.calls.append(("connect", ssid, password))

    def isconnected(self) -> bool:
        return self.is_near

    def config(self, pm: int) -> None:
        self.calls.append(("pm", pm))
