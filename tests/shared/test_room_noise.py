"""When a room counts as noisy."""

from array import array

from ptt.media import room_noise

NEW = (0, 0)


def heard(peaks, state=NEW):
    """What `follow` says of each frame."""
    room = array("i", state)
    return [room_noise.follow(room, 0, peak) for peak in peaks]


def test_speech_over_a_silent_room():
    assert not any(heard([20, 4000, 9000, 20, 8000] * 20)[1:])  # one frame alone says nothing


def test_speech_over_a_murmuring_room():
    told = heard([400, 4000, 9000, 500, 8000] * 20)
    assert all(told[5:])


def test_silence_itself_is_no_noise():
    assert not any(heard([0] * 50))


def test_two_seconds_without_a_pause_do_not_make_a_silent_room_noisy():
    assert not any(heard([10] + [9000] * 100)[1:100])


def test_noise_that_begins_is_noticed():
    """A fan is switched on."""
    told = heard([10, 9000] * 20 + [600, 9000] * 400)
    assert not told[39]
    assert told[-1]


def test_what_was_loud_is_forgotten():
    """Somebody shouted; whoever talks softly afterwards talks in the same noise."""
    told = heard([30000] + [300, 2000] * 400)
    assert told[-1]


def test_numbers_stay_small():
    room = array("i", NEW)
    for peak in [32768, 0] * 500:
        room_noise.follow(room, 0, peak)
    assert 0 <= room[0] <= 32768
    assert 0 <= room[1] <= 32768
