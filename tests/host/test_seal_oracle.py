"""The seals against `hmac` and the library `cryptography`, with random inputs."""

from __future__ import annotations

import hashlib
import hmac as oracle

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from pressel.block_cipher import BlockCipher
from ptt.base.numbers import INT_MAX
from ptt.link.ctr import KeyStream
from ptt.link.derive import session_keys, session_secret
from ptt.link.hmac import Hmac, HmacKey

numbers = st.integers(0, INT_MAX)
nonces = st.binary(min_size=16, max_size=16)


@given(st.binary(max_size=130), st.lists(st.binary(max_size=1200), min_size=1, max_size=3))
def test_tags(key: bytes, datagrams: list[bytes]) -> None:
    ours, padded = Hmac(), HmacKey(key)
    for data in datagrams:
        for end in (len(data), len(data) // 2):
            expected = oracle.digest(key, data[:end], hashlib.sha256)
            assert ours.digest(padded, data, end) == expected


@given(st.binary(min_size=32, max_size=32), nonces, nonces, numbers, numbers)
def test_session_keys(key: bytes, badge: bytes, leader: bytes, term: int, session: int) -> None:
    secret = session_secret(Hmac(), key, badge, leader)
    made = session_keys(Hmac(), secret, term, session)

    def expected(purpose: bytes) -> bytes:
        info = b"pressel 2 " + purpose + term.to_bytes(4, "big") + session.to_bytes(4, "big")
        return HKDF(hashes.SHA256(), 32, salt=badge + leader, info=info).derive(key)

    assert made.up.inner == HmacKey(expected(b"up")).inner
    assert made.down.outer == HmacKey(expected(b"down")).outer
    assert made.wrap == expected(b"wrap")


@given(nonces, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), numbers, st.integers(0, 0xFFFF))
def test_key_streams(key: bytes, epoch: int, talker: int, lease: int, number: int) -> None:
    ours = KeyStream()
    ours.make(BlockCipher(key), epoch, talker, lease, number)
    first = b"".join(
        (
            epoch.to_bytes(2, "big"),
            talker.to_bytes(2, "big"),
            lease.to_bytes(4, "big"),
            number.to_bytes(2, "big"),
            bytes(6),
        )
    )
    encryptor = Cipher(AES(key), CTR(first)).encryptor()
    assert bytes(ours.bytes) == encryptor.update(bytes(len(ours.bytes)))
