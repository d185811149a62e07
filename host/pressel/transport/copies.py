"""Sends the copies of one datagram in one call, by `copies.c`, where that could be compiled.

Elsewhere `plain_copies` makes the same bytes in Python; a host works either way.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from array import array
from pathlib import Path
from typing import TYPE_CHECKING

from .crowds import Crowds

if TYPE_CHECKING:
    from ptt.leader.outbound import Copies
    from ptt.link.link import Link

# Beside its source; the set-up compiles it. Python would take a copies.so for a module.
LIBRARY = Path(__file__).with_name("libcopies.so")

_STATES_BYTES = 64  # of both hashes, as `struct receiver` begins
_REST = struct.Struct("=I4sHH")  # of a receiver: session, address and port as on the wire


def load_library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """None where it was not compiled, or for another machine."""
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    numbers = (ctypes.c_char_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_uint32)
    library.pressel_prepare.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
    library.pressel_prepare.restype = None
    library.pressel_choose_hash.argtypes = (ctypes.c_int,)
    library.pressel_choose_hash.restype = None
    library.pressel_write_copies.argtypes = (*numbers, ctypes.c_void_p)
    library.pressel_send_copies.argtypes = (ctypes.c_int, *numbers, ctypes.c_void_p)
    return library


class Copier:
    """Composes, seals and sends copies with `library`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._crowds = Crowds(lambda links: b"".join([self._row(link) for link in links]))
        self._refused = ctypes.c_uint32(0)

    @property
    def refused(self) -> int:
        """Copies that the system would not send."""
        return self._refused.value

    def send(self, bound: socket.socket, copies: Copies) -> int:
        """Send them on a socket; returns how many of them are done with, in their order: fewer than
        there are when the socket takes no more now."""
        copies.drop_silent()
        data = bytes(copies.data)
        seqs = array("I", copies.seqs)
        done = self._library.pressel_send_copies(
            bound.fileno(), data, len(data), self._rows_of(copies.links), seqs.buffer_info()[0],
            len(seqs), ctypes.byref(self._refused),
        )  # fmt: skip
        assert done >= 0, "no datagram is so long"
        return done

    def write(self, copies: Copies) -> list[bytes]:
        """The same datagrams, not sent."""
        copies.drop_silent()
        data = bytes(copies.data)
        seqs = array("I", copies.seqs)
        out = ctypes.create_string_buffer(len(data) * len(seqs))
        count = self._library.pressel_write_copies(
            data, len(data), self._rows_of(copies.links), seqs.buffer_info()[0], len(seqs), out
        )
        return [out.raw[n * len(data) : (n + 1) * len(data)] for n in range(count)]

    def _rows_of(self, links: list[Link]) -> bytes:
        return self._crowds.of(links) if links else b""

    def _row(self, link: Link) -> bytes:
        keys = link.keys
        assert keys is not None
        states = ctypes.create_string_buffer(_STATES_BYTES)
        self._library.pressel_prepare(states, bytes(keys.down.inner), bytes(keys.down.outer))
        host, port = link.address
        return states.raw + _REST.pack(link.session, socket.inet_aton(host), socket.htons(port), 0)
