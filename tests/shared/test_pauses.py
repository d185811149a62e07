"""Which frames of a talk burst are pauses: none that is near speech."""

from ptt.microphone.activity import Activity
from ptt.microphone.pauses import Pauses

ROOM = 320 * 20
VOICE = 320 * 1000


class Talker:
    def __init__(self):
        self.activity = Activity()
        self.pauses = Pauses(self.activity)

    def hear(self, level, frames, sharp=ROOM):
        """How many of so many frames alike were pauses."""
        before = self.pauses.count
        for _ in range(frames):
            self.pauses.hear(self.activity.hear(level, sharp), level)
        return self.pauses.count - before


def spoken():
    talker = Talker()
    talker.hear(ROOM, 20)
    talker.hear(VOICE, 20)
    return talker


def test_a_long_silence_after_speech_is_a_pause():
    talker = spoken()
    assert talker.hear(ROOM, 17) == 0  # 300 ms, and two that may lead to speech
    assert talker.hear(ROOM, 50) == 50


def test_nothing_is_a_pause_before_anybody_spoke():
    assert Talker().hear(ROOM, 100) == 0


def test_speech_is_none_however_long():
    talker = spoken()
    for _ in range(20):
        assert talker.hear(VOICE, 20) == 0
        assert talker.hear(ROOM, 10) == 0  # a gap in a word


def test_a_hissing_beginning_is_speech():
    talker = spoken()
    talker.hear(ROOM, 60)
    talker.hear(ROOM, 3, sharp=4 * ROOM)
    assert talker.hear(ROOM, 15) == 0


def test_a_voice_near_the_room_has_no_pauses():
    talker = Talker()
    talker.hear(ROOM, 20)
    talker.hear(3 * ROOM, 20)
    assert talker.hear(ROOM, 100) == 0


def test_a_clink_is_no_voice():
    """After soft speech, it does not make the room look far below."""
    talker = Talker()
    talker.hear(ROOM, 20)
    talker.hear(3 * ROOM, 20)
    talker.hear(ROOM, 5)
    talker.hear(VOICE, 2)
    assert talker.hear(ROOM, 100) == 0


def test_a_room_that_grows_loud_is_learnt():
    talker = spoken()
    talker.hear(ROOM, 40)
    talker.hear(4 * ROOM, 170)  # a fan is switched on: speech at first, for all that is known
    talker.hear(VOICE, 20)
    assert talker.hear(4 * ROOM, 60) == 43
