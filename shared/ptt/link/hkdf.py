"""HKDF-SHA256 (RFC 5869), for keys of at most 32 bytes: one round of its expansion."""

from .hmac import DIGEST_BYTES, Hmac, HmacKey


def extract(hmac: Hmac, salt: bytes, secret: bytes) -> bytes:
    """A uniform key of 32 bytes from `secret`."""
    return hmac.digest(HmacKey(salt), secret, len(secret))


def expand(hmac: Hmac, key: HmacKey, info: bytes, size_bytes: int) -> bytes:
    """`size_bytes` (at most 32) for the purpose `info`, by what `extract` gave as a key."""
    if size_bytes > DIGEST_BYTES:
        raise ValueError("one round gives %d bytes" % DIGEST_BYTES)
    return hmac.digest(key, info + b"\x01", len(info) + 1)[0:size_bytes]
