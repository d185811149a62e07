"""Sends the copies of one datagram without the part in C: one pass over the listeners, each tag
from hashes that have begun with its key. The bytes are those that the engine makes copy by copy.
"""

from __future__ import annotations

import socket
from binascii import crc32
from collections.abc import Iterator
from hashlib import sha256
from struct import Struct
from typing import TYPE_CHECKING, Any

from ptt.wire.envelope import CRC_AT, HEADER_BYTES, SEQ_AT, SESSION_AT, TAG_BYTES, payload_crc

from .crowds import Crowds

if TYPE_CHECKING:
    from ptt.leader.outbound import Copies
    from ptt.link.link import Link

_Row = tuple[int, Any, Any, Any]  # of a listener: session, inner and outer hash, address
_put = Struct(">I4sI").pack_into  # session, sender and length, number


class PlainCopier:
    """As `Copier`."""

    def __init__(self) -> None:
        self._crowds = Crowds(lambda links: [_row(link) for link in links])
        self._refused = 0

    @property
    def refused(self) -> int:
        """Copies that the system would not send."""
        return self._refused

    def send(self, bound: socket.socket, copies: Copies) -> int:
        """Send them on a socket; returns how many of them are done with, in their order: fewer than
        there are when the socket takes no more now."""
        done = 0
        for data, address in self._made(copies):
            try:
                bound.sendto(data, address)
            except BlockingIOError:
                return done
            except OSError:
                self._refused += 1
            done += 1
        return done

    def write(self, copies: Copies) -> list[bytes]:
        """The same datagrams, not sent."""
        return [data for data, _ in self._made(copies)]

    def _made(self, copies: Copies) -> Iterator[tuple[bytes, Any]]:
        copies.drop_silent()
        if not copies.links:
            return
        data = copies.data
        head = bytearray(data[0:CRC_AT])
        body = bytes(data[HEADER_BYTES : len(data) - TAG_BYTES])
        between, crc = bytes(data[SESSION_AT + 4 : SEQ_AT]), payload_crc(data)
        join, from_head = b"".join, crc32
        for (session, inner, outer, address), seq in zip(
            self._crowds.of(copies.links), copies.seqs, strict=True
        ):
            _put(head, SESSION_AT, session, between, seq)
            copy = join((head, from_head(head, crc).to_bytes(4, "big"), body))
            inside, tag = inner.copy(), outer.copy()
            inside.update(copy)
            tag.update(inside.digest())
            yield copy + tag.digest()[0:TAG_BYTES], address


def _row(link: Link) -> _Row:
    keys = link.keys
    assert keys is not None
    return link.session, sha256(keys.down.inner), sha256(keys.down.outer), link.address
