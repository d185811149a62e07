"""A second emulated badge, made without a look at the product's own: so that `pressel flash` cannot
live on that one's habits.

It reads a byte at a time, answers slowly and in odd pieces, prints boot messages before it listens,
takes blocks only in their order, waits for the acknowledgements of a read, and speaks raw-paste.
Its MicroPython is CPython with the badge's files: what it is sent is run. Sources: the serial
protocol in esptool's documentation, "The REPL" in MicroPython's, Espressif's technical manuals.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import pty
import select
import struct
import sys
import threading
import time
import tty
import types
import zlib
from collections.abc import Iterator

from tests.patience import PATIENCE_S

from pressel.flash.filesystem import make_filesystem, read_filesystem
from pressel.flash.nvs import make_nvs, read_nvs
from pressel.flash.partitions import TABLE_AT, TABLE_BYTES, find_nvs, find_vfs, read_table

# Newer steppings than the product's emulator has, and more flash.
CHIPS = {
    "esp32": {"id": None, "spi": 0x3FF42000, "w0": 0x80, "usr2": 0x24, "revision": "3.1"},
    "esp32s3": {"id": 9, "spi": 0x60002000, "w0": 0x58, "usr2": 0x20, "revision": "0.2"},
    "esp32c3": {"id": 5, "spi": 0x60002000, "w0": 0x58, "usr2": 0x20, "revision": "0.4"},
}
_PIECES = (1, 7, 3, 64, 2, 31)  # bytes at a time, in turn
_PAUSE_S = 0.0005
_GARBAGE = b"\x00\xf8\xe0ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3\r\n"
_WINDOW_BYTES = 128
_IN_FLIGHT = 2  # blocks of a read that nobody has acknowledged


class _Over(Exception):
    """The badge is switched off."""


class OtherBadge:
    """Serves on `port` while it is entered. `log` has what the person at the badge would see."""

    def __init__(self, chip: str, flash: bytearray, mac: bytes) -> None:
        self.chip = CHIPS[chip]
        self.name = chip
        self.flash = flash
        self.mac = mac
        self.log: list[str] = []
        self.full = False  # nothing can be written to its file system
        self._started = threading.Condition()
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._off, self._switch = os.pipe()
        self._bytes = self._incoming()
        self._pieces = itertools.cycle(_PIECES)
        self._stub = False
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> OtherBadge:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._switch, b"x")
        self._thread.join()
        for handle in (self._master, self._slave, self._off, self._switch):
            os.close(handle)

    def wait_until_it_runs(self, starts: int) -> None:
        """Until the firmware was started so often."""
        with self._started:
            assert self._started.wait_for(lambda: len(self.log) >= starts, PATIENCE_S), self.log

    # --- the line ---

    def _incoming(self) -> Iterator[int]:
        while True:
            ready, _, _ = select.select([self._master, self._off], [], [])
            if self._off in ready:
                raise _Over
            yield from os.read(self._master, 512)

    def _say(self, data: bytes) -> None:
        while data:
            size = next(self._pieces)
            os.write(self._master, data[:size])
            data = data[size:]
            time.sleep(_PAUSE_S)

    def _live(self) -> None:
        self._say(_GARBAGE)
        try:
            first = next(self._bytes)
            while True:
                first = self._loader(first) if first == 0xC0 else self._micropython(first)
        except _Over:
            pass

    # --- the boot loader ---

    def _packet(self) -> bytes:
        """A packet whose opening 0xC0 was read."""
        packet = bytearray()
        for byte in self._bytes:
            if byte == 0xC0 and packet:
                return bytes(packet)
            if byte == 0xDB:
                packet.append({0xDC: 0xC0, 0xDD: 0xDB}[next(self._bytes)])
            elif byte != 0xC0:
                packet.append(byte)
        raise _Over

    def _frame(self, content: bytes) -> None:
        body = content.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
        self._say(b"\xc0" + body + b"\xc0")

    def _loader(self, _first: int) -> int:
        """Serve packets until something else comes, which is for MicroPython."""
        state = types.SimpleNamespace(registers=self._registers(), at=0, next=0, unpack=None)
        while True:
            packet = self._packet()
            _, op, _, checksum = struct.unpack_from("<BBHI", packet)
            self._serve(op, packet[8:], checksum, state)
            following = next(self._bytes)
            if following != 0xC0:
                self._stub = False
                return following

    def _serve(self, op: int, body: bytes, checksum: int, state: types.SimpleNamespace) -> None:
        def answer(value: int = 0, data: bytes = b"", error: int = 0) -> None:
            tail = bytes([bool(error), error]) + (b"" if self._stub else b"\0\0")
            self._frame(struct.pack("<BBHI", 1, op, len(data + tail), value) + data + tail)

        words = struct.unpack(f"<{min(len(body) // 4, 4)}I", body[: min(len(body) // 4, 4) * 4])
        if op == 0x08:
            for _ in range(8):
                answer(0 if self._stub else 0x07071220)
        elif op == 0x0A:
            answer(state.registers.get(words[0], 0))
        elif op == 0x09:
            state.registers[words[0]] = words[1]
            if words[0] == self.chip["spi"] and words[1] & 1 << 18:
                is_id = state.registers.get(words[0] + self.chip["usr2"], 0) & 0xFF == 0x9F
                size = len(self.flash).bit_length() - 1
                state.registers[words[0] + self.chip["w0"]] = 0x40C8 | size << 16 if is_id else 0
                state.registers[words[0]] = 0
            answer()
        elif op == 0x14 and self.chip["id"] is not None:
            answer(data=struct.pack("<IB7sII", 0, 0, bytes(7), self.chip["id"], 4))
        elif op == 0x06 and words[1]:
            answer()
            self._stub = True
            self._frame(b"OHAI")
        elif op in (0x02, 0x10):
            state.at, state.next = words[3], 0
            state.unpack = zlib.decompressobj() if op == 0x10 else None
            end = -(-(words[3] + words[0]) // 4096) * 4096
            self.flash[words[3] : end] = b"\xff" * (end - words[3])
            answer()
        elif op in (0x03, 0x11, 0x07):
            data = body[16:]
            total = 0xEF
            for byte in data:
                total ^= byte
            if total != checksum & 0xFF or (op != 0x07 and words[1] != state.next):
                answer(error=0x07)
                return
            state.next += 1
            if op != 0x07:
                data = state.unpack.decompress(data) if state.unpack else data
                for n, byte in enumerate(data):
                    self.flash[state.at + n] &= byte
                state.at += len(data)
            answer()
        elif op == 0x13:
            digest = hashlib.md5(self.flash[words[0] : words[0] + words[1]])
            answer(data=digest.digest() if self._stub else digest.hexdigest().encode())
        elif op == 0xD0 and self._stub:
            self.flash[:] = b"\xff" * len(self.flash)
            answer()
        elif op == 0xD2 and self._stub:
            answer()
            self._read_out(*words[:3])
        elif op in (0x04, 0x05, 0x06, 0x0B, 0x0D, 0x0F, 0x12):
            answer()
        else:
            answer(error=0x05)

    def _read_out(self, at: int, size: int, block: int) -> None:
        data = bytes(self.flash[at : at + size])
        acknowledged = sent = 0
        while acknowledged < size:
            if sent < size and sent - acknowledged < _IN_FLIGHT * block:
                self._frame(data[sent : sent + block])
                sent = min(size, sent + block)
                continue
            assert next(self._bytes) == 0xC0
            (acknowledged,) = struct.unpack("<I", self._packet())
        self._frame(hashlib.md5(data).digest())

    def _registers(self) -> dict[int, int]:
        high, low = int.from_bytes(self.mac[:2], "big"), int.from_bytes(self.mac[2:], "big")
        if self.name == "esp32":  # revision 3: bits in three words
            crc = 0
            for byte in self.mac:
                crc ^= byte
                for _ in range(8):
                    crc = (crc >> 1) ^ (0x8C if crc & 1 else 0)
            words = {0x3FF5A004: low, 0x3FF5A008: high | crc << 16, 0x3FF5A00C: 1 << 15}
            return {0x40001000: 0x00F01D83, 0x3FF5A014: 1 << 20 | 1 << 24, **words}
        base = {"esp32s3": 0x60007044, "esp32c3": 0x60008844}[self.name]
        magic = {"esp32s3": 0x9, "esp32c3": 0x4881606F}[self.name]
        minor = int(self.chip["revision"][2:])
        return {0x40001000: magic, base: low, base + 4: high, base + 12: minor << 18}

    # --- MicroPython ---

    def _micropython(self, byte: int) -> int:
        """Run what the flash holds, then the prompt, until a packet of esptool comes."""
        is_raw = False
        line = bytearray()
        if byte != 0x03:
            self._start()
        while True:
            if byte == 0xC0:
                return byte
            if byte == 0x01:
                is_raw = True
                line.clear()
                self._say(b"raw REPL; CTRL-B to exit\r\n>")
            elif byte == 0x02:
                is_raw = False
                self._say(b"\r\nMicroPython v1.29.0 on 2026-08-24; other badge\r\n>>> ")
            elif byte == 0x05 and is_raw and not line:
                self._paste()
            elif byte == 0x04 and is_raw and line:
                self._say(b"OK")
                self._run(bytes(line))
                line.clear()
            elif byte == 0x04:
                self._say(b"OK\r\n" if is_raw else b"\r\n")
                self._say(b"MPY: soft reboot\r\n")
                if is_raw:
                    self._say(b"raw REPL; CTRL-B to exit\r\n>")
                else:
                    self._start()
            elif byte == 0x03:
                line.clear()
                self._say(b"\r\n>>> " if not is_raw else b"")
            elif is_raw and (byte >= 32 or byte in (9, 10)):
                line.append(byte)
            byte = next(self._bytes)

    def _paste(self) -> None:
        assert (next(self._bytes), next(self._bytes)) == (0x41, 0x01)
        self._say(b"R\x01" + struct.pack("<H", _WINDOW_BYTES))
        source = bytearray()
        while (byte := next(self._bytes)) != 0x04:
            source.append(byte)
            if len(source) % _WINDOW_BYTES == 0:
                self._say(b"\x01")
        self._say(b"\x04")
        self._run(bytes(source))

    def _run(self, source: bytes) -> None:
        files, values = self._content()
        before = (dict(files), json.dumps(values, default=repr))
        said = io.StringIO()
        error = ""
        try:
            exec(source, _badge_names(files, values, said, self.mac, self.full))
        except Exception as caught:
            error = f"Traceback (most recent call last):\r\n{type(caught).__name__}: {caught}\r\n"
        if before != (files, json.dumps(values, default=repr)):
            self._keep(files, values)
        self._say(said.getvalue().replace("\n", "\r\n").encode() + b"\x04" + error.encode())
        self._say(b"\x04>")

    def _start(self) -> None:
        """main.py, as far as it can be heard."""
        files, _ = self._content()
        if "main.py" not in files:
            self._say(b"MicroPython v1.29.0 on 2026-08-24; other badge\r\n>>> ")
            return
        name = json.loads(files["config.json"])["name"]
        with self._started:
            self.log.append(name)
            self._started.notify_all()
        for event, value in (("restart", [3, 5]), ("boot", name)):
            self._say(json.dumps({"ms": 400, "event": event, "value": value}).encode() + b"\r\n")

    def _places(self):
        rows = read_table(self.flash[TABLE_AT : TABLE_AT + TABLE_BYTES])
        nvs = find_nvs(rows)
        assert nvs is not None
        return nvs, find_vfs(rows, len(self.flash))

    def _content(self) -> tuple[dict[str, bytes], dict]:
        nvs, vfs = self._places()
        files = read_filesystem(bytes(self.flash[vfs.at : vfs.at + vfs.size]))
        return files, read_nvs(bytes(self.flash[nvs.at : nvs.at + nvs.size]))

    def _keep(self, files: dict[str, bytes], values: dict) -> None:
        nvs, vfs = self._places()
        self.flash[vfs.at : vfs.at + vfs.size] = make_filesystem(files, vfs.size)
        self.flash[nvs.at : nvs.at + nvs.size] = make_nvs(values, nvs.size)


def _badge_names(
    files: dict[str, bytes], values: dict, said: io.StringIO, mac: bytes, is_full: bool
) -> dict[str, object]:
    """What a program on the badge finds: its files, its storage, its console."""

    class Written(io.BytesIO):
        def __init__(self, path: str) -> None:
            super().__init__()
            self._path = path

        def close(self) -> None:
            files[self._path] = self.getvalue()
            super().close()

    def opened(path: str, mode: str = "r") -> object:
        if "w" in mode:
            if is_full:
                raise OSError(28)
            return Written(path)
        if path.lstrip("/") not in files:
            raise OSError(2)
        data = files[path.lstrip("/")]
        return io.BytesIO(data) if "b" in mode else io.StringIO(data.decode())

    def rename(old: str, new: str) -> None:
        files[new] = files.pop(old)

    class Nvs:
        def __init__(self, space: str) -> None:
            self._values = values.setdefault(space, {})

        def get_blob(self, key: str, buffer: bytearray) -> int:
            if key not in self._values:
                raise OSError(-4354)
            buffer[: len(self._values[key])] = self._values[key]
            return len(self._values[key])

        def set_blob(self, key: str, value: bytes) -> None:
            self._values[key] = bytes(value)

        def commit(self) -> None: ...

    modules = {
        "machine": types.SimpleNamespace(unique_id=lambda: mac),
        "os": types.SimpleNamespace(rename=rename),
        "esp32": types.SimpleNamespace(NVS=Nvs),
    }

    def imported(name: str, *rest: object) -> object:
        with contextlib.suppress(KeyError):
            return modules[name]
        __import__(name)
        return sys.modules[name]

    builtins = {**vars(__import__("builtins")), "open": opened, "__import__": imported}
    builtins["print"] = lambda *words: print(*words, file=said)
    return {"__builtins__": builtins}
