"""Voice packets by offset: the same bytes as the message table says, and what is refused."""

from ptt.wire import codec, envelope, messages, refusal, voice

KIND = messages.VOICE_FRAME
FIELDS = (0x11, messages.CODEC_IMA_ADPCM, 0x1213, 0x14151617, 0x1819, 1, 3, 164)


def packet(fields=FIELDS, size=None):
    """A datagram whose fields the table's coder wrote, with frames of zeros behind them."""
    data = bytearray(1200)
    at = codec.encode(data, envelope.HEADER_BYTES, KIND, fields)
    end = at + (fields[6] * fields[7] if size is None else size)
    envelope.seal_header(data, end, KIND, 1, 2, 3, 4)
    return data[0:end]


def changed(at, *values):
    """A good packet with bytes of its payload replaced, its CRC right again."""
    data = packet()
    for index in range(len(values)):
        data[24 + at + index] = values[index]
    envelope.seal_header(data, len(data), KIND, 1, 2, 3, 4)
    return data


def test_offsets_are_the_tables():
    data = packet()
    assert voice.check(data) == refusal.ACCEPTED
    assert voice.group(data) == 0x11
    assert voice.codec(data) == messages.CODEC_IMA_ADPCM
    assert voice.talker(data) == 0x1213
    assert voice.lease(data) == 0x14151617
    assert voice.first(data) == 0x1819
    assert voice.is_last(data)
    assert voice.count(data) == 3


def test_the_frames_lie_behind_the_tables_fields():
    data = bytearray(1200)
    assert codec.encode(data, envelope.HEADER_BYTES, KIND, FIELDS) == voice.FRAMES_AT


def test_it_writes_what_the_tables_coder_writes():
    for last in (False, True):
        for count in (1, 2, 3):
            data = bytearray(1200)
            end = voice.write_fields(data, 0x11, 1, 0x1213, 0x14151617, 0x1819, last, count)
            fields = (0x11, 1, 0x1213, 0x14151617, 0x1819, int(last), count, 164)
            assert end == voice.FRAMES_AT + count * 164
            assert data[24 : voice.FRAMES_AT] == packet(fields)[24 : voice.FRAMES_AT]


def test_frame_sizes():
    assert voice.frame_bytes(messages.CODEC_IMA_ADPCM) == 164
    assert voice.frame_bytes(messages.CODEC_PCM16) == 640
    assert voice.frame_bytes(messages.CODEC_G722) == 160
    assert voice.frame_bytes(messages.CODEC_OPUS) == 80
    assert voice.frame_bytes(4) == 0
    assert voice.frame_bytes(255) == 0


def test_uncompressed_frames_are_well_formed_too():
    assert voice.check(packet((1, 0, 2, 3, 0, 0, 1, 640))) == refusal.ACCEPTED


def test_too_short_for_the_fields():
    for size in range(14):
        data = packet()[0 : 24 + size]
        envelope.seal_header(data, 24 + size, KIND, 1, 2, 3, 4)
        assert voice.check(data) == refusal.FIELD


def test_a_codec_that_nobody_knows():
    assert voice.check(changed(1, 2)) == refusal.FIELD


def test_a_lease_of_0_or_above_30_bits():
    assert voice.check(changed(4, 0, 0, 0, 0)) == refusal.RANGE
    assert voice.check(changed(4, 0x40)) == refusal.RANGE
    assert voice.check(changed(4, 0x80)) == refusal.RANGE


def test_a_frame_number_that_would_wrap():
    assert voice.check(changed(8, 0xFF, 0xFD)) == refusal.ACCEPTED
    assert voice.check(changed(8, 0xFF, 0xFE)) == refusal.RANGE


def test_marks_and_count_out_of_range():
    assert voice.check(changed(10, 2)) == refusal.RANGE
    assert voice.check(changed(11, 0)) == refusal.RANGE
    assert voice.check(changed(11, 4)) == refusal.RANGE


def test_frames_of_another_size():
    assert voice.check(changed(12, 0, 0)) == refusal.FIELD
    assert voice.check(changed(12, 0, 163)) == refusal.FIELD


def test_frames_missing_or_too_many():
    assert voice.check(packet(size=3 * 164 - 1)) == refusal.LENGTH
    assert voice.check(packet(size=3 * 164 + 1)) == refusal.LENGTH
    assert voice.check(changed(11, 2)) == refusal.LENGTH


def test_an_empty_last_packet_is_none():
    data = packet((1, 1, 2, 3, 4, 1, 1, 164), size=0)
    assert voice.check(data) == refusal.LENGTH
