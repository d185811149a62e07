"""The key under which a relay sends to one listener. Leader and relay make it of the same secret;
the listener gets it from the leader, and knows no other's."""

from ..base.compat import TYPE_CHECKING
from ..link import hkdf
from ..link.derive import WRAPPED_BYTES
from ..link.hmac import HmacKey
from ..wire.envelope import put32

if TYPE_CHECKING:
    from ..link.hmac import Hmac


def relay_key(hmac: "Hmac", secret: bytes, number: int, session: int) -> bytes:
    """16 bytes, for the `session` of the listener; `secret` has 16, too, and `number` says which it
    is."""
    info = bytearray(b"pressel 2 relay" + bytes(8))
    put32(info, len(info) - 8, number)
    put32(info, len(info) - 4, session)
    return hkdf.expand(hmac, HmacKey(secret), bytes(info), WRAPPED_BYTES)
