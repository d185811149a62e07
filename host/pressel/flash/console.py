"""The badge's MicroPython over its serial port, by mpremote's own transport."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from pressel.printable import printable

from .identity import Identity
from .line import Line, Stop
from .messages import FlashError, flash_error
from .nvs import NAMESPACE
from .port import is_gone

_RETURN_S = 10.0  # a chip with a USB port of its own is gone for a moment after a restart
_PROMPT_S = 25.0  # for the prompt: a scan of the air cannot be interrupted for some seconds
_ATTEMPT_S = 8.0
_ANSWER_S = 10.0  # the longest silence of a badge that works
_RUN_S = 60.0  # the longest that flashing's programs run: they hash some 100 KB
_SILENT_S = 15.0  # beyond a program's own limit, for what it says in the end
_HEARD_BYTES_MAX = 1 << 16  # of a start: only the end of it is kept
_START_S = 20.0  # for the firmware's first words: on a badge about three seconds
_PROMPT = b"\n>>> "
_HASHES = """
import hashlib, binascii, json
def _hash(path):
    digest = hashlib.sha256()
    try:
        with open(path, 'rb') as file:
            while True:
                block = file.read(512)
                if not block:
                    break
                digest.update(block)
    except OSError:
        return ''
    return binascii.hexlify(digest.digest()).decode()
print(json.dumps({path: _hash(path) for path in %r}))
"""

_CHIP = "import machine, binascii; print(binascii.hexlify(machine.unique_id()).decode())"
_KEPT = f"""
import esp32, hashlib, binascii, json
def _hash(key):
    value = bytearray(64)
    try:
        size = esp32.NVS('{NAMESPACE}').get_blob(key, value)
    except OSError:
        return ''
    return binascii.hexlify(hashlib.sha256(value[:size]).digest()).decode()
print(json.dumps({{key: _hash(key) for key in ('device', 'key')}}))
"""
_ASKING = b"\r\x03\x03"  # firmware that runs stops at two only (`firmware/hal/console.py`)
_START_AGAIN = b"\r\x03\x03\r\x02\x04"  # interrupt, leave the raw prompt, soft reset

# mpremote prints what it does not understand; that must not get into our output.
transport_serial.print = lambda *words, **how: None  # pyright: ignore[reportAttributeAccessIssue]

_BOOT = b'"event": "boot"'  # the firmware's own line
_FAULTS = (TransportError, OSError, serial.SerialException, struct.error, ValueError, SyntaxError)


class Restarted(Exception):
    """Raised by who listens to a program that is meant to end so."""


@dataclass(frozen=True)
class Start:
    """What was heard of the firmware: its own "boot" line, or why it failed, or neither."""

    is_heard: bool = False
    failure: str = ""
    is_keyless: bool = False  # the firmware says that it found no key


class Console:
    """The badge on `port` at its prompt, for one program after another."""

    def __init__(self, port: str, transport: SerialTransport, line: Line) -> None:
        self._port = port
        self._transport = transport
        self._line = line
        self.is_stopped = True  # it runs nothing of its own

    def run(
        self, source: str, limit_s: float = _RUN_S, listen: Callable[[bytes], None] | None = None
    ) -> bytes:
        """What the program prints; nothing when `listen` takes it as it comes. FlashError when the
        badge has no room for what it writes, or when it takes longer than `limit_s`;
        TransportExecError with its traceback when it raises anything else."""
        with self._line.within("check", limit_s + _SILENT_S):
            try:
                said, error = self._transport.exec_raw(source, round(limit_s), listen)
                if error:
                    raise TransportExecError(said, error.decode("utf-8", "replace"))
                return said
            except TransportExecError as error:
                if f"OSError: {errno.ENOSPC}" in str(error) or "ENOSPC" in str(error):
                    raise flash_error("badge-full", port=self._port) from error
                raise

    def renew(self) -> None:
        """A new MicroPython, with nothing of the programs before."""
        with self._line.within("check", _PROMPT_S + _ATTEMPT_S + _ANSWER_S):
            _enter(self._transport)

    def file_hashes(self, paths: list[str]) -> dict[str, str]:
        """SHA-256 of files on the badge, in hexadecimal; empty for a file that is not there."""
        return json.loads(self.run(_HASHES % (paths,)))

    def chip(self) -> bytes:
        """The chip's own address, 6 bytes."""
        return bytes.fromhex(self.run(_CHIP).decode())

    def has(self, identity: Identity) -> bool:
        """Whether the badge's storage gives its programs this id and this key. The key itself is
        not told."""
        kept = json.loads(self.run(_KEPT))
        wanted = {"device": identity.device, "key": identity.key}
        return kept == {key: hashlib.sha256(value).hexdigest() for key, value in wanted.items()}

    def watch_start(self, name: str) -> Start:
        """Restart MicroPython, so that it runs main.py, and listen until the firmware says that it
        has begun as the badge `name`."""
        transport = self._transport
        self.is_stopped = False
        end_s = time.monotonic() + _START_S
        with self._line.within("start", _START_S + _ANSWER_S):
            transport.exit_raw_repl()
            port = cast(serial.Serial, transport.serial)
            port.timeout = 0.2
            port.reset_input_buffer()
            port.write(b"\x04")
            heard = b""
            while time.monotonic() < end_s:
                heard = (heard + port.read(max(1, port.in_waiting)))[-_HEARD_BYTES_MAX:]
                started = _judged(heard, name)
                if started is not None:
                    return started
        return Start()


@contextlib.contextmanager
def console(port: str, stop: Stop) -> Iterator[Console]:
    """The badge at MicroPython's prompt, its program stopped. The body ends by starting that again;
    when it fails before, this does."""
    line = Line(port, stop)
    try:
        transport = _opened(line)
        badge = Console(port, transport, line)
        try:
            with line.within("check", _PROMPT_S + _ATTEMPT_S + _ANSWER_S):
                _enter(transport)
            yield badge
        finally:
            if badge.is_stopped:
                line.say(_START_AGAIN)
            with contextlib.suppress(*_FAULTS):
                transport.close()
            line.close()
    except FlashError:
        raise
    except TransportExecError as error:
        words = str(error).strip().splitlines() or ["no reason"]
        raise flash_error("micropython", port=port, reason=printable(words[-1])) from error
    except _FAULTS as error:
        if is_gone(port):
            raise flash_error("unplugged", port=port, stage="check") from error
        raise flash_error("no-console", port=port) from error


def heard_start(port: str, stop: Stop) -> bool:
    """Whether the firmware says within its time that it starts; it is not disturbed."""
    line = Line(port, stop)
    try:
        source = cast(serial.Serial, _opened(line).serial)
        source.timeout = 0.2
        heard = b""
        end_s = time.monotonic() + _START_S
        with line.within("start", _START_S + _ANSWER_S):
            while time.monotonic() < end_s and _BOOT not in heard:
                heard = (heard + source.read(max(1, source.in_waiting)))[-_HEARD_BYTES_MAX:]
        return _BOOT in heard
    except FlashError:
        raise
    except _FAULTS:
        return False  # who asks it next says why it does not answer
    finally:
        line.close()


def _opened(line: Line) -> SerialTransport:
    end_s = time.monotonic() + _RETURN_S
    while True:
        line.check()
        try:
            transport = SerialTransport(line.name, 115_200, timeout=_ANSWER_S)
            line.adopt(cast(serial.Serial, transport.serial))
            return transport
        except (TransportError, OSError):
            if time.monotonic() > end_s or _is_for_good(line.name):
                raise
            time.sleep(0.2)


def _is_for_good(port: str) -> bool:
    return port.startswith("/dev/pts/") and is_gone(port)  # no pty comes back under its name


def _enter(transport: SerialTransport) -> None:
    end_s = time.monotonic() + _PROMPT_S
    while True:
        cast(serial.Serial, transport.serial).write(_ASKING)
        try:
            transport.enter_raw_repl(soft_reset=True, timeout_overall=_ATTEMPT_S)  # pyright: ignore[reportArgumentType]
            return
        except TransportError:
            if time.monotonic() > end_s:
                raise


def _judged(heard: bytes, name: str) -> Start | None:
    """None: not known yet."""
    whole, _, rest = heard.rpartition(b"\n")
    lines = [line.strip() for line in whole.decode("utf-8", "replace").splitlines()]
    for line in lines:
        event = _event(line)
        if event.get("event") == "no key":
            return Start(is_keyless=True)
        if event.get("event") == "boot" and event.get("value") == name:
            return Start(is_heard=True)
        if event.get("event") == "crash":
            words = str(event.get("value")).strip().splitlines() or ["crash"]
            return Start(failure=printable(words[-1]))
    at = next((n for n, line in enumerate(lines) if line.startswith("Traceback (most")), None)
    is_prompt = (b"\n" + rest).endswith(_PROMPT)
    if at is not None and is_prompt:
        words = next((line for line in reversed(lines[at:]) if ": " in line), lines[at])
        return Start(failure=printable(words))
    # The prompt of before the restart may still come; the one after it means that nothing runs.
    if is_prompt and b"soft reboot" in heard:
        return Start()
    return None


def _event(line: str) -> dict:
    if not line.startswith("{"):
        return {}
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
