"""The keys of a session, from the device's key and both sides' parts of the join.

The one place that says how: a badge, the leader and a standby that takes over come here, and
`docs/protocol-v2.md` says the same in words.
"""

from ..base.compat import const
from . import hkdf
from .hmac import Hmac, HmacKey

KEY_BYTES = const(32)  # of a device, and of everything that keys are made from
NONCE_BYTES = const(16)  # of each side's part in a join
WRAPPED_BYTES = const(16)  # of a group's key
PROOF_BYTES = const(16)

_PURPOSE = b"pressel 2 "


class SessionKeys:
    """What protects one session: `up` (participant to leader) and `down` for tags, `wrap` for
    group keys on their way down: 32 bytes, since it is needed too rarely to be kept as blocks."""

    __slots__ = ("down", "up", "wrap")

    def __init__(self, up: HmacKey, down: HmacKey, wrap: bytes) -> None:
        self.up = up
        self.down = down
        self.wrap = wrap


def session_secret(hmac: Hmac, device_key: bytes, own_nonce: bytes, challenge: bytes) -> bytes:
    """What the keys of a session come from, and of a standby that goes on with it: 32 bytes. Both
    nonces have 16."""
    return hkdf.extract(hmac, own_nonce + challenge, device_key)


def proof(hmac: Hmac, secret: bytes, hello: "bytes | bytearray | memoryview") -> bytes:
    """16 bytes that prove that the sender of `hello`, the payload of a HELLO, has the device's
    key."""
    key = HmacKey(hkdf.expand(hmac, HmacKey(secret), _PURPOSE + b"answer", KEY_BYTES))
    return hmac.digest(key, hello, len(hello))[0:PROOF_BYTES]


def session_keys(hmac: Hmac, secret: bytes, term: int, session: int) -> SessionKeys:
    """The keys for `session` in `term` (both below 2^30), one a purpose."""
    place = _bytes4(term) + _bytes4(session)
    key = HmacKey(secret)
    return SessionKeys(
        HmacKey(hkdf.expand(hmac, key, _PURPOSE + b"up" + place, KEY_BYTES)),
        HmacKey(hkdf.expand(hmac, key, _PURPOSE + b"down" + place, KEY_BYTES)),
        hkdf.expand(hmac, key, _PURPOSE + b"wrap" + place, KEY_BYTES),
    )


def key_of_group(hmac: Hmac, master: bytes, epoch: int, group: int, members: bytes) -> bytes:
    """16 bytes for the voice of `group`; a private call's are of its two `members`, too."""
    info = _PURPOSE + b"group" + bytes((epoch >> 8, epoch & 255, group)) + members
    return hkdf.expand(hmac, HmacKey(master), info, WRAPPED_BYTES)


def next_secret(hmac: Hmac, secret: bytes, term: int) -> bytes:
    """What the groups' keys come from when the leader of `term` (below 2^30) goes on where another
    was interrupted: 32 bytes. `secret`: the other's and as much chance, 64 bytes."""
    info = _PURPOSE + b"term" + _bytes4(term)
    return hkdf.expand(hmac, HmacKey(secret), info, KEY_BYTES)


def wrap(hmac: Hmac, key: bytes, session: int, seq: int, group_key: bytes) -> bytes:
    """`group_key` wrapped, or unwrapped: it is the same. `seq`: of the GROUP_KEY that carries it,
    so that no pad comes twice."""
    place = _bytes4(session) + _bytes4(seq)
    pad = hmac.digest(HmacKey(key), place, len(place))
    wrapped = bytearray(WRAPPED_BYTES)
    for index in range(WRAPPED_BYTES):
        wrapped[index] = group_key[index] ^ pad[index]
    return bytes(wrapped)


def _bytes4(value: int) -> bytes:
    return bytes((value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255))
