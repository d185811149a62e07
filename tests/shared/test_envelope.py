"""The envelope: its layout, every reason of refusal, and that no damage goes unnoticed."""

from binascii import crc32

from tests.shared.raising import raised
from tests.shared.samples import MINIMUM, control_values

from ptt.base.numbers import DATAGRAM_BYTES_MAX, INT_MAX
from ptt.wire import codec, envelope, messages, refusal, voice


def sealed(kind, payload=b""):
    data = bytearray(24) + payload
    envelope.seal_header(data, len(data), kind, 0x01020304, 0x0506, 0x0708090A, 0x0B0C0D0E)
    return data


def sample(kind):
    """A whole datagram of message `kind`."""
    data = bytearray(DATAGRAM_BYTES_MAX)
    if kind == messages.VOICE_FRAME:
        end = voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 2, 3, 4, True, 1)
    else:
        end = codec.encode(data, 24, kind, control_values(kind, MINIMUM))
    envelope.seal_header(data, end, kind, INT_MAX, 2, 77, 1234567)
    return data[0:end]


def recrc(data):
    """The right CRC for a datagram that was made wrong on purpose."""
    crc = crc32(bytes(data[0:20]), crc32(bytes(data[24:])))
    data[20:24] = crc.to_bytes(4, "big")
    return data


def test_layout_byte_by_byte():
    data = sealed(0x11, b"hello")
    assert bytes(data[0:20]) == bytes(
        [messages.VERSION, 0x11, 0, 0, 1, 2, 3, 4, 5, 6, 0, 5, 7, 8, 9, 10, 11, 12, 13, 14]
    )
    crc = crc32(b"hello" + bytes(data[0:20]))
    assert bytes(data[20:24]) == crc.to_bytes(4, "big")
    assert bytes(data[24:]) == b"hello"


def test_fields_are_read_back():
    data = sealed(0x11, b"hello")
    assert envelope.check_whole(data) == refusal.ACCEPTED
    assert envelope.msg_type(data) == 0x11
    assert not envelope.is_sealed(data)
    assert envelope.session_id(data) == 0x01020304
    assert envelope.source_node(data) == 0x0506
    assert envelope.payload_end(data) == 29
    assert envelope.seq(data) == 0x0708090A
    assert envelope.timestamp_ms(data) == 0x0B0C0D0E


def test_bytes_bytearray_and_memoryview_are_the_same():
    data = sealed(3, b"abc")
    for same in (bytes(data), memoryview(data), memoryview(bytes(data))):
        assert envelope.check_whole(same) == refusal.ACCEPTED


def test_another_minor_version_is_ours():
    data = sealed(3, b"abc")
    for version, is_newer, compared in (
        (0x20, False, -1),
        (messages.VERSION, False, 0),
        (0x2F, True, 1),
    ):
        data[0] = version
        assert envelope.check_whole(recrc(data)) == refusal.ACCEPTED
        assert envelope.is_newer(data) == is_newer
        assert envelope.compare_version(data) == compared


def test_another_major_is_compared_by_its_first_byte_alone():
    assert envelope.compare_version(b"\x10") == -1
    assert envelope.compare_version(b"\x30") == 1


def test_empty():
    assert envelope.check_whole(b"") == refusal.EMPTY


def test_another_major_version_whatever_follows():
    for first in (0x00, 0x10, 0x30, 0xF0):
        assert envelope.check_whole(bytes([first])) == refusal.VERSION
        assert envelope.check_whole(bytes([first]) * 2000) == refusal.VERSION


def test_short_of_an_envelope():
    for size in range(1, 24):
        assert envelope.check_whole(bytes(sealed(3)[0:size])) == refusal.SHORT


def test_longer_than_any_of_ours():
    longest = sealed(3, bytes(DATAGRAM_BYTES_MAX - 24))
    assert envelope.check_whole(longest) == refusal.ACCEPTED
    assert envelope.check_whole(longest + b"x") == refusal.LONG


def test_payload_length_and_datagram_length_disagree():
    data = sealed(3, b"abc")
    for length in (0, 2, 4, 0xFFFF):
        envelope.put16(data, 10, length)
        assert envelope.check_whole(recrc(data)) == refusal.LENGTH


def test_a_sealed_datagram_has_eight_bytes_more():
    data = sealed(3, b"abc")
    data[3] = envelope.FLAG_SEALED
    assert envelope.check_whole(recrc(data)) == refusal.LENGTH
    crc = crc32(bytes(data[0:20]), crc32(b"abc"))
    data[20:24] = crc.to_bytes(4, "big")
    assert envelope.check_whole(data + bytes(8)) == refusal.ACCEPTED
    assert envelope.is_sealed(data)
    assert envelope.check_whole(data + bytes(7)) == refusal.LENGTH


def test_numbers_above_30_bits():
    for at in (4, 12, 16):
        for bit in (0x40, 0x80):
            data = sealed(3, b"abc")
            data[at] |= bit
            assert envelope.check_whole(recrc(data)) == refusal.RANGE


def test_a_wrong_crc():
    data = sealed(3, b"abc")
    data[-1] ^= 1
    assert envelope.check_whole(data) == refusal.CRC


def test_no_prefix_is_accepted():
    for kind in messages.LAYOUTS:
        data = sample(kind)
        assert envelope.check_whole(data) == refusal.ACCEPTED
        for size in range(len(data)):
            assert envelope.check_whole(data[0:size]) != refusal.ACCEPTED, (kind, size)


def test_no_extension_is_accepted():
    for kind in messages.LAYOUTS:
        data = sample(kind)
        for byte in range(256):
            assert envelope.check_whole(data + bytes([byte])) == refusal.LENGTH, kind


def test_no_flipped_bit_is_accepted():
    for kind in messages.LAYOUTS:
        data = sample(kind)
        for at in range(len(data)):
            for bit in range(8):
                data[at] ^= 1 << bit
                assert envelope.check_whole(data) != refusal.ACCEPTED, (kind, at, bit)
                data[at] ^= 1 << bit
        assert envelope.check_whole(data) == refusal.ACCEPTED


def test_no_swapped_neighbours_are_accepted():
    data = sample(messages.HELLO)
    for at in range(len(data) - 1):
        if data[at] != data[at + 1]:
            data[at], data[at + 1] = data[at + 1], data[at]
            assert envelope.check_whole(data) != refusal.ACCEPTED, at
            data[at], data[at + 1] = data[at + 1], data[at]


def test_the_relays_short_cut_gives_the_same_crc():
    data = sample(messages.VOICE_FRAME)
    again = bytearray(data)
    payload_crc = envelope.payload_crc(data)
    envelope.write_header(again, len(again), messages.VOICE_FRAME, 7, 1, 8, 9)
    envelope.put_crc(again, envelope.header_crc(again, payload_crc))
    envelope.seal_header(data, len(data), messages.VOICE_FRAME, 7, 1, 8, 9)
    assert again == data


def test_numbers_out_of_range_are_our_bug():
    for session, seq, now_ms in ((INT_MAX + 1, 1, 1), (1, INT_MAX + 1, 1), (1, 1, INT_MAX + 1)):
        raised(ValueError, envelope.seal_header, bytearray(24), 24, 3, session, 1, seq, now_ms)
    large = bytearray(DATAGRAM_BYTES_MAX + 1)
    raised(ValueError, envelope.seal_header, large, len(large), 3, 1, 1, 1, 1)
