"""The keys of a session, from the device's key and what both sides brought to the join.

The one place that says how: a badge, the leader and a standby that takes over come here, and
`docs/protocol-v2.md` says the same in words.
"""

from ..compat import const
from . import hkdf
from .hmac import Hmac, HmacKey

KEY_BYTES = const(32)  # of a device
NONCE_BYTES = const(16)  # of each side's part in a join

_PURPOSE = b"pressel 2 "


class SessionKeys:
    """What protects one session: `up` (participant to leader) and `down` for tags, `wrap` (32
    bytes) for group keys on their way down."""

    __slots__ = ("down", "up", "wrap")

    def __init__(self, up: HmacKey, down: HmacKey, wrap: bytes) -> None:
        self.up = up
        self.down = down
        self.wrap = wrap


def session_keys(
    hmac: Hmac, device_key: bytes, badge_nonce: bytes, leader_nonce: bytes, term: int, session: int
) -> SessionKeys:
    """The keys for `session` in `term` (both below 2^30), one a direction. Nonces have 16 bytes."""
    secret = hkdf.extract(hmac, badge_nonce + leader_nonce, device_key)
    place = _bytes4(term) + _bytes4(session)
    return SessionKeys(
        HmacKey(hkdf.expand(hmac, secret, _PURPOSE + b"up" + place, KEY_BYTES)),
        HmacKey(hkdf.expand(hmac, secret, _PURPOSE + b"down" + place, KEY_BYTES)),
        hkdf.expand(hmac, secret, _PURPOSE + b"wrap" + place, KEY_BYTES),
    )


def _bytes4(value: int) -> bytes:
    return bytes((value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255))
