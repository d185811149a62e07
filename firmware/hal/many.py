"""The second socket of a badge, at which voice comes that is sent once for many."""

import select
import socket

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from .radio import Radio

_ANY = b"\0\0\0\0"  # interface: a badge has one


class Many:
    """Of `radio`, which receives from it, too."""

    def __init__(self, radio: "Radio") -> None:
        self._radio = radio
        self._socket: "socket.socket | None" = None
        self._joined = b""  # the newest address that the network was told of

    def listen(self, place: "tuple[bytes, int] | None") -> bool:
        """At (IPv4 address, port), and no longer where it did; None: nowhere. False when the port
        lets us not: whoever hears no probe gets copies.

        The port cannot leave an address, and its driver says anew on each reconnection what was
        joined. So each is joined once; what comes to one without a socket is dropped below us."""
        opened = self._socket
        if opened is not None:
            self._socket = None
            self._radio.poller.unregister(opened)
            opened.close()
        if place is None:
            return True
        try:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        except OSError:  # no socket is left
            return False
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed lingers
            opened.bind(("0.0.0.0", place[1]))
            if self._joined != place[0]:
                wanted = place[0] + _ANY
                opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
                self._joined = place[0]
        except OSError:
            opened.close()
            return False
        self._radio.poller.register(opened, select.POLLIN)
        self._socket = opened
        return True
