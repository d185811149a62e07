"""The stand-in for the coder carries a frame's number; everything else is as in the twins."""

from array import array

from tests.shared import marks

from ptt.base import octets
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.base.prng import Prng

AT = 38


def carried(whose, number, meddle=None):
    """The first samples of a frame that was spoken, coded and decoded."""
    coder = marks.Marks()
    pcm = array("h", bytes(FRAME_SAMPLES * 2))
    marks.speak(pcm, whose, number)
    data = bytearray(AT + ADPCM_FRAME_BYTES)
    coder.ima_encode(None, pcm, data, AT)
    if meddle is not None:
        data[AT + meddle] ^= 1
    heard = array("h", bytes(FRAME_SAMPLES * 2))
    coder.ima_decode(data, AT, heard)
    return heard[0], heard[1] << 15 | heard[2]


def test_every_frame_arrives_as_itself():
    for whose in (0, 1, 255, 256, 32767):
        for number in (0, 1, 32767, 32768, (1 << 30) - 1):
            assert carried(whose, number) == (whose, number)


def test_what_is_not_a_marked_frame_is_nobody_s():
    assert carried(3, 5, meddle=8)[0] == marks.NOBODY


def test_a_concealed_frame_is_nobody_s():
    pcm = array("h", bytes(FRAME_SAMPLES * 2))
    marks.speak(pcm, 3, 5)
    marks.Marks().fade(pcm, 1)
    assert pcm[0] == marks.NOBODY


def test_copying_and_xor_are_those_of_the_twins():
    prng = Prng(7)
    for count in (0, 1, 3, 4, 163, ADPCM_FRAME_BYTES):
        source = bytes([prng.below(256) for _ in range(400)])
        before = bytes([prng.below(256) for _ in range(400)])
        for name in ("copy", "xor"):
            own, twin = bytearray(before), bytearray(before)
            getattr(marks.Marks(), name)(own, 20, source, 11, count)
            getattr(octets, name)(twin, 20, source, 11, count)
            assert own == twin, (name, count)
