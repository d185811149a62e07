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

from .messages import FlashError, flash_error
from .port import is_gone

Region = tuple[int, bytes]  # address, content
_CHIPS = {"ESP32": "esp32", "ESP32-S3": "esp32s3", "ESP32-C3": "esp32c3"}
_SIZES = {"1MB": 1, "2MB": 2, "4MB": 4, "8MB": 8, "16MB": 16, "32MB": 32}
_ATTEMPTS = 3  # to reach the boot loader; each takes about two seconds
BAUD = 460_800  # what all usual USB bridges carry
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
    """The chip on `port`, in its boot loader with esptool's stub. `stage` is told in failures."""

    def __init__(self, port: str) -> None:
        self.port = port
        self.stage = "connect"
        self._tell: Callable[[float], None] | None = None
        try:
            with self._words():
                self._esp = cmds.detect_chip(port, connect_attempts=_ATTEMPTS)
        except FlashError as error:
            if error.code == "loader":
                raise flash_error("no-answer", port=port) from error
            raise
        try:
            with self._words():
                self.chip = _CHIPS.get(self._esp.CHIP_NAME, self._esp.CHIP_NAME)
                self.mac = bytes(self._esp.read_mac("BASE_MAC"))
                self._esp = cmds.run_stub(self._esp)
                if "://" not in port:
                    self._esp.change_baud(BAUD)
                cmds.attach_flash(self._esp)
                self.flash_mib = _SIZES.get(str(cmds.detect_flash_size(self._esp)), 0)
        except BaseException:
            self.close()
            raise

    def read(self, at: int, size: int) -> bytes:
        self.stage = "read"
        with self._words():
            return cmds.read_flash(self._esp, at, size, no_progress=True) or b""

    def write(self, regions: list[Region], tell: Callable[[float], None]) -> None:
        """`tell` hears which share of all is done; an exception of its ends it."""
        self.stage = "write"
        total = sum(len(data) for _, data in regions)
        done = 0
        for at, data in regions:
            size = len(data)
            self._tell = lambda share, done=done, size=size: tell((done + share * size) / total)
            with self._words():
                cmds.write_flash(self._esp, [(at, data)])
            done += size
        self._tell = None

    def verify(self, regions: list[Region]) -> None:
        self.stage = "verify"
        with self._words():
            cmds.verify_flash(self._esp, list(regions))

    def erase(self) -> None:
        self.stage = "erase"
        with self._words():
            cmds.erase_flash(self._esp)

    def restart(self) -> None:
        self.stage = "start"
        with self._words():
            cmds.reset_chip(self._esp, "hard-reset")

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._esp._port.close()

    @contextlib.contextmanager
    def _words(self) -> Iterator[None]:
        _local.tell = self._tell
        try:
            yield
        except FlashError:
            raise
        except Exception as error:  # esptool trips over what a badge says in many ways
            if isinstance(error, (OSError, serial.SerialException)) or is_gone(self.port):
                raise flash_error("unplugged", port=self.port, stage=self.stage) from error
            reason = (str(error).splitlines() or [type(error).__name__])[0].split(". ")[0]
            if not isinstance(error, FatalError):
                reason = f"{type(error).__name__}: {reason}"
            elif any(word in reason.lower() for word in ("verif", "md5", "digest", "mismatch")):
                raise flash_error("verify-failed", port=self.port) from error
            raise flash_error("loader", port=self.port, reason=reason) from error
        finally:
            _local.tell = None
