"""What takes part in `make bench-relay`: a process that passes each packet of one talker on to many
listeners, whose sockets are here."""

from __future__ import annotations

import selectors
import socket
import subprocess
import time

LISTENERS_HOST = "127.0.0.1"
ROOM_BYTES = 1 << 20  # of a listener's socket: this process may be late
DATAGRAM_BYTES_MAX = 2048

Address = tuple[str, int]


def cpu_s(pid: int) -> float:
    """Processor time of another process so far. Linux makes the clock's number of the pid so."""
    return time.clock_gettime((~pid << 3) | 2)


class Ear:
    """A listener's socket, which counts the frames of 20 ms that come, one a packet."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM_BYTES)
        self.socket.bind((LISTENERS_HOST, 0))
        self.socket.setblocking(False)
        self.frames = 0

    @property
    def address(self) -> Address:
        return self.socket.getsockname()

    def drain(self) -> None:
        """Take all that has come."""
        while True:
            try:
                data = self.socket.recv(DATAGRAM_BYTES_MAX)
            except BlockingIOError:
                return
            self.take(data)

    def take(self, data: bytes) -> None:
        self.frames += 1


class Contestant:
    """`ears`: its listeners, and the talker's if that needs one. Composed by each contestant with
    the process that it measures."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], ears: list[Ear]) -> None:
        self.name = name
        self.process = process
        self.ears = ears
        self.selector = selectors.DefaultSelector()
        for ear in ears:
            self.selector.register(ear.socket, selectors.EVENT_READ, ear)
        self._cpu_s = 0.0
        self._frames = 0
        self._rested_s = 0.0  # processor time, and how long it was measured, while others spoke
        self._rest_s = 0.0

    def add(self, ear: Ear) -> None:
        self.ears.append(ear)
        self.selector.register(ear.socket, selectors.EVENT_READ, ear)

    def listen(self, wait_s: float) -> None:
        """Drain the ears until `wait_s` have passed."""
        until_s = time.monotonic() + wait_s
        while (left_s := until_s - time.monotonic()) > 0:
            for key, _ in self.selector.select(left_s):
                key.data.drain()

    def mark(self) -> None:
        """A turn begins."""
        self._cpu_s = cpu_s(self.process.pid)
        self._frames = sum(ear.frames for ear in self.ears)

    def spent(self) -> tuple[float, int]:
        """(processor seconds, frames delivered) since then."""
        frames = sum(ear.frames for ear in self.ears)
        return cpu_s(self.process.pid) - self._cpu_s, frames - self._frames

    def rested(self, wall_s: float) -> None:
        """Since the mark it had nothing to do but to keep its members."""
        self._rested_s += cpu_s(self.process.pid) - self._cpu_s
        self._rest_s += wall_s

    @property
    def rest_share(self) -> float:
        """Of a core, at rest."""
        return self._rested_s / self._rest_s if self._rest_s else 0.0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.selector.close()
        for ear in self.ears:
            ear.socket.close()
