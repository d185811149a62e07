"""Texts on the air: each is encrypted for the one who gets it, with writer and group.

The key stream is HMAC-SHA256, as tags are, under a key that nothing else has. It runs over session,
sequence number, way and block, so that no two datagrams have one: not a text and its repetition,
nor its copies for two members.
"""

from ..base import octets
from ..base.compat import TYPE_CHECKING
from ..wire.envelope import FLAGS_AT, HEADER_BYTES, SEQ_AT, SESSION_AT, TAG_BYTES
from .hmac import DIGEST_BYTES, HmacKey

if TYPE_CHECKING:
    from ..base.compat import Buffer
    from .hmac import Hmac
    from .link import Link


def wrap(hmac: "Hmac", key: bytes, data: bytearray, end: int, way: int) -> None:
    """Encrypt or decrypt, in place, the payload of the datagram `data` up to `end`, with the `key`
    for wrapping of its session. `way`: 1 from the leader, 0 to it."""
    made = HmacKey(hmac.digest(HmacKey(key), b"pressel 2 text", 14))
    place = data[SESSION_AT : SESSION_AT + 4] + data[SEQ_AT : SEQ_AT + 4] + bytes((way, 0))
    for at in range(HEADER_BYTES, end, DIGEST_BYTES):
        octets.xor(data, at, hmac.digest(made, place, 10), 0, min(DIGEST_BYTES, end - at))
        place[9] += 1


def readable(link: "Link", data: "Buffer", way: int) -> bytearray:
    """The encrypted text in `data`, which `link` has just opened by the one or the other keys."""
    keys = link.keys_of(data)
    assert keys is not None, "a word that nothing has sealed"
    text = bytearray(data)
    text[FLAGS_AT] = 0
    wrap(link.hmac, keys.wrap, text, len(data) - TAG_BYTES, way)
    return text
