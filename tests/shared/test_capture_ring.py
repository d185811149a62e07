"""What was said and is not sent yet."""

from array import array

from ptt import twins
from ptt.media import dsp
from ptt.media.adpcm import Encoder
from ptt.media.capture_ring import CaptureRing
from ptt.media.codecs import IMA
from ptt.media.frame_store import FrameStore
from ptt.media.g722 import G722

BYTES = 164
SAMPLES = 320


def pcm(number):
    return array("h", [(number * 977 + n * 31) % 8000 - 4000 for n in range(SAMPLES)])


def coded(*numbers):
    """The frames as one coder writes them one after the other."""
    encoder = Encoder()
    frames = []
    for number in numbers:
        frame = bytearray(BYTES)
        encoder.encode(pcm(number), frame, 0)
        frames.append(bytes(frame))
    return frames


def push(ring, *numbers):
    for number in numbers:
        ring.push(pcm(number))


def pop(ring, count):
    frames = []
    for _ in range(count):
        out = bytearray(10 + BYTES + 10)
        assert ring.copy_into(out, 10, 0) == 10 + BYTES
        ring.drop()
        assert bytes(out[0:10]) == bytes(out[10 + BYTES :]) == bytes(10)
        frames.append(bytes(out[10 : 10 + BYTES]))
    return frames


def test_first_in_first_out():
    ring = CaptureRing(4, FrameStore(4))
    push(ring, 1, 2, 3)
    assert ring.count == 3
    assert pop(ring, 3) == coded(1, 2, 3)
    assert ring.count == 0


def test_what_finds_the_store_full_of_others_frames_is_counted_and_takes_none_of_theirs():
    store = FrameStore(2)
    ring, others = CaptureRing(4, store), CaptureRing(4, store)
    push(others, 1, 2)
    push(ring, 3)
    assert (ring.count, ring.dropped, store.free) == (0, 1, 0)
    assert pop(others, 2) == coded(1, 2)


def test_the_coder_runs_on_between_pushes():
    ring = CaptureRing(4, FrameStore(4))
    push(ring, 1)
    first = pop(ring, 1)
    push(ring, 2, 3)
    assert first + pop(ring, 2) == coded(1, 2, 3)


def test_the_ring_turns():
    ring = CaptureRing(3, FrameStore(3))
    expected = coded(*range(20))
    for number in range(20):
        push(ring, number)
        assert pop(ring, 1) == [expected[number]]
    assert ring.dropped == 0


def test_when_full_the_oldest_goes():
    ring = CaptureRing(3, FrameStore(3))
    push(ring, 1, 2, 3, 4, 5)
    assert (ring.count, ring.dropped) == (3, 2)
    assert pop(ring, 3) == coded(1, 2, 3, 4, 5)[2:]


def test_clear_starts_a_burst():
    ring = CaptureRing(3, FrameStore(3))
    push(ring, 1, 2, 3, 4)
    pop(ring, 1)
    ring.clear()
    assert (ring.count, ring.dropped) == (0, 0)
    push(ring, 7, 8)
    assert pop(ring, 2) == coded(7, 8)


def test_what_others_keep_is_no_room():
    store = FrameStore(4)
    ring = CaptureRing(4, store)
    push(ring, 1, 2)
    place = store.take()
    store.take()
    push(ring, 3)
    assert (ring.count, ring.dropped) == (2, 1)
    assert pop(ring, 2) == coded(1, 2, 3)[1:]
    store.give(place)
    push(ring, 4, 5, 6)
    assert pop(ring, ring.count) == coded(1, 2, 3, 4, 5, 6)[3:]
    assert (ring.dropped, store.free) == (1, 3)


def test_without_any_room_a_frame_is_lost_and_counted():
    store = FrameStore(1)
    ring = CaptureRing(4, store)
    store.take()
    push(ring, 1)
    assert (ring.count, ring.dropped, store.free) == (0, 1, 0)


def test_clear_gives_all_back():
    store = FrameStore(3)
    ring = CaptureRing(3, store)
    push(ring, 1, 2, 3, 4)
    ring.clear()
    assert sorted(store.take() for _ in range(3)) == [0, 1, 2]


def in_g722(*numbers):
    state, frames = array("h", bytes(2 * dsp.G722_STATE_SHORTS)), []
    for number in numbers:
        frame = bytearray(G722.frame_bytes)
        twins.g722_encode(state, pcm(number), frame, 0)
        frames.append(bytes(frame))
    return frames


def ring_that_keeps(frames):
    dsp.use(twins)
    ring = CaptureRing(8, FrameStore(8))
    ring.keep_sound(frames)
    return ring


def kept(ring):
    frames = []
    while ring.count:
        out = bytearray(BYTES)
        end = ring.copy_into(out, 0, 0)
        ring.drop()
        frames.append(bytes(out[0:end]))
    return frames


def test_what_is_kept_is_coded_anew():
    """Wherever in the ring it lies."""
    ring = ring_that_keeps(2)
    for first in (1, 2, 3):
        push(ring, *range(10, 10 + first))
        while ring.count:
            ring.drop()
        push(ring, first, first + 1)
        assert ring.change_to(G722)
        assert kept(ring) == in_g722(first, first + 1)
        assert ring.change_to(IMA)


def test_more_than_is_kept_as_sound_stays_as_it_is():
    ring = ring_that_keeps(2)
    push(ring, 1, 2, 3)
    assert not ring.change_to(G722)
    assert ring.codec is IMA
    assert kept(ring) == coded(1, 2, 3)
    assert ring.change_to(G722)  # the next burst
    push(ring, 4)
    assert kept(ring) == in_g722(4)
