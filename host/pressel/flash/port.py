"""A serial port and who may use it: checked before esptool and mpremote open it, and held for us.

esptool closes the port before mpremote opens it, so a lock beside the port keeps a second run of
ours away all the time. Addresses such as socket://host:1 are not looked at.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import termios
from collections.abc import Iterator

import platformdirs
import serial

from pressel.private_folder import make_private

from .messages import flash_error

_NO_SERIAL = (errno.ENOTTY, errno.ENXIO, errno.ENODEV, errno.EISDIR)


def is_gone(port: str) -> bool:
    """The device file of an unplugged badge vanishes."""
    return "://" not in port and not os.path.exists(port)


def check_port(port: str) -> None:
    """FlashError when the port is not there, not allowed or in use."""
    if "://" in port:
        return
    try:
        serial.Serial(port, exclusive=True).close()
    except serial.SerialException as error:
        if error.errno == errno.ENOENT or is_gone(port):
            raise flash_error("no-port", port=port) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise flash_error("no-permission", port=port) from error
        if isinstance(error.__context__, termios.error) or error.errno in _NO_SERIAL:
            raise flash_error("no-serial", port=port) from error
        raise flash_error("port-busy", port=port) from error


@contextlib.contextmanager
def held(port: str) -> Iterator[None]:
    """The port is checked and ours until the end; `port-busy` when another run has it."""
    check_port(port)
    folder = platformdirs.user_state_path("pressel") / "ports"
    try:
        make_private(folder)
        name = os.path.realpath(port) if "://" not in port else port
        lock = os.open(folder / name.strip("/").replace("/", "-"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:  # no place for locks: the port's own lock must do
        yield
        return
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise flash_error("port-busy", port=port) from error
        yield
    finally:
        os.close(lock)
