"""Bytes of a fuzzer as a script: numbers are taken from them one after the other.

A script that has come to its end gives zeros, so that every input means something.
"""

from __future__ import annotations

import struct

from ptt.wire import envelope
from ptt.wire.messages import LAYOUTS

TEXT = 9


class Script:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken + bytes(size - len(taken))

    def byte(self) -> int:
        return self.take(1)[0]

    def word(self) -> int:
        return struct.unpack(">H", self.take(2))[0]

    def blob(self) -> bytes:
        """Up to 255 bytes, or up to 1,300 where the first byte says 255."""
        size = self.byte()
        return self.take(self.word() % 1300 if size == 255 else size)

    def payload(self, kind: int) -> bytes:
        """Fields of message `kind`, each small, at an end of its range, or anything; or noise."""
        shape = self.byte()
        if shape == 0 or kind not in LAYOUTS:
            return self.blob()
        written = b"".join(self.field(*field[:3]) for field in LAYOUTS[kind])
        return written if shape < 250 else written[: self.byte()] + self.take(shape - 250)

    def field(self, kind: int, low: int, high: int) -> bytes:
        choice = self.byte()
        if kind < TEXT:
            number = (low, high, low - 1, high + 1)[choice - 252] if choice > 251 else choice
            return (number & (1 << 8 * kind) - 1).to_bytes(kind, "big")
        if kind == TEXT:
            size = max(low, choice % (high + 1)) if choice < 250 else choice
            return bytes([size]) + (b"x" * size if choice & 1 else self.take(size))
        return bytes([choice]) * (kind - 10)


def sealed(kind: int, session: int, source: int, payload: bytes, version: int) -> bytes:
    """A datagram around a payload, with the right length and CRC."""
    payload = payload[:1176]
    data = bytearray(envelope.HEADER_BYTES) + payload
    envelope.seal_header(data, len(data), kind, session & 0x3FFFFFFF, source, 1, 1000)
    if version != data[0]:
        data[0] = version
        envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    return bytes(data)
