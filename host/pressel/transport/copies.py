"""Sends the copies of one datagram in one call, by `copies.c`, where that could be compiled.

Elsewhere `Outbound.poll` makes the same bytes copy by copy; a host works either way.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptt.base.numbers import MEMBERS_MAX

if TYPE_CHECKING:
    from ptt.leader.outbound import Copies
    from ptt.link.link import Link

# Beside its source; the set-up compiles it. Python would take a copies.so for a module.
LIBRARY = Path(__file__).with_name("libcopies.so")

_STATES_BYTES = 64  # of both hashes, as `struct receiver` begins
_REST = struct.Struct("=I4sHH")  # of a receiver: session, address and port as on the wire
_ROWS_MAX = 2 * MEMBERS_MAX  # then those of former members are forgotten, with all others


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


class _Row:
    """`struct receiver` of one link, as long as that has these keys and this address."""

    __slots__ = ("address", "data", "keys")

    def __init__(self, keys: Any, address: tuple[str, int], data: bytes) -> None:
        self.keys = keys
        self.address = address
        self.data = data


class Copier:
    """Composes, seals and sends copies with `library`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._rows: dict[Link, _Row] = {}
        self._refused = ctypes.c_uint32(0)

    @property
    def refused(self) -> int:
        """Copies that the system would not send."""
        return self._refused.value

    def send(self, descriptor: int, copies: Copies) -> int:
        """Send them on a socket; returns how many of them are done with, in their order: fewer than
        there are when the socket takes no more now."""
        rows, seqs, last = self._rows_of(copies)
        data = bytes(copies.data)
        done = self._library.pressel_send_copies(
            descriptor, data, len(data), b"".join(rows), seqs.buffer_info()[0], len(rows),
            ctypes.byref(self._refused),
        )  # fmt: skip
        assert done >= 0, "no datagram is so long"
        return len(copies.links) if done == len(rows) else last[done]

    def write(self, copies: Copies) -> list[bytes]:
        """The same datagrams, not sent."""
        rows, seqs, _ = self._rows_of(copies)
        data = bytes(copies.data)
        out = ctypes.create_string_buffer(len(data) * len(rows))
        count = self._library.pressel_write_copies(
            data, len(data), b"".join(rows), seqs.buffer_info()[0], len(rows), out
        )
        return [out.raw[n * len(data) : (n + 1) * len(data)] for n in range(count)]

    def _rows_of(self, copies: Copies) -> tuple[list[bytes], array[int], list[int]]:
        """Receivers, their sequence numbers, and their places among all links: those that have no
        keys any more are sent nothing."""
        if len(self._rows) > _ROWS_MAX:
            self._rows.clear()
        rows: list[bytes] = []
        seqs = array("I")
        places: list[int] = []
        known = self._rows
        for place, link in enumerate(copies.links):
            row = known.get(link)
            if row is None or row.keys is not link.keys or row.address != link.address:
                if link.keys is None:
                    continue
                row = known[link] = self._row(link)
            rows.append(row.data)
            seqs.append(copies.seqs[place])
            places.append(place)
        return rows, seqs, places

    def _row(self, link: Link) -> _Row:
        keys = link.keys
        assert keys is not None
        states = ctypes.create_string_buffer(_STATES_BYTES)
        down = keys.down
        self._library.pressel_prepare(states, bytes(down.inner), bytes(down.outer))
        host, port = link.address
        rest = _REST.pack(link.session, socket.inet_aton(host), socket.htons(port), 0)
        return _Row(keys, link.address, states.raw + rest)
