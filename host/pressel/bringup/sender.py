"""A stream of numbered multicast datagrams for the test that counts what is lost of it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

GROUP, PORT = "239.255.80.82", 47899  # as programs/multicast.py has them
_PERIOD_S = 0.02  # a voice stream's


@contextlib.contextmanager
def sending() -> Iterator[None]:
    """Sends while the body runs. A machine without a network sends nothing, and the badge says that
    it heard nothing."""
    stop = threading.Event()
    thread = threading.Thread(target=_send, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _send(stop: threading.Event) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        number = 0
        while not stop.wait(_PERIOD_S):
            with contextlib.suppress(OSError):
                out.sendto(number.to_bytes(4, "big"), (GROUP, PORT))
            number += 1
