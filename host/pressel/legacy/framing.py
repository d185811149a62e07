"""Packets in a TCP stream: a 4-byte big-endian length, then that many bytes.

A length that is not above 0, or above the protocol's limit, is skipped: the next four bytes are a
length again. A packet longer than any that an app sends is skipped too, without being kept.
"""

from __future__ import annotations

from .limits import KEPT_BYTES_MAX, PACKET_BYTES_MAX

LENGTH_BYTES = 4


def pack(payload: bytes) -> bytes:
    """The packet for `payload` (1 to `PACKET_BYTES_MAX` bytes)."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


class Framing:
    """Takes a stream in pieces of any size; keeps at most `KEPT_BYTES_MAX` bytes."""

    def __init__(self) -> None:
        self._length = bytearray()
        self._payload = bytearray()
        self._left = 0  # bytes of the current packet that are still to come
        self._is_kept = False
        self.bad_lengths = 0
        self.oversized = 0  # packets skipped because no app sends such

    def feed(self, data: bytes | memoryview) -> list[bytes]:
        """The payloads that are complete with `data`."""
        payloads: list[bytes] = []
        at = 0
        while at < len(data):
            if self._left:
                at = self._take_payload(data, at, payloads)
            else:
                at = self._take_length(data, at)
        return payloads

    def _take_length(self, data: bytes | memoryview, at: int) -> int:
        end = min(at + LENGTH_BYTES - len(self._length), len(data))
        self._length += data[at:end]
        if len(self._length) == LENGTH_BYTES:
            length = int.from_bytes(self._length, "big", signed=True)
            self._length.clear()
            if 0 < length <= PACKET_BYTES_MAX:
                self._left = length
                self._is_kept = length <= KEPT_BYTES_MAX
            else:
                self.bad_lengths += 1
        return end

    def _take_payload(self, data: bytes | memoryview, at: int, payloads: list[bytes]) -> int:
        end = min(at + self._left, len(data))
        if self._is_kept:
            self._payload += data[at:end]
        self._left -= end - at
        if self._left == 0:
            if self._is_kept:
                payloads.append(bytes(self._payload))
                self._payload.clear()
            else:
                self.oversized += 1
        return end
