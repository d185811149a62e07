"""The envelope's CRC against crcmod, and the badge's way to compute it against the plain one."""

from __future__ import annotations

import crcmod.predefined
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pressel.sim.world.seal import StandInChecksum
from ptt.wire import envelope, refusal
from ptt.wire.checksum import BUFFER_BYTES, Checksum

CRC_AT, HEADER_BYTES, DATAGRAM_BYTES_MAX = 20, 24, 1200
EACH = pytest.mark.parametrize(
    "checksum", [Checksum(), StandInChecksum(bytearray(BUFFER_BYTES))], ids=["badge", "simulator"]
)
PAYLOADS = st.binary(max_size=DATAGRAM_BYTES_MAX - HEADER_BYTES)


def oracle(data: bytes) -> bytes:
    crc = crcmod.predefined.mkPredefinedCrcFun("crc-32")
    return crc(data[HEADER_BYTES:] + data[:CRC_AT]).to_bytes(4, "big")


def sealed(payload: bytes, kind: int = 3, session: int = 5) -> bytearray:
    data = bytearray(HEADER_BYTES) + payload
    envelope.seal_header(data, len(data), kind, session, 6, 7, 8)
    return data


@settings(deadline=None)
@given(PAYLOADS, st.integers(0, 255), st.integers(0, 0x3FFFFFFF))
def test_the_crc_is_the_oracles(payload: bytes, kind: int, session: int) -> None:
    data = sealed(payload, kind, session)
    assert data[CRC_AT:HEADER_BYTES] == oracle(bytes(data))
    assert envelope.check_whole(data) == refusal.ACCEPTED


@EACH
@settings(deadline=None)
@given(st.lists(PAYLOADS, min_size=1, max_size=5))
def test_the_badges_crc_is_the_oracles(
    checksum: Checksum | StandInChecksum, payloads: list[bytes]
) -> None:
    """Several in a row, since it keeps a buffer and a view from one to the next."""
    for payload in payloads:
        data = bytearray(HEADER_BYTES) + payload
        envelope.write_header(data, len(data), 3, 5, 6, 7, 8)
        checksum.put(data, memoryview(data), len(data))
        assert data[CRC_AT:HEADER_BYTES] == oracle(bytes(data))
        assert checksum.check(bytes(data)) == refusal.ACCEPTED


@EACH
@settings(deadline=None)
@given(st.lists(st.binary(max_size=DATAGRAM_BYTES_MAX + 50), max_size=5))
def test_the_badges_check_is_the_plain_one(
    checksum: Checksum | StandInChecksum, noise: list[bytes]
) -> None:
    for data in noise:
        assert checksum.check(data) == envelope.check_whole(data)


@EACH
@settings(deadline=None)
@given(PAYLOADS, st.integers(0, 8 * DATAGRAM_BYTES_MAX), st.binary(min_size=8, max_size=8))
def test_the_badges_check_is_the_plain_one_for_damage(
    checksum: Checksum | StandInChecksum, payload: bytes, bit: int, tag: bytes
) -> None:
    data = sealed(payload)
    bit %= 8 * len(data)
    data[bit >> 3] ^= 1 << (bit & 7)
    for damaged in (bytes(data), bytes(data) + tag):
        assert checksum.check(damaged) == envelope.check_whole(damaged) != refusal.ACCEPTED


@EACH
@settings(deadline=None)
@given(PAYLOADS.filter(lambda payload: len(payload) <= 1100), st.binary(min_size=8, max_size=8))
def test_a_tag_is_not_covered(
    checksum: Checksum | StandInChecksum, payload: bytes, tag: bytes
) -> None:
    data = bytearray(HEADER_BYTES) + payload
    envelope.write_header(data, len(data), 3, 5, 6, 7, 8)
    data[3] = envelope.FLAG_SEALED
    data[CRC_AT:HEADER_BYTES] = oracle(bytes(data))
    whole = bytes(data) + tag
    assert envelope.check_whole(whole) == checksum.check(whole) == refusal.ACCEPTED


@pytest.mark.parametrize("payload", [b"", b"x", bytes(1176)])
def test_the_relays_short_cut(payload: bytes) -> None:
    """The CRC of the payload once, then a header for each member."""
    data = sealed(payload)
    payload_crc = envelope.payload_crc(data)
    for session in (1, 0x3FFFFFFF):
        envelope.write_header(data, len(data), 32, session, 1, 2, 3)
        envelope.put_crc(data, envelope.header_crc(data, payload_crc))
        assert data[CRC_AT:HEADER_BYTES] == oracle(bytes(data))
