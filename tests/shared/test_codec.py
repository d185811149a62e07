"""Control messages: each field at both ends of its range, and everything that is not allowed."""

from tests.shared.raising import raised
from tests.shared.samples import MAXIMUM, MINIMUM, control_values, ends_whole, payload_bytes

from ptt.wire import codec, messages, refusal
from ptt.wire.messages import LAYOUTS

AT = 24
INTEGERS = (1, 2, 4)
HELLO_NAME_AT = 8 + 4 + 4 + 1  # in the payload: the length byte of the name

NOT_UTF8 = (
    b"\x80",  # a continuation without a start
    b"\xff",
    b"\xc3",  # ends inside a character
    b"\xe2\x82",
    b"\xc3\x28",
    b"\xc0\x8a",  # a line feed in two bytes
    b"\xc1\x81",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xf4\x90\x80\x80",  # beyond the last character
    b"\xf8\x88\x80\x80\x80",
)
CONTROLS = (0x00, 0x0A, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F)


def encoded(kind, values):
    """The payload as `encode` writes it; checks that it writes nothing else."""
    data = bytearray([0xEE] * (AT + 300))
    end = codec.encode(data, AT, kind, values)
    assert bytes(data[0:AT]) == b"\xee" * AT
    assert bytes(data[end:]) == b"\xee" * (len(data) - end)
    return bytes(data[AT:end])


def decoded(kind, payload):
    return tuple(codec.decode(kind, payload, 0, len(payload)))


def refused(kind, payload):
    """The reason for which `payload` is refused."""
    return raised(refusal.Refused, decoded, kind, payload).reason


def hello(name):
    return (b"12345678", 1, b"abcd", 2, name, b"1")


def replaced(values, index, value):
    values = list(values)
    values[index] = value
    return tuple(values)


def test_every_message_comes_back_at_both_ends():
    for kind in LAYOUTS:
        for end in (MINIMUM, MAXIMUM):
            values = control_values(kind, end)
            payload = encoded(kind, values)
            assert len(payload) == payload_bytes(kind, values)
            assert decoded(kind, payload) == values


def test_every_field_at_both_ends_alone():
    for kind in LAYOUTS:
        for index in range(len(LAYOUTS[kind])):
            low, high = control_values(kind, MINIMUM), control_values(kind, MAXIMUM)
            for values in (replaced(low, index, high[index]), replaced(high, index, low[index])):
                assert decoded(kind, encoded(kind, values)) == values


def test_integers_are_big_endian():
    payload = encoded(messages.FLOOR_GRANT, (1, 0x0203, 0x04050607, 0x08090A0B, 0x0C0D, 0x0E0F1011))
    assert payload == bytes(range(1, 18))


def test_out_of_range_is_our_bug():
    for kind in LAYOUTS:
        values = control_values(kind, MINIMUM)
        for index in range(len(values)):
            field_kind, low, high, _ = LAYOUTS[kind][index]
            if field_kind in INTEGERS:
                wrong = (low - 1, high + 1, 1 << 32)
            else:
                wrong = (bytes(high + 1), b"" if low else bytes(high + 2))
            for value in wrong:
                raised(ValueError, encoded, kind, replaced(values, index, value))


def test_too_many_and_too_few_values_are_our_bug():
    for kind in LAYOUTS:
        values = control_values(kind, MINIMUM)
        if LAYOUTS[kind][-1][3] is None:
            raised(ValueError, encoded, kind, values[:-1])
        raised(ValueError, encoded, kind, values + (1,))


def test_every_truncation_is_refused():
    """With one exception: a payload may end where the message of an older build ended."""
    for kind in LAYOUTS:
        for end in (MINIMUM, MAXIMUM):
            values = control_values(kind, end)
            payload = encoded(kind, values)
            whole = ends_whole(kind, values)
            for size in range(len(payload)):
                if size not in whole:
                    assert refused(kind, payload[0:size]) == refusal.FIELD, (kind, size)


def test_fields_that_an_older_build_did_not_have_get_their_default():
    count = 0
    for kind in LAYOUTS:
        for end in (MINIMUM, MAXIMUM):
            values = control_values(kind, end)
            payload = encoded(kind, values)
            for size, fields in ends_whole(kind, values).items():
                defaults = tuple([row[3] for row in LAYOUTS[kind][fields:]])
                assert decoded(kind, payload[0:size]) == values[0:fields] + defaults
                count += len(defaults)
    assert count >= 2  # there is such a field


def test_the_name_of_the_holder_is_missing_from_build_2_0():
    payload = encoded(messages.FLOOR_TAKEN, (1, 2, 3, 4, b"Ann"))
    assert decoded(messages.FLOOR_TAKEN, payload[0:11]) == (1, 2, 3, 4, b"")
    for size in (12, 13, 14):  # a name that is not whole
        assert refused(messages.FLOOR_TAKEN, payload[0:size]) == refusal.FIELD


def test_a_missing_field_is_taken_from_nothing_behind_the_payload():
    """The next datagram's bytes may still lie in the buffer."""
    payload = encoded(messages.FLOOR_TAKEN, (1, 2, 3, 4, b"Ann"))
    assert codec.decode(messages.FLOOR_TAKEN, payload, 0, 11) == [1, 2, 3, 4, b""]


def test_bytes_of_a_newer_build_are_left_alone():
    for kind in LAYOUTS:
        values = control_values(kind, MAXIMUM)
        assert decoded(kind, encoded(kind, values) + b"newer") == values


def test_decoding_stops_at_the_end_it_was_told():
    payload = encoded(messages.FLOOR_IDLE, (1, 2, 3))
    raised(refusal.Refused, codec.decode, messages.FLOOR_IDLE, payload + b"x", 0, len(payload) - 1)


def test_numbers_out_of_range_are_refused():
    for kind in LAYOUTS:
        values = control_values(kind, MINIMUM)
        at = 0
        for (field_kind, low, high, _), value in zip(LAYOUTS[kind], values):
            if field_kind not in INTEGERS:
                at += len(value) + (field_kind == 9)
                continue
            for wrong in (low - 1, high + 1, (1 << 8 * field_kind) - 1):
                if 0 <= wrong < 1 << 8 * field_kind and not low <= wrong <= high:
                    payload = bytearray(encoded(kind, values))
                    payload[at : at + field_kind] = wrong.to_bytes(field_kind, "big")
                    assert refused(kind, bytes(payload)) == refusal.RANGE, (kind, at, wrong)
            at += field_kind


def test_a_text_of_any_script():
    for name in ("Jörg", "ζ€𝄞", "x" * 32, "\xa0"):
        values = hello(name.encode()) + (0, 0)
        assert decoded(messages.HELLO, encoded(messages.HELLO, values)) == values


def test_a_text_that_is_no_utf8_is_refused():
    for name in NOT_UTF8:
        for around in (b"", b"ab"):
            payload = encoded(messages.HELLO, hello(around + name + around))
            assert refused(messages.HELLO, payload) == refusal.FIELD, name


def test_control_characters_are_refused():
    """Names end up in logs and on screens; some would move the cursor of a terminal."""
    for control in CONTROLS:
        payload = encoded(messages.HELLO, hello(b"a" + chr(control).encode() + b"b"))
        assert refused(messages.HELLO, payload) == refusal.FIELD, control


def test_a_text_too_long_or_empty_is_refused():
    payload = bytearray(encoded(messages.HELLO, hello(b"x" * 32)))
    for length in (0, 33, 255):
        payload[HELLO_NAME_AT] = length
        assert refused(messages.HELLO, bytes(payload) + bytes(300)) == refusal.FIELD, length
