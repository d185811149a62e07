"""A stream of numbered datagrams for the tests that count what comes of it and how: to a multicast
group, and to the badge once it has told its address."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator

GROUP, PORT = "239.255.80.82", 47899  # as programs/multicast.py has them
_PERIOD_S = 0.02  # a voice stream's


class Sender:
    """What is sent where; `stop` ends it."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._badge = ""

    def address(self, told: object) -> None:
        """Send to this address, too; what is none of one host is let be."""
        with contextlib.suppress(ValueError):
            badge = ipaddress.IPv4Address(str(told))
            if not (badge.is_multicast or badge.is_reserved or badge.is_unspecified):
                self._badge = str(badge)

    def run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            number = 0
            while not self.stop.wait(_PERIOD_S):
                for host in filter(None, (GROUP, self._badge)):
                    with contextlib.suppress(OSError):
                        out.sendto(number.to_bytes(4, "big"), (host, PORT))
                number += 1


@contextlib.contextmanager
def sending() -> Iterator[Sender]:
    """Sends while the body runs. A machine without a network sends nothing, and the badge says that
    it heard nothing."""
    sender = Sender()
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    try:
        yield sender
    finally:
        sender.stop.set()
        thread.join()
