"""The badge's MicroPython over its serial port, by mpremote's own transport."""

from __future__ import annotations

import contextlib
import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import serial
from mpremote import transport_serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from .messages import FlashError, flash_error
from .port import is_gone

_RETURN_S = 10.0  # a chip with its own USB port is gone for a moment after a restart
_PROMPT_S = 25.0  # for the prompt: a scan of the air cannot be interrupted for some seconds
_ATTEMPT_S = 8.0
_ANSWER_S = 10.0  # the longest silence of a badge that works
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

# mpremote prints what it did not understand; that must not get into our output.
transport_serial.print = lambda *words, **how: None  # pyright: ignore[reportAttributeAccessIssue]

_FAULTS = (TransportError, OSError, serial.SerialException, struct.error, ValueError, SyntaxError)


@dataclass(frozen=True)
class Start:
    """What was heard of the firmware: its own "boot" line, or why it failed, or neither."""

    is_heard: bool = False
    failure: str = ""


@contextlib.contextmanager
def console(port: str) -> Iterator[SerialTransport]:
    """MicroPython in its raw REPL, its program stopped. The body ends by starting that again."""
    try:
        transport = _opened(port)
        try:
            _enter(transport)
            yield transport
        finally:
            with contextlib.suppress(*_FAULTS):
                transport.close()
    except FlashError:
        raise
    except _FAULTS as error:
        if is_gone(port):
            raise flash_error("unplugged", port=port, stage="check") from error
        raise flash_error("no-console", port=port) from error


def _opened(port: str) -> SerialTransport:
    end_s = time.monotonic() + _RETURN_S
    while True:
        try:
            return SerialTransport(port, 115_200, timeout=_ANSWER_S)
        except (TransportError, OSError):
            if time.monotonic() > end_s or _is_for_good(port):
                raise
            time.sleep(0.2)


def _is_for_good(port: str) -> bool:
    return port.startswith("/dev/pts/") and is_gone(port)  # no pty comes back under its name


def _enter(transport: SerialTransport) -> None:
    end_s = time.monotonic() + _PROMPT_S
    while True:
        try:
            transport.enter_raw_repl(soft_reset=True, timeout_overall=_ATTEMPT_S)  # pyright: ignore[reportArgumentType]
            return
        except TransportError:
            if time.monotonic() > end_s:
                raise


def file_hashes(transport: SerialTransport, paths: list[str]) -> dict[str, str]:
    """SHA-256 of files on the badge, in hexadecimal; empty for a file that is not there."""
    return json.loads(transport.exec(_HASHES % (paths,)))


def watch_start(transport: SerialTransport) -> Start:
    """Restart MicroPython, so that it runs main.py, and listen what the firmware says."""
    transport.exit_raw_repl()
    port = cast(serial.Serial, transport.serial)
    port.timeout = 0.2
    port.reset_input_buffer()
    port.write(b"\x04")
    heard = b""
    end_s = time.monotonic() + _START_S
    while time.monotonic() < end_s:
        heard += port.read(max(1, port.in_waiting))
        started = _judged(heard)
        if started is not None:
            return started
    return Start()


def _judged(heard: bytes) -> Start | None:
    """None: not known yet."""
    whole, _, rest = heard.rpartition(b"\n")
    lines = [line.strip() for line in whole.decode("utf-8", "replace").splitlines()]
    for line in lines:
        event = _event(line)
        if event.get("event") == "boot":
            return Start(is_heard=True)
        if event.get("event") == "crash":
            return Start(failure=(str(event.get("value")).strip().splitlines() or ["crash"])[-1])
    at = next((n for n, line in enumerate(lines) if line.startswith("Traceback (most")), None)
    is_prompt = (b"\n" + rest).endswith(_PROMPT)
    if at is not None and is_prompt:
        return Start(failure=next((line for line in reversed(lines[at:]) if ": " in line), ""))
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
