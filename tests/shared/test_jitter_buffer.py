"""The frames of one burst put in order, whatever order they come in."""

from ptt.base.numbers import CONCEAL_FRAMES_MAX
from ptt.media.frame_store import FrameStore
from ptt.media.jitter_buffer import JitterBuffer

FRAMES = 8
BYTES = 164


def frame(number):
    return bytes([number & 255]) * BYTES


def opened(*numbers, store=None):
    """A buffer into which `numbers` have come, not playing yet."""
    buffer = JitterBuffer(FRAMES, store or FrameStore(FRAMES))
    buffer.open(1, 2, 1000)
    for number in numbers:
        assert insert(buffer, number), number
    return buffer


def playing(*numbers):
    buffer = opened(*numbers)
    buffer.playing = True
    return buffer


def insert(buffer, number):
    return buffer.insert(number, b"envelope" + frame(number), 8)


def take(buffer):
    """The next frame's number as its content tells it, None when it has not come."""
    at = buffer.take()
    if at < 0:
        buffer.missed += 1  # as playout counts
        return None
    buffer.missed = 0
    content = bytes(buffer.store.data[at : at + BYTES])
    assert content == frame(content[0])
    return content[0]


def taken(buffer, count):
    return [take(buffer) for _ in range(count)]


def test_in_order():
    assert taken(playing(0, 1, 2, 3), 4) == [0, 1, 2, 3]


def test_out_of_order():
    assert taken(playing(2, 0, 3, 1), 4) == [0, 1, 2, 3]


def test_a_missing_frame_leaves_a_gap():
    assert taken(playing(0, 1, 3), 4) == [0, 1, None, 3]


def test_late_entry_starts_with_the_lowest_that_came():
    assert taken(playing(101, 100, 102), 3) == [100, 101, 102]


def test_a_duplicate_is_counted_before_and_after_it_played():
    buffer = playing(0, 1)
    assert not insert(buffer, 0)
    assert take(buffer) == 0
    assert not insert(buffer, 0)
    assert buffer.duplicate == 2
    assert taken(buffer, 2) == [1, None]


def test_the_ring_turns():
    buffer = playing()
    for number in range(5 * FRAMES):
        assert insert(buffer, number)
        assert take(buffer) == number
    assert (buffer.waiting, buffer.late, buffer.duplicate, buffer.dropped) == (0, 0, 0, 0)


def test_a_frame_whose_turn_is_over_is_late():
    buffer = playing(0, 2)
    assert taken(buffer, 2) == [0, None]
    assert not insert(buffer, 1)
    assert buffer.late == 1


def test_while_nothing_comes_the_next_frame_keeps_its_turn():
    """The path has become slower: what comes would be late for ever."""
    buffer = playing(0)
    taken(buffer, CONCEAL_FRAMES_MAX + 2)
    assert insert(buffer, 2)
    assert insert(buffer, 3)
    assert taken(buffer, 3) == [2, 3, None]


def test_it_never_goes_back_behind_what_was_heard():
    buffer = playing(0, 4)
    taken(buffer, 5 + CONCEAL_FRAMES_MAX + 1)
    for number in (1, 2, 3):
        assert not insert(buffer, number), number
    assert buffer.late == 3
    assert insert(buffer, 5)
    assert take(buffer) == 5


def test_without_room_the_oldest_goes():
    """A talker far ahead is heard with a gap, not silent for ever."""
    buffer = playing(*range(FRAMES))
    assert insert(buffer, FRAMES)
    assert insert(buffer, FRAMES + 1)
    assert (buffer.dropped, buffer.waiting) == (2, FRAMES)
    assert taken(buffer, FRAMES + 1) == list(range(2, FRAMES + 2)) + [None]


def test_a_jump_over_everything():
    buffer = playing(0, 1)
    assert insert(buffer, 500 % 256)
    assert (buffer.dropped, buffer.waiting) == (2, 1)
    assert [each for each in taken(buffer, FRAMES) if each is not None] == [500 % 256]


def test_a_gap_longer_than_the_ring_drops_nothing_that_was_not_there():
    buffer = playing(0)
    assert take(buffer) == 0
    assert insert(buffer, 3 * FRAMES)
    assert (buffer.dropped, buffer.waiting) == (0, 1)


def test_far_behind_what_waits_there_is_no_room():
    buffer = opened(100)
    assert not insert(buffer, 100 - FRAMES)
    assert insert(buffer, 100 - FRAMES + 1)
    assert (buffer.dropped, buffer.waiting) == (1, 2)


def test_resuming_starts_at_the_frame_that_came():
    buffer = playing(0)
    taken(buffer, 30)
    assert insert(buffer, 100)
    buffer.resume(100, 5000)
    assert (buffer.lag_ms(100, 5000), buffer.playing, buffer.missed) == (0, False, 0)
    assert insert(buffer, 99)
    assert taken(buffer, 3) == [99, 100, None]


def test_over_when_the_last_was_taken():
    buffer = playing(0, 1)
    assert not buffer.is_over()
    buffer.last = 1
    take(buffer)
    assert not buffer.is_over()
    take(buffer)
    assert buffer.is_over()


def test_opening_forgets_the_burst_before():
    buffer = playing(0, 1, 2)
    buffer.last = 2
    taken(buffer, 2)
    buffer.open(5, 6, 2000)
    assert (buffer.lease, buffer.talker) == (5, 6)
    assert (buffer.waiting, buffer.last, buffer.playing) == (0, -1, False)
    assert insert(buffer, 0)
    assert insert(buffer, 1)
    assert taken(buffer, 3) == [0, 1, None]


def test_waiting_counts_what_is_kept():
    buffer = playing(3, 1, 5)
    assert buffer.waiting == 3
    taken(buffer, 2)
    assert buffer.waiting == 2
    taken(buffer, 3)
    assert buffer.waiting == 0


def test_going_back_before_it_plays_costs_what_waits_too_far_ahead_and_that_is_counted():
    buffer = opened(11)
    assert insert(buffer, 5)
    assert insert(buffer, 3)  # where frame 11 lies
    assert (buffer.waiting, buffer.dropped) == (2, 1)


def test_what_sounded_for_a_lost_frame_is_not_made_good_again():
    """It was waited for twice; then a later one shows that it is lost, with the one behind it."""
    buffer = playing(0)
    assert taken(buffer, 3) == [0, None, None]
    assert insert(buffer, 3)
    assert taken(buffer, 2) == [3, None]
    assert insert(buffer, 6)
    assert taken(buffer, 3) == [None, 6, None]


def test_how_late_a_frame_is():
    """Against the fastest so far, which need not be the first; what comes with another one, and
    what comes after an outage, says nothing of the frames behind it."""
    buffer = playing()
    came = ((0, 1000), (1, 1020), (2, 1055), (3, 1056), (4, 1070), (5, 1110))
    late_ms = []
    for number, now_ms in came:
        late_ms.append(buffer.arrive(number, now_ms))
        insert(buffer, number)
    assert late_ms == [0, 0, 15, 0, 0, 20]
    buffer.missed = CONCEAL_FRAMES_MAX + 1
    assert buffer.arrive(6, 1600) == 490
    assert buffer.arrive(7, 1601) == 0
    assert buffer.arrive(8, 1621) == 0
    assert buffer.arrive(9, 1651) == 10


def test_what_is_the_fastest_is_forgotten_slowly():
    """A clock that is slow by 0.02 % is no path that slows down."""
    buffer = playing()
    for number in range(30_000):
        assert buffer.arrive(number, 1000 + number * 20 + number // 250) <= 1, number
        buffer.upcoming = number


def test_places_come_back_played_skipped_or_forgotten():
    store = FrameStore(2 * FRAMES)
    buffer = opened(0, 1, 2, 3, store=store)
    assert store.free == 2 * FRAMES - 4
    buffer.playing = True
    assert [take(buffer), take(buffer)] == [0, 1]
    assert store.free == 2 * FRAMES - 2
    assert insert(buffer, 2 + FRAMES)  # 2 has no room any more
    assert (store.free, buffer.dropped) == (2 * FRAMES - 2, 1)
    assert not insert(buffer, 3)
    buffer.open(2, 2, 1000)
    assert store.free == 2 * FRAMES
    assert sorted(store.take() for _ in range(2 * FRAMES)) == list(range(2 * FRAMES))


def test_what_others_keep_is_no_room():
    store = FrameStore(3)
    store.take()
    buffer = opened(0, 1, store=store)
    assert not insert(buffer, 2)
    assert (buffer.waiting, buffer.dropped) == (2, 1)
    buffer.playing = True
    assert [take(buffer), take(buffer), take(buffer)] == [0, 1, None]
    assert insert(buffer, 3) and take(buffer) == 3
