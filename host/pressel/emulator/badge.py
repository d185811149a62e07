"""One emulated badge: a pty that is bootloader (0xC0 comes first) or REPL (anything else).

The flash is a file and outlives the process. Entering the REPL boots what the flash holds; going
back to the bootloader puts the files that were changed there back into the flash.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import tempfile
import threading
import tty
from pathlib import Path

from pressel.flash.contents import put_back, take_out
from pressel.virtual.install import find_install
from pressel.virtual.shim_image import shim_image

from .bootloader import Bootloader, Unplugged
from .faults import Faults

_END, _ESCAPE = b"\xc0", b"\xdb"
_RESET_CODES = {4: False, 5: True}  # exit code of the REPL -> comes back raw
_REPL = Path(__file__).with_name("repl.mjs")
MAC = bytes.fromhex("a0b1c2d3e4f5")


class EmulatedBadge:
    """Serves on `port`, a device path, until `stop` is called or the fault unplugs it."""

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
        self._repl: subprocess.Popen[bytes] | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="pressel-badge-")
        self._packet: bytearray | None = None
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

    def run(self) -> None:
        """Serve until stopped or unplugged."""
        try:
            while self._turn():
                pass
        except Unplugged:
            pass
        finally:
            self._leave_repl()
            self._save()
            for handle in (self._slave, self._master):
                os.close(handle)
            self._scratch.cleanup()

    def _turn(self) -> bool:
        sources: list[int] = [self._master, self._wake_read]
        output = self._repl.stdout if self._repl else None
        if output:
            sources.append(output.fileno())
        ready, _, _ = select.select(sources, [], [])
        if self._wake_read in ready:
            return False
        if output and output.fileno() in ready:
            data = os.read(output.fileno(), 65536)
            if data:
                self._write(data)
            else:
                self._repl_ended()
        if self._master in ready:
            self._take(os.read(self._master, 65536))
        return True

    def _take(self, data: bytes) -> None:
        while data:
            if self._packet is None:
                words, mark, data = data.partition(_END)
                if words:
                    self._to_repl(words)
                if mark:
                    self._leave_repl()
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

    # --- REPL ---

    def _to_repl(self, words: bytes) -> None:
        if self._faults.silent or (self._repl is None and not self._boot(is_raw=False)):
            return
        assert self._repl and self._repl.stdin
        with contextlib.suppress(BrokenPipeError):
            self._repl.stdin.write(words)

    def _boot(self, *, is_raw: bool) -> bool:
        """Start what the flash holds; False when it holds nothing that starts."""
        self.bootloader.reset()
        folder = Path(self._scratch.name) / "flash"
        if not is_raw or not folder.exists():
            if not take_out(self.bootloader.flash, self._chip, folder):
                return False
            if self._faults.corrupt_file:
                with (folder / "main.py").open("ab") as file:
                    file.write(b"#")
        shims = Path(self._scratch.name) / "shims"
        shims.write_bytes(shim_image())
        install = find_install()
        args = [str(install.node), "--no-warnings", str(_REPL), "--modules", str(install.modules),
                "--shims", str(shims), "--flash", str(folder), "--id", self._mac.hex()]  # fmt: skip
        pipe = subprocess.PIPE
        command = args + (["--raw"] if is_raw else [])
        self._repl = subprocess.Popen(command, stdin=pipe, stdout=pipe, bufsize=0)
        return True

    def _repl_ended(self) -> None:
        assert self._repl
        code = self._close_repl()
        if code in _RESET_CODES:
            self._boot(is_raw=_RESET_CODES[code])

    def _leave_repl(self) -> None:
        if self._repl:
            self._close_repl()
        self._save()

    def _close_repl(self) -> int:
        assert self._repl and self._repl.stdin and self._repl.stdout
        self._repl.stdin.close()
        try:
            code = self._repl.wait(10)
        except subprocess.TimeoutExpired:
            self._repl.kill()
            code = self._repl.wait()
        self._repl.stdout.close()
        self._repl = None
        folder = Path(self._scratch.name) / "flash"
        if not self._faults.corrupt_file:
            self.bootloader.is_dirty |= put_back(self.bootloader.flash, self._chip, folder)
        return code

    def _save(self) -> None:
        if self.bootloader.is_dirty:
            beside = self._file.with_name(self._file.name + ".new")
            beside.write_bytes(self.bootloader.flash)
            beside.replace(self._file)
            self.bootloader.is_dirty = False
