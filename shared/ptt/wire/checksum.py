"""The envelope's CRC for a badge: the same numbers as `envelope` computes, without the garbage.

`binascii.crc32` takes a whole buffer only, and a slice of a datagram, or a number above 2^30, is a
new object on a badge's heap. So the datagram is copied into a buffer that stays, its header once
more behind the payload, and one call runs over all of it in the right order.
"""

from binascii import crc32
from struct import pack_into

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import DATAGRAM_BYTES_MAX
from . import envelope, refusal
from .envelope import CRC_AT, FLAG_SEALED, FLAGS_AT, HEADER_BYTES, TAG_BYTES

if TYPE_CHECKING:
    from ..base.compat import Buffer

# What a CRC-32 becomes when it runs on over its own four bytes, the lowest first: always this,
# which is a small integer on a badge, while the CRC itself mostly is not.
_RESIDUE = const(0x2144DF1C)

FRONT_BYTES = const(64)  # before the datagram: a tag's key goes there, see `link.hmac`
BUFFER_BYTES = FRONT_BYTES + DATAGRAM_BYTES_MAX + HEADER_BYTES


class Checksum:
    """Checks and writes the CRC of one datagram at a time; `buffer` then has a copy of it from
    `FRONT_BYTES` on. Code that makes tags passes in the buffer, of `BUFFER_BYTES`, that it
    reads."""

    def __init__(self, buffer: "bytearray | None" = None) -> None:
        self.buffer = buffer or bytearray(BUFFER_BYTES)
        self._whole = memoryview(self.buffer)
        self._header = self._whole[FRONT_BYTES : FRONT_BYTES + CRC_AT]
        self._view = self._whole[0:0]  # payload and header of the last datagram

    def check(self, data: "Buffer") -> int:
        """The same as `envelope.check_whole`."""
        reason = envelope.check_shape(data)
        if reason != refusal.ACCEPTED:
            return reason
        end = len(data)
        if data[FLAGS_AT] & FLAG_SEALED:
            end -= TAG_BYTES
        self._lay_out(data, end)
        buffer = self.buffer
        at = FRONT_BYTES + end + CRC_AT
        buffer[at] = data[CRC_AT + 3]
        buffer[at + 1] = data[CRC_AT + 2]
        buffer[at + 2] = data[CRC_AT + 1]
        buffer[at + 3] = data[CRC_AT]
        return refusal.ACCEPTED if self._crc(end + HEADER_BYTES) == _RESIDUE else refusal.CRC

    def put(self, data: bytearray, datagram: "Buffer", end: int) -> None:
        """Write the CRC into `data`, of which `datagram` is a view: header and payload up to `end`,
        and room for a tag perhaps. The copy has it, too."""
        self._lay_out(datagram, end)
        crc = self._crc(end + CRC_AT)
        pack_into(">I", data, CRC_AT, crc)
        pack_into(">I", self.buffer, FRONT_BYTES + CRC_AT, crc)

    def _lay_out(self, data: "Buffer", end: int) -> None:
        buffer = self.buffer
        buffer[FRONT_BYTES : FRONT_BYTES + len(data)] = data
        at = FRONT_BYTES + end
        buffer[at : at + CRC_AT] = self._header

    def _crc(self, end: int) -> int:
        """Over what lies behind the first header; the view is kept while lengths stay the same."""
        if len(self._view) != end - HEADER_BYTES:
            self._view = self._whole[FRONT_BYTES + HEADER_BYTES : FRONT_BYTES + end]
        return crc32(self._view)
