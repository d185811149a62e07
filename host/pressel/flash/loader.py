"""esptool behind a few calls, with its failures in our words and its progress as numbers.

esptool has one logger for the whole process: each thread's progress is told to its own listener.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

import serial
from esptool import cmds
from esptool.logger import EsptoolLogger, TemplateLogger
from esptool.reset import ResetStrategy
from esptool.util import FatalError

from pressel.errors import PresselError, disk_error
from pressel.printable import printable

from .line import Line, Stop, open_line
from .messages import FlashError, flash_error
from .port import is_gone

Region = tuple[int, bytes]  # address, content
_CHIPS = {"ESP32": "esp32", "ESP32-S3": "esp32s3", "ESP32-C3": "esp32c3"}
_SIZES = {"1MB": 1, "2MB": 2, "4MB": 4, "8MB": 8, "16MB": 16, "32MB": 32}
_ATTEMPTS = 3  # to reach the boot loader; each takes about two seconds
BAUD = 460_800  # what all usual USB bridges carry

# Limits are for a board that babbles: a silent one fails by esptool's own limits, a tenth of these.
_CONNECT_S = 120.0  # the attempts, and the stub over a slow line
_STEP_S = 60.0  # what every step may take, and more for its bytes:
_READ_BYTES_S = 4 << 10  # a third of what 115,200 baud carry
_WRITE_BYTES_S = 4 << 10  # while a slow flash erases 25 KB/s
_VERIFY_BYTES_S = 64 << 10  # half of what esptool takes for the slowest
_ERASE_S = 300.0  # 16 MiB take up to 100 s

# What esptool says when the board says nothing, or nothing that makes sense.
_MUTE = (
    "no serial data", "stream stopped", "no more data", "transfer stopped", "start stub",
    "invalid head", "invalid slip", "doesn't match", "write timeout", "timed out",
)  # fmt: skip
_local = threading.local()


class _Quiet(TemplateLogger):
    """Says nothing, and passes progress on."""

    def print(self, *args: object, **kwargs: object) -> None: ...
    def note(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...
    def stage(self, finish: bool = False) -> None: ...
    def set_verbosity(self, verbosity: str) -> None: ...

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "",
        bar_length: int = 30,
    ) -> None:  # fmt: skip
        tell = getattr(_local, "tell", None)
        if tell and total_iters:
            tell(cur_iter / total_iters)


# Once, for the whole process.
EsptoolLogger().set_logger(_Quiet())  # pyright: ignore
ResetStrategy.print_once = lambda *words: None  # pyright: ignore  (it kept the logger of before)


class Loader:
    """The chip on `port`, in its boot loader with esptool's stub. `revision`: 301 is 3.1."""

    def __init__(self, port: str, stop: Stop) -> None:
        self.port = port
        self._line = Line(port, stop)
        self._tell: Callable[[float], None] | None = None
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        try:
            with self._words("connect", _CONNECT_S):
                opened = open_line(self._line)
                self._esp = cmds.detect_chip(opened, connect_attempts=_ATTEMPTS)  # pyright: ignore[reportArgumentType]
        except FlashError as error:
            if error.code in ("loader", "mute"):
                raise flash_error("no-answer", port=self.port) from error
            raise
        with self._words("connect", _CONNECT_S):
            self.chip = _CHIPS.get(self._esp.CHIP_NAME, self._esp.CHIP_NAME)
            self.revision = int(self._esp.get_chip_revision())
            self.mac = bytes(self._esp.read_mac("BASE_MAC"))
            self._esp = cmds.run_stub(self._esp)
            if "://" not in self.port:
                self._esp.change_baud(BAUD)
            cmds.attach_flash(self._esp)
            self.flash_mib = _SIZES.get(str(cmds.detect_flash_size(self._esp)), 0)

    def read(self, at: int, size: int) -> bytes:
        with self._words("read", _STEP_S + size / _READ_BYTES_S):
            return cmds.read_flash(self._esp, at, size, no_progress=True) or b""

    def write(self, regions: list[Region], tell: Callable[[float], None]) -> None:
        """`tell` hears which share of all is done; an exception that it raises ends the work."""
        total = sum(len(data) for _, data in regions)
        done = 0
        for at, data in regions:
            size = len(data)
            self._tell = lambda share, done=done, size=size: tell((done + share * size) / total)
            with self._words("write", _STEP_S + size / _WRITE_BYTES_S):
                cmds.write_flash(self._esp, [(at, data)])
            done += size
        self._tell = None

    def verify(self, regions: list[Region]) -> None:
        total = sum(len(data) for _, data in regions)
        with self._words("verify", _STEP_S + total / _VERIFY_BYTES_S):
            cmds.verify_flash(self._esp, list(regions))

    def erase(self) -> None:
        with self._words("erase", _ERASE_S):
            cmds.erase_flash(self._esp)

    def restart(self) -> None:
        with self._words("start", _STEP_S):
            cmds.reset_chip(self._esp, "hard-reset")

    def leave(self) -> None:
        """Start again what the chip ran before, if it can be reached: nothing was changed."""
        with contextlib.suppress(Exception):
            cmds.reset_chip(self._esp, "hard-reset")

    def close(self) -> None:
        self._line.close()

    @contextlib.contextmanager
    def _words(self, stage: str, limit_s: float) -> Iterator[None]:
        _local.tell = self._tell
        try:
            with self._line.within(stage, limit_s):
                yield
        except FlashError:
            raise
        except Exception as error:  # esptool trips over what a badge says in many ways
            raise self._in_words(error, stage) from error
        finally:
            _local.tell = None

    def _in_words(self, error: Exception, stage: str) -> PresselError:
        full = disk_error(error)
        if full is not None:
            return full
        reason = (str(error).splitlines() or [type(error).__name__])[0].split(". ")[0].rstrip(".")
        if any(word in reason.lower() for word in _MUTE) and not is_gone(self.port):
            return flash_error("mute", port=self.port, stage=stage)
        if isinstance(error, (OSError, serial.SerialException)) or is_gone(self.port):
            return flash_error("unplugged", port=self.port, stage=stage)
        if not isinstance(error, FatalError):
            reason = f"{type(error).__name__}: {reason}"
        elif any(word in reason.lower() for word in ("verif", "md5", "digest", "mismatch")):
            return flash_error("verify-failed", port=self.port)
        return flash_error("loader", port=self.port, reason=printable(reason))
