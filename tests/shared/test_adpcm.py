"""The coder against an independent one, written from the IMA's text and not from ours."""

from array import array

from tests.shared.adpcm_reference import STEPS, Reference

from ptt.base.prng import Prng
from ptt.media import adpcm

SAMPLES = 320
BYTES = 164


def tone(frame):
    """A triangle of 200 Hz with a small one on top."""
    pcm = array("h", bytes(SAMPLES * 2))
    for n in range(SAMPLES):
        at = frame * SAMPLES + n
        pcm[n] = abs(at * 401 % 32000 - 16000) - 8000 + at * 97 % 300
    return pcm


def noise(prng, loudness):
    return array("h", [prng.below(2 * loudness) - loudness for _ in range(SAMPLES)])


def loud(prng):
    """Full swings, which drive the predictor against its limits."""
    return array("h", [(-32768, 32767)[prng.below(2)] for _ in range(SAMPLES)])


def signals():
    prng = Prng(4)
    for frame in range(3):
        yield tone(frame)
    yield array("h", bytes(SAMPLES * 2))
    yield noise(prng, 10)
    yield noise(prng, 3000)
    yield loud(prng)
    yield array("h", [32767] * SAMPLES)
    yield array("h", [-32768] * SAMPLES)


def decode(frame, at=0):
    pcm = array("h", bytes(SAMPLES * 2))
    adpcm.decode(frame, at, pcm)
    return pcm


def test_the_step_table_is_the_imas():
    assert list(adpcm._STEPS) == STEPS


def test_coding_is_the_references():
    encoder = adpcm.Encoder()
    reference = Reference()
    frame = bytearray(BYTES)
    for pcm in signals():
        encoder.encode(pcm, frame, 0)
        assert frame[3] == 0
        assert bytes(frame) == reference.encode(pcm)


def test_decoding_is_the_references():
    prng = Prng(9)
    for _ in range(8):
        frame = bytearray([prng.below(256) for _ in range(BYTES)])
        frame[2] = prng.below(89)
        assert list(decode(frame)) == Reference().decode(frame)


def test_the_decoder_follows_the_coder():
    """What is decoded is what the coder believes: its state opens the next frame."""
    encoder = adpcm.Encoder()
    frame = bytearray(BYTES)
    before = None
    for pcm in signals():
        encoder.encode(pcm, frame, 0)
        if before is not None:
            predictor = frame[0] << 8 | frame[1]
            assert before == (predictor - 65536 if predictor > 32767 else predictor)
        before = decode(frame)[SAMPLES - 1]


def test_speech_survives():
    """The error of a settled coder stays far below the signal."""
    encoder = adpcm.Encoder()
    frame = bytearray(BYTES)
    error = energy = 0
    for number in range(6):
        pcm = tone(number)
        encoder.encode(pcm, frame, 0)
        heard = decode(frame)
        if number:
            error += sum([(a - b) * (a - b) for a, b in zip(pcm, heard)])
            energy += sum([a * a for a in pcm])
    assert energy > 300 * error  # 25 dB


def test_each_frame_is_decoded_alone():
    encoder = adpcm.Encoder()
    frames = bytearray(3 * BYTES)
    for number in range(3):
        encoder.encode(tone(number), frames, number * BYTES)
    in_order = [list(decode(frames, number * BYTES)) for number in range(3)]
    for number in (2, 0, 1, 2):
        assert list(decode(frames, number * BYTES)) == in_order[number]


def test_decoding_is_total():
    """Any bytes give samples in range; a step index that no coder writes counts as the last."""
    prng = Prng(6)
    for index in (0, 88, 89, 200, 255):
        frame = bytearray([prng.below(256) for _ in range(BYTES)])
        frame[2] = index
        clamped = bytearray(frame)
        clamped[2] = min(index, 88)
        pcm = decode(frame)
        assert pcm == decode(clamped)
        assert min(pcm) >= -32768
        assert max(pcm) <= 32767
    for byte in (0x00, 0x77, 0x88, 0xFF):
        decode(bytearray([byte] * BYTES))


def test_a_reset_coder_starts_from_silence():
    encoder = adpcm.Encoder()
    first = bytearray(BYTES)
    again = bytearray(BYTES)
    encoder.encode(tone(1), first, 0)
    encoder.encode(tone(2), again, 0)
    assert bytes(again[0:3]) != b"\0\0\0"
    encoder.reset()
    encoder.encode(tone(1), again, 0)
    assert again == first


def test_nothing_is_written_around_the_frame():
    out = bytearray([0xEE] * (BYTES + 20))
    adpcm.Encoder().encode(tone(1), out, 10)
    assert bytes(out[0:10]) == bytes(out[BYTES + 10 :]) == b"\xee" * 10
