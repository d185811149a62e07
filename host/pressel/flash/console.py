"""The badge's MicroPython over its serial port, by mpremote's own transport."""

from __future__ import annotations

import ast
import contextlib
import time
from collections.abc import Iterator

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from .messages import flash_error

_RETURN_S = 10.0  # a chip with its own USB port is gone for a moment after a restart
_HASHES = """
import hashlib, binascii
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
print({path: _hash(path) for path in %r})
"""


@contextlib.contextmanager
def console(port: str) -> Iterator[SerialTransport]:
    """MicroPython in its raw REPL; it runs the badge's program again afterwards."""
    end_s = time.monotonic() + _RETURN_S
    transport = None
    while transport is None:
        try:
            transport = SerialTransport(port, 115_200)
        except (TransportError, OSError) as error:
            if time.monotonic() > end_s:
                raise flash_error("no-console", port=port) from error
            time.sleep(0.2)
    try:
        transport.enter_raw_repl(soft_reset=True)
        yield transport
        transport.exit_raw_repl()
        transport.serial.write(b"\x04")  # soft reset: run main.py
    except (TransportError, OSError, serial.SerialException) as error:
        raise flash_error("no-console", port=port) from error
    finally:
        with contextlib.suppress(Exception):
            transport.close()


def file_hashes(transport: SerialTransport, paths: list[str]) -> dict[str, str]:
    """SHA-256 of files on the badge, in hexadecimal; empty for a file that is not there."""
    return ast.literal_eval(transport.exec(_HASHES % (paths,)).decode().strip())
