"""One emulated badge: a pty that is bootloader (0xC0 comes first) or MicroPython (anything else).

The flash is a file and outlives the process. MicroPython boots what the flash holds: it runs the
firmware until Ctrl-C gives the prompt. Going back to the bootloader puts the files that were
changed back into the flash. A pty has no reset line, so what a reset would start is started by the
first byte that somebody sends.
"""

from __future__ import annotations

import array
import fcntl
import os
import pty
import select
import tempfile
import termios
import threading
import tty
from pathlib import Path

from pressel.flash.contents import forget_key, put_back, take_out

from .bootloader import Bootloader
from .faults import Faults, Unplugged
from .program import HARD_RESET, INTERRUPTED, SOFT_RESET, SOFT_RESET_RAW, Firmware, Repl

_END, _ESCAPE = b"\xc0", b"\xdb"
_INTERRUPT, _RUN = b"\x03", b"\x04"
_UNREAD_BYTES_MAX = 2048  # of what the firmware prints when nobody has the port open
_BABBLE = b"A" * 64
_BABBLE_S = 0.01  # between two
_STOPPED = b"Traceback (most recent call last):\r\nKeyboardInterrupt: \r\n"
MAC = bytes.fromhex("a0b1c2d3e4f5")


class EmulatedBadge:
    """Serves on `port`, a device path, until somebody calls `stop` or the fault unplugs it."""

    def __init__(
        self,
        chip: str,
        flash: Path,
        flash_bytes: int,
        mac: bytes = MAC,
        faults: Faults | None = None,
    ) -> None:
        self._file = flash
        content = bytearray(flash.read_bytes() if flash.exists() else b"\xff" * flash_bytes)
        self._faults = faults or Faults()
        self.bootloader = Bootloader(chip, content, mac, self._faults)
        self._chip = chip
        self._mac = mac
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        self._program: Firmware | Repl | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="pressel-badge-")
        self._folder = Path(self._scratch.name)
        self._packet: bytearray | None = None
        self._babbled = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        os.write(self._wake_write, b"x")
        if self._thread:
            self._thread.join()

    def __enter__(self) -> EmulatedBadge:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def run(self, *, is_powered: bool = False) -> None:
        """Serve until stopped or unplugged; `is_powered` runs what the flash holds at once."""
        try:
            if is_powered:
                self._boot()
            while self._turn():
                pass
        except Unplugged:
            pass
        finally:
            self._leave_program()
            for handle in (self._slave, self._master):
                os.close(handle)
            self._scratch.cleanup()

    def _turn(self) -> bool:
        sources = [self._master, self._wake_read, *([self._program] if self._program else [])]
        babble_s = _BABBLE_S if self._faults.is_babbling else None
        ready, _, _ = select.select(sources, [], [], babble_s)
        if self._faults.is_babbling and self._has_room():
            self._write(_BABBLE if self._babbled else _END + _BABBLE)  # a packet without an end
            self._babbled = True
        if self._wake_read in ready:
            return False
        if self._program and self._program in ready:
            data = self._program.read()
            if data is None:
                self._program_ended()
            else:
                self._show(data)
        if self._master in ready:
            self._take(os.read(self._master, 65536))
        return True

    def _take(self, data: bytes) -> None:
        while data:
            if self._packet is None:
                words, mark, data = data.partition(_END)
                if words:
                    self._to_program(words)
                if mark:
                    self._leave_program()
                    self._packet = bytearray()
                continue
            part, mark, data = data.partition(_END)
            self._packet += part
            if mark and self._packet:
                packet, self._packet = bytes(self._packet), None
                packet = packet.replace(b"\xdb\xdc", _END).replace(b"\xdb\xdd", _ESCAPE)
                for answer in self.bootloader.answer(packet):
                    coded = answer.replace(_ESCAPE, b"\xdb\xdd").replace(_END, b"\xdb\xdc")
                    self._write(_END + coded + _END)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]

    # --- MicroPython ---

    def _to_program(self, words: bytes) -> None:
        if self._faults.silent or self._faults.is_mute:
            return
        if self._program is None:
            self._faults.reach("start")
            if self._faults.is_mute or not self._boot(is_stopped=_INTERRUPT in words):
                return
        if _RUN in words and isinstance(self._program, Repl):
            self._faults.reach("check")
        assert self._program
        if not self._faults.is_mute:
            self._program.write(words)

    def _show(self, data: bytes) -> None:
        """A badge does not wait for a reader either."""
        if self._faults.is_mute:
            return
        if isinstance(self._program, Repl) or self._has_room():
            self._write(data)

    def _has_room(self) -> bool:
        unread = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, unread)
        return unread[0] < _UNREAD_BYTES_MAX

    def _boot(self, *, is_stopped: bool = False) -> bool:
        """Start what the flash holds, or its prompt when somebody stops it at once. False when it
        holds nothing that starts."""
        self.bootloader.reset()
        folder = self._folder / "flash"
        if not take_out(self.bootloader.flash, self._chip, folder):
            return False
        main = folder / "main.py"
        if self._faults.corrupt_file:
            main.write_bytes(main.read_bytes() + b"#")
        if self._faults.no_key:
            forget_key(folder)
        if is_stopped or not main.exists():
            self._program = self._repl()
        elif self._faults.crash:
            self._write(b"Traceback (most recent call last):\r\nOSError: planted\r\n")
            self._program = self._repl()
        else:
            self._program = Firmware(self._folder, self._mac)
        return True

    def _repl(self, *, is_raw: bool = False) -> Repl:
        faults = self._faults.of_bench()
        return Repl(self._folder, self._mac, self._chip, faults, is_raw=is_raw)

    def _program_ended(self) -> None:
        assert self._program
        held = self._program.held
        end = self._close_program()
        if end in (SOFT_RESET, HARD_RESET):
            self._boot()
            return
        if end == INTERRUPTED:
            self._write(_STOPPED)
        self._program = self._repl(is_raw=end == SOFT_RESET_RAW)
        self._program.write(held)

    def _leave_program(self) -> None:
        if self._program:
            self._close_program()
        self._save()

    def _close_program(self) -> str:
        assert self._program
        end = self._program.end()
        self._program = None
        if not (self._faults.corrupt_file or self._faults.no_key):
            is_changed = put_back(self.bootloader.flash, self._chip, self._folder / "flash")
            self.bootloader.is_dirty |= is_changed
        return end

    def _save(self) -> None:
        if self.bootloader.is_dirty:
            beside = self._file.with_name(self._file.name + ".new")
            beside.write_bytes(self.bootloader.flash)
            beside.replace(self._file)
            self.bootloader.is_dirty = False
