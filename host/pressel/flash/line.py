"""A serial line whose every wait ends: at a limit, or when somebody stops it.

esptool and mpremote wait as long as any bytes come, and they keep a thread busy that nobody can
end. All their waits are reads and writes of the port that we give them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import serial

from .messages import flash_error

_WRITE_S = 10.0  # a board takes what it is sent at once, or it hangs


class Stop:
    """Asked for once, by Ctrl-C, and meant for all lines, whatever they wait for."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lines: list[Line] = []  # only whole operations: a signal may come between any two

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        self._asked.set()
        for line in tuple(self._lines):
            line.wake()

    def watch(self, line: Line) -> None:
        self._lines.append(line)

    def forget(self, line: Line) -> None:
        with contextlib.suppress(ValueError):
            self._lines.remove(line)


class Line:
    """The port `name`, opened by `open_line` or by mpremote. `stage` is told in failures."""

    def __init__(self, name: str, stop: Stop) -> None:
        self.name = name
        self.stage = "connect"
        self._stop = stop
        self._end_s: float | None = None  # None: no limit yet
        self._port: serial.Serial | None = None
        self._write: Callable[[bytes], Any] | None = None

    def adopt(self, port: serial.Serial) -> serial.Serial:
        """Let the waits of `port` end, whoever uses it."""
        port.write_timeout = _WRITE_S
        self._write = port.write
        for name in ("read", "write", "inWaiting"):
            setattr(port, name, self._guarded(getattr(port, name)))
        self._port = port
        self._stop.watch(self)
        return port

    @contextlib.contextmanager
    def within(self, stage: str, limit_s: float) -> Iterator[None]:
        """Whatever the body waits for ends after `limit_s`: FlashError "stuck" or "stopped"."""
        self.stage = stage
        self._end_s = time.monotonic() + limit_s
        try:
            self.check()
            yield
        finally:
            self._end_s = None

    def check(self) -> None:
        """FlashError when it is time to end."""
        if self._stop.is_asked:
            raise flash_error("stopped", port=self.name, stage=self.stage)
        if self._end_s is not None and time.monotonic() > self._end_s:
            raise flash_error("stuck", port=self.name, stage=self.stage)

    def wake(self) -> None:
        """End a read or write that waits right now, from another thread or a signal."""
        for name in ("cancel_read", "cancel_write"):
            # Not every kind of port can do this, and the port may be closed by now: then its own
            # limit must do.
            with contextlib.suppress(AttributeError, OSError, TypeError):
                getattr(self._port, name)()

    def say(self, data: bytes) -> None:
        """Write `data` if that can be done at once, whatever the limit, even when somebody has
        stopped the line."""
        with contextlib.suppress(OSError, serial.SerialException, TypeError):
            if self._write is not None:
                self._write(data)

    def close(self) -> None:
        self._stop.forget(self)
        if self._port is not None:
            with contextlib.suppress(OSError, serial.SerialException):
                self._port.close()

    def _guarded(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any) -> Any:
            self.check()
            done = act(*given)
            self.check()
            return done

        return guarded


def open_line(line: Line) -> serial.Serial:
    """The port of `line`, as esptool opens one."""
    opened = serial.serial_for_url(line.name, exclusive=True)
    return line.adopt(opened)  # pyright: ignore[reportArgumentType] - whatever the system
