"""Pauses that a talker leaves out: what is sent of them, what is heard, and who may."""

from array import array

from tests.shared import oracle
from tests.shared.venue import Venue

from ptt.base import events, features
from ptt.base.numbers import REST_EVERY_FRAMES, REST_FRAMES_MAX, REST_LEAD_FRAMES
from ptt.leader.settings_in_force import Settings
from ptt.media.smooth_playout import SmoothPlayout
from ptt.microphone.comfort import Comfort, level_of, mean_of
from ptt.wire import envelope, messages, refusal, voice

ON = 1
WORD_FRAMES, PAUSE_FRAMES = 40, 60
LEVEL = 25


class Resting(Venue):
    """Everybody but `plain` badges knows pauses; their people speak for 0.8 s and rest for 1.2."""

    def __init__(self, badges=3, seed=1, plain="", **network):
        self._plain = plain
        self.packets = []  # (first, count, mark of each frame) of A's voice
        super().__init__(badges, seed, is_coded=True, **network)
        self.run(1500)
        self.put_in_force(2, ON)

    def equip(self, badge):
        if badge.name[0] in self._plain:
            return
        engine = badge.engine
        engine.playout.comfort = Comfort()
        engine.membership.claims |= features.PAUSES
        speak = badge.speak

        def with_pauses(is_coded):
            is_word = badge.count % (WORD_FRAMES + PAUSE_FRAMES) < WORD_FRAMES
            badge.count += engine.floor.wants_speech()
            engine.burst.rest_level = 0 if is_word else LEVEL
            return speak(is_coded)

        badge.speak = with_pauses

    def put_in_force(self, version, leave_out, most_ms=340):
        settings = Settings(version, leave_out_pauses=leave_out, playout_delay_max_ms=most_ms)
        self.leader.publish(settings, self.now_ms)
        self.collect_leader()
        self.run(500)

    def send(self, data, source, destination):
        if data[1] == messages.VOICE_FRAME and source == ("badge", 0):
            self.packets.append((voice.first(data), voice.count(data)))
        super().send(data, source, destination)

    def talk(self, duration_ms, wait_ms=2000):
        """A does; the lease and how many frames it had."""
        a = self.badge("A")
        self.packets = []
        a.count = 0
        self.press("A")
        self.run(duration_ms)
        self.release("A")
        self.run(wait_ms)
        (lease, sent, dropped) = a.last(events.SENT)
        assert dropped == 0
        return lease, sent

    def sent_frames(self):
        numbers = set()
        for first, count in self.packets:
            numbers.update(range(first, first + count))
        return numbers


def is_speech(number):
    return number % (WORD_FRAMES + PAUSE_FRAMES) < WORD_FRAMES


def speech_of(badge, lease):
    return [number for number in badge.heard_of(lease) if is_speech(number)]


def test_of_a_pause_one_frame_of_five_is_sent_and_all_speech_is_heard():
    venue = Resting()
    lease, frames = venue.talk(10_000)
    assert frames > 490
    sent = venue.sent_frames()
    left_out = venue.badge("A").engine.burst.left_out
    assert len(sent) + left_out == frames
    assert 0.40 < left_out / frames < 0.48  # of 60 % that are pauses, four fifths
    assert [number for number in range(frames) if is_speech(number) and number not in sent] == []
    numbers = sorted(sent)
    apart = [numbers[n + 1] - numbers[n] for n in range(len(numbers) - 1)]
    assert max(apart) == REST_EVERY_FRAMES
    for name in "BC":
        badge = venue.badge(name)
        played, concealed, late = badge.last(events.HEARD)[2:5]
        assert (played, concealed, late) == (frames, 0, 0)
        assert len(badge.all(events.HEARING)) == 1  # no pause was taken for the end
        assert speech_of(badge, lease) == [n for n in range(frames) if is_speech(n)]
        assert badge.engine.playout.comfort.frames > frames * 55 // 100
        assert badge.engine.playout.path.delay_ms == 60  # held frames are no late ones
    assert venue.badge("A").last(events.RECEIPT)[1:] == (2, 2, 2)  # both heard all of it
    oracle.check_settings(venue)


def test_who_plays_smoothly_hears_all_speech_and_rooms_too():
    """As badges with room do, on a path that loses and delays."""
    venue = Resting(3, 1, jitter_ms=40)
    for name in "BC":
        engine = venue.badge(name).engine
        engine.ear = SmoothPlayout(engine.playout)
    venue.loss_percent = 3
    _, frames = venue.talk(10_000, 3000)
    wanted = len([number for number in range(frames) if is_speech(number)])
    for name in "BC":
        badge = venue.badge(name)
        assert len(badge.all(events.HEARING)) == 1
        played, concealed = badge.last(events.HEARD)[2:4]
        assert played > frames * 19 // 20
        assert concealed < wanted // 8  # two hops of 3 %: what was held back came in time, too
        assert badge.engine.playout.comfort.frames > (frames - wanted) * 3 // 4


def test_what_leads_to_speech_is_sent_with_it():
    venue = Resting()
    venue.talk(10_000)
    packets = {first: count for first, count in venue.packets}
    begins = [
        first for first, count in packets.items() if count == 1 + REST_LEAD_FRAMES and first > 5
    ]
    assert len(begins) >= 4
    for begin in begins[:4]:  # the end of the burst may be as long
        assert (begin + REST_LEAD_FRAMES) % (WORD_FRAMES + PAUSE_FRAMES) == 0


def test_a_long_pause_keeps_the_floor():
    venue = Resting()
    a = venue.badge("A")
    venue.press("A")
    venue.run(700)
    a.count = WORD_FRAMES  # a pause begins, and goes on
    for _ in range(6):
        venue.run(1000)
        a.count = WORD_FRAMES
        assert a.engine.floor.may_send()
    venue.release("A")
    venue.run(2000)
    (_, frames, _) = a.last(events.SENT)
    for name in "BC":
        played, concealed = venue.badge(name).last(events.HEARD)[2:4]
        assert (played, concealed) == (frames, 0)
        assert len(venue.badge(name).all(events.HEARING)) == 1


def test_on_a_bad_path_no_pause_is_an_end_and_speech_is_heard():
    for seed in range(4):
        venue = Resting(3, seed, jitter_ms=40)
        venue.loss_percent = 5
        lease, frames = venue.talk(10_000, 3000)
        wanted = len([number for number in range(frames) if is_speech(number)])
        for name in "BC":
            badge = venue.badge(name)
            assert len(badge.all(events.HEARING)) == 1, seed
            heard = speech_of(badge, lease)
            assert heard == sorted(set(heard))
            assert len(heard) > wanted * 80 // 100  # two hops of 5 % each, one burst
            assert badge.last(events.HEARD)[2] <= frames
            assert badge.engine.playout.path.delay_ms <= 150


def test_what_came_late_is_made_good_in_a_pause():
    """The network holds speech for a while; behind the next pause it is as early as it may be."""
    venue = Resting()
    venue.put_in_force(3, ON, 80)
    a = venue.badge("A")
    a.count = 0
    venue.press("A")
    venue.run(300)
    venue.delay_ms = 120
    venue.run(300)
    venue.delay_ms = 2
    venue.run(3500)
    for name in "BC":
        playout = venue.badge(name).engine.playout
        current = playout.current
        assert playout.skipped > 3
        lag_ms = current.lag_ms(current.upcoming, venue.now_ms)
        assert lag_ms <= playout.path.delay_ms + 40
    venue.release("A")
    venue.run(2000)


def test_no_pause_brings_a_listener_nearer_than_it_has_to_stay():
    """The venue wants 200 ms, though its network needs none of them."""
    venue = Resting()
    venue.leader.publish(Settings(3, 200, leave_out_pauses=ON), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    venue.badge("A").count = 0
    venue.press("A")
    venue.run(2600)  # a word, a pause, and half a word
    for name in "BC":
        playout = venue.badge(name).engine.playout
        current = playout.current
        assert playout.path.delay_ms == 200
        assert 180 < current.lag_ms(current.upcoming, venue.now_ms) <= 200 + 20


def test_a_talker_that_vanishes_in_a_pause_is_over_soon():
    venue = Resting()
    a = venue.badge("A")
    venue.press("A")
    venue.run(1500)  # it rests by now
    a.alive = False
    venue.run(3000)
    for name in "BC":
        assert venue.badge(name).engine.playout.is_quiet()
        assert len(venue.badge(name).all(events.HEARD)) == 1


def granted_bytes(venue):
    """Of the payload of each FLOOR_GRANT from now on."""
    found = []

    def note(data, source, destination):
        if data[1] == messages.FLOOR_GRANT:
            found.append(envelope.payload_end(data) - envelope.HEADER_BYTES)
        return False

    venue.loses = note
    return found


def test_where_one_does_not_know_pauses_all_is_sent_and_the_grant_is_as_before():
    venue = Resting(plain="C")
    found = granted_bytes(venue)
    lease, frames = venue.talk(4000)
    assert venue.sent_frames() == set(range(frames))
    assert set(found) == {17}
    for name in "BC":
        assert venue.badge(name).heard_of(lease) == list(range(frames))
    oracle.check_all(venue)


def test_when_the_setting_is_off_or_few_listen_all_is_sent():
    for leave_out in (0, 2):
        venue = Resting()
        venue.put_in_force(3, leave_out)
        found = granted_bytes(venue)
        _, frames = venue.talk(3000)
        assert venue.sent_frames() == set(range(frames))
        assert set(found) == {17}


def test_what_a_burst_was_granted_holds_until_its_end():
    """It was allowed; then the setting changes: the next one is whole."""
    venue = Resting()
    a = venue.badge("A")
    a.count = 0
    venue.press("A")
    venue.run(500)
    venue.put_in_force(3, 0)
    venue.run(3000)
    venue.release("A")
    venue.run(2000)
    left_out = a.engine.burst.left_out
    assert left_out > 30
    _, frames = venue.talk(3000)
    assert a.engine.burst.left_out == left_out
    assert venue.sent_frames() == set(range(frames))


def test_levels_are_nearest_from_below():
    assert [mean_of(level) for level in (1, 5, 9, 13, 60)] == [1, 2, 4, 8, 28672]
    for mean in (1, 7, 100, 999, 28671, 28672, 32767):
        level = level_of(mean)
        assert mean_of(level) <= mean and mean - mean_of(level) <= mean // 5 + 1


def test_the_noise_is_as_loud_as_the_room_was():
    pcm = array("h", bytes(640))
    for mean in (20, 300, 4096):
        comfort = Comfort()
        total = 0
        comfort.begin(1, 0, level_of(mean), pcm)
        for _ in range(20):
            total += sum([abs(sample) for sample in pcm])
            comfort.begin(1, 0, level_of(mean), pcm)
        assert 0.75 < total / 20 / 320 / mean < 1.1


def test_no_pause_is_longer_than_one_may_be():
    """A number far beyond the last is not counted as heard."""
    pcm = array("h", bytes(640))
    comfort = Comfort()
    comfort.begin(3, 0, LEVEL, pcm)
    assert comfort.left_out(3, 60000) == REST_FRAMES_MAX
    comfort.begin(3, 0, LEVEL, pcm)
    assert comfort.left_out(3, 5) == 4


def test_a_grant_that_is_not_obeyed_settles_nothing_of_pauses():
    made = Resting()
    made.talk(1000)
    made.press("A")
    made.run(300)
    engine = made.badge("A").engine
    assert engine.burst.may_rest
    floor = engine.floor
    data = bytearray(200)
    fields = [floor.group, floor.request - 1, engine.join.term, floor.lease, 1000, 60000, 0, 1]
    envelope.write_header(data, 100, messages.FLOOR_GRANT, engine.join.session, 1, 9999, 0)
    obey = getattr(engine.talking, engine.talking.obeys[messages.FLOOR_GRANT])
    assert obey(fields, data, None, made.now_ms) == refusal.STALE
    assert engine.burst.may_rest
