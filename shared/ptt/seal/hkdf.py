"""HKDF-SHA256 (RFC 5869), for keys of at most 32 bytes: one round of its expansion."""

from .hmac import DIGEST_BYTES, Hmac, HmacKey


def extract(hmac: Hmac, salt: bytes, secret: bytes) -> bytes:
    """A uniform key of 32 bytes from `secret`."""
    return hmac.digest(HmacKey(salt), secret, len(secret))


def expand(hmac: Hmac, key: bytes, info: bytes, size_bytes: int) -> bytes:
    """`size_bytes` (at most 32) for the purpose `info`, from what `extract` gave."""
    if size_bytes > DIGEST_BYTES:
        raise ValueError("one round gives %d bytes" % DIGEST_BYTES)
    return hmac.digest(HmacKey(key), info + b"\x01", len(info) + 1)[0:size_bytes]
