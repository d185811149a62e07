"""One badge's engine with a leader played by the test: what it sends, and when."""

from array import array

from tests.shared.clear import clear_participant

from ptt.base import events
from ptt.base.numbers import (
    AHEAD_FRAMES_MAX,
    CALL_GROUP_FIRST,
    CAPTURE_FRAMES_MAX,
    FRAME_MS,
    LAST_REPEATS,
    RELEASE_TAIL_FRAMES,
    RELEASE_TAIL_MS_MAX,
    VOICE_PACE_MS,
)
from ptt.wire import codec, envelope, messages, voice

LEADER = ("leader", 1)
SESSION = 1234
NODE = 7
GROUP = 1


class Talker:
    """A participant and the clock; `sent` has what it sent since the last look."""

    def __init__(self):
        self.engine = clear_participant(b"12345678", b"Ann", b"test", LEADER, 1)
        self.now_ms = 1000
        self._outgoing = []
        self.engine.start(self.now_ms)
        (hello,) = self.sent()
        self.nonce = codec.decode(messages.HELLO, hello, 24, envelope.payload_end(hello))[1]
        values = (self.nonce, NODE, SESSION, 1, messages.TABLE_HASH, GROUP, 1)
        self.hear(messages.WELCOME, values)

    def hear(self, kind, values, source=LEADER, seq=1):
        data = bytearray(200)
        end = codec.encode(data, 24, kind, values)
        envelope.seal_header(data, end, kind, SESSION, envelope.LEADER_NODE, seq, self.now_ms)
        self.engine.receive_datagram(bytes(data[0:end]), source, self.now_ms)

    def sent(self):
        self.fetch()
        kept = self._outgoing
        self._outgoing = []
        return kept

    def fetch(self):
        while True:
            datagram = self.engine.poll_transmit()
            if datagram is None:
                return
            assert envelope.check_whole(datagram.data) == 0
            self._outgoing.append(bytes(datagram.data))

    def voices(self):
        """The voice packets among what was sent, as (first, count, last)."""
        packets = [data for data in self.sent() if data[1] == messages.VOICE_FRAME]
        return [(voice.first(data), voice.count(data), voice.is_last(data)) for data in packets]

    def speak(self, frames=1):
        for _ in range(frames):
            self.engine.write_microphone(array("h", bytes(640)), self.now_ms)

    def wait(self, duration_ms):
        for _ in range(duration_ms):
            self.now_ms += 1
            self.engine.handle_timeout(self.now_ms)
            self.fetch()

    def press(self):
        self.engine.press(self.now_ms)

    def release(self):
        self.engine.release(self.now_ms)

    def grant(self, lease=1):
        self.hear(messages.FLOOR_GRANT, (GROUP, self.engine.floor.request, 1, lease, 2000, 60000))

    def told(self):
        kept = []
        while True:
            event = self.engine.next_event()
            if event is None:
                return kept
            kept.append((events.NAMES[event[0]], event[1]))


def test_hello_says_who_it_is():
    engine = clear_participant(b"12345678", "Ä".encode(), b"1.2", LEADER, 1)
    engine.start(5)
    datagram = engine.poll_transmit()
    assert datagram is not None
    assert datagram.destination == LEADER
    end = envelope.payload_end(datagram.data)
    device, _, table, codecs, name, build, _, _ = codec.decode(
        messages.HELLO, datagram.data, 24, end
    )
    assert (device, table, codecs) == (b"12345678", messages.TABLE_HASH, 2)
    assert (name, build) == ("Ä".encode(), b"1.2")


def test_it_answers_to_where_the_welcome_came_from():
    engine = clear_participant(b"12345678", b"Ann", b"test", "everybody", 1)
    talker = Talker()
    engine.start(1000)
    hello = engine.poll_transmit()
    assert hello is not None
    nonce = codec.decode(messages.HELLO, hello.data, 24, envelope.payload_end(hello.data))[1]
    talker.engine = engine
    talker.hear(messages.WELCOME, (nonce, NODE, SESSION, 1, b"1234", GROUP, 1), ("far", 9))
    engine.press(1000)
    request = engine.poll_transmit()
    assert request is not None
    assert request.destination == ("far", 9)


def test_a_press_without_a_leader_is_denied_at_once():
    engine = clear_participant(b"12345678", b"Ann", b"test", LEADER, 1)
    engine.press(5)
    assert engine.next_event() == (events.DENIED, 128)
    assert engine.poll_transmit() is None


def test_what_is_said_before_the_grant_goes_out_first():
    talker = Talker()
    talker.press()
    talker.speak(4)
    assert talker.voices() == []
    talker.grant()
    assert talker.voices() == [(0, 3, False)]
    talker.wait(VOICE_PACE_MS)
    assert talker.voices() == [(3, 1, False)]


def test_what_is_said_before_the_press_is_not_sent():
    talker = Talker()
    talker.speak(4)
    talker.press()
    talker.speak(1)
    talker.grant()
    talker.wait(50)
    assert talker.voices() == [(0, 1, False)]


def test_kept_speech_is_paced_and_then_no_faster_than_real_time():
    """More would not fit into the listeners' buffers."""
    talker = Talker()
    talker.press()
    talker.speak(CAPTURE_FRAMES_MAX)
    talker.grant()
    sent = 0
    for elapsed_ms in range(600):
        for _, count, _ in talker.voices():
            sent += count
        assert sent <= 3 * (elapsed_ms // VOICE_PACE_MS + 1)
        assert sent <= AHEAD_FRAMES_MAX + 3 + elapsed_ms // FRAME_MS
        talker.wait(1)
    assert sent == CAPTURE_FRAMES_MAX


def test_the_tail_behind_the_release_is_sent_and_marked():
    talker = Talker()
    talker.press()
    talker.grant()
    talker.speak(1)
    talker.wait(20)
    talker.sent()
    talker.release()
    for _ in range(RELEASE_TAIL_FRAMES + 2):
        talker.speak(1)
        talker.wait(20)
    kinds = talker.told()
    assert ("sent", (1, 1 + RELEASE_TAIL_FRAMES, 0)) in kinds
    last = RELEASE_TAIL_FRAMES
    assert talker.voices() == [(1, 1, False)] + [(last, 1, True)] * (1 + LAST_REPEATS)


def test_a_microphone_that_stops_ends_the_tail():
    talker = Talker()
    talker.press()
    talker.grant()
    talker.speak(1)
    talker.wait(20)
    talker.release()
    talker.wait(RELEASE_TAIL_MS_MAX - 1)
    assert "sent" not in [name for name, _ in talker.told()]
    talker.wait(1)
    assert talker.told() == [("sent", (1, 1, 0))]


def test_let_go_before_the_grant_and_nothing_said():
    talker = Talker()
    talker.press()
    talker.release()
    talker.wait(RELEASE_TAIL_MS_MAX)
    talker.sent()
    talker.grant()
    assert talker.told()[-2:] == [("granted", 1), ("sent", (1, 0, 0))]
    (release,) = talker.sent()
    assert release[1] == messages.FLOOR_RELEASE


def test_voice_goes_to_the_leader_with_our_names():
    talker = Talker()
    talker.press()
    talker.sent()
    talker.grant(lease=9)
    talker.speak(1)
    (data,) = talker.sent()
    assert envelope.session_id(data) == SESSION
    assert envelope.source_node(data) == NODE
    assert (voice.talker(data), voice.lease(data), voice.group(data)) == (NODE, 9, GROUP)


def test_sequence_numbers_count_up():
    talker = Talker()
    talker.press()
    talker.wait(400)
    numbers = [envelope.seq(data) for data in talker.sent()]
    assert numbers == [1, 2, 3]


def queued(*places):
    """What a badge tells of its place after words of (seq, position) in that order."""
    talker = Talker()
    talker.press()
    talker.told()
    for seq, position in places:
        talker.hear(messages.FLOOR_QUEUED, (GROUP, 1, position), seq=seq)
    return talker, [value for name, value in talker.told() if name == "queued"]


def test_an_older_place_in_the_queue_that_comes_late():
    talker, told = queued((10, 3), (12, 1), (11, 2))
    assert told == [3, 1]
    assert talker.engine.floor.position == 1
    assert talker.engine.refusals.as_dict()["stale"] == 1


def test_a_place_that_is_older_than_the_grant_takes_no_floor_away():
    talker = Talker()
    talker.press()
    talker.hear(messages.FLOOR_GRANT, (GROUP, 1, 1, 1, 2000, 60000), seq=11)
    talker.hear(messages.FLOOR_QUEUED, (GROUP, 1, 1), seq=10)
    assert talker.engine.floor.may_send()
    talker.hear(messages.FLOOR_QUEUED, (GROUP, 1, 1), seq=12)  # an emergency: it waits again
    assert not talker.engine.floor.may_send()


def test_a_place_in_the_queue_may_get_worse():
    """A badge that asked anew is told where it stands now, which need not be nearer."""
    talker, told = queued((10, 1), (11, 4))
    assert told == [1, 4]
    assert talker.engine.refusals.as_dict().get("stale", 0) == 0


def test_a_place_that_comes_twice_is_told_once():
    talker, told = queued((10, 3), (10, 3), (11, 2), (10, 3))
    assert told == [3, 2]
    assert talker.engine.refusals.as_dict()["stale"] == 1


def test_the_next_session_counts_its_places_anew():
    talker, _ = queued((500, 3))
    talker.hear(messages.NACK, (messages.NACK_UNKNOWN_SESSION, 32, 33, 3))
    nonce = talker.engine.join.nonce
    talker.hear(messages.WELCOME, (nonce, NODE, SESSION, 1, messages.TABLE_HASH, GROUP, 1))
    talker.press()
    talker.told()
    talker.hear(messages.FLOOR_QUEUED, (GROUP, talker.engine.floor.request, 2), seq=4)
    assert talker.told() == [("queued", 2)]


def test_words_of_another_term_are_stale():
    talker = Talker()
    talker.press()
    talker.hear(messages.FLOOR_GRANT, (GROUP, 1, 2, 1, 2000, 60000))
    assert talker.engine.refusals.as_dict()["stale"] == 1
    assert not talker.engine.floor.may_send()


def test_a_call_of_another_term_is_stale():
    talker = Talker()
    group = CALL_GROUP_FIRST
    talker.hear(messages.FLOOR_TAKEN, (group, 2, 1, 3, b"Ben"))
    assert talker.engine.scan.call_group == 0 and talker.engine.floor.group == GROUP
    assert talker.engine.call(3, talker.now_ms)
    request = talker.engine.floor.request
    talker.hear(messages.FLOOR_GRANT, (group, request, 2, 1, 2000, 60000))
    assert talker.engine.scan.call_group == 0
    talker.hear(messages.FLOOR_TAKEN, (group, 1, 1, 3, b"Ben"))
    assert talker.engine.scan.call_group == group


def test_word_of_an_idle_group_is_no_answer_to_a_call():
    """Its term is not a request, even if both are 1."""
    talker = Talker()
    assert talker.engine.call(3, talker.now_ms)
    assert talker.engine.floor.request == talker.engine.join.term == 1
    talker.hear(messages.FLOOR_IDLE, (CALL_GROUP_FIRST, 1, 0))
    assert talker.engine.scan.call_group == 0 and talker.engine.floor.group == 0


def test_who_calls_while_a_call_waits_talks_in_that_call():
    """And not in the talk group, although the press during which the call came began there."""
    talker = Talker()
    talker.press()
    talker.hear(messages.FLOOR_GRANT, (GROUP, 1, 1, 1, 2000, 60000))
    talker.hear(messages.FLOOR_TAKEN, (CALL_GROUP_FIRST, 1, 2, 3, b"Ben"))
    assert talker.engine.floor.group == GROUP
    talker.hear(messages.FLOOR_REVOKED, (GROUP, 1, 1, messages.REVOCATION_TALK_LIMIT))
    assert talker.engine.floor.group == GROUP
    assert talker.engine.call(3, talker.now_ms)
    assert talker.engine.floor.group == CALL_GROUP_FIRST


def test_words_about_another_group_are_refused():
    talker = Talker()
    talker.hear(messages.FLOOR_IDLE, (GROUP + 1, 1, 5))
    assert talker.engine.refusals.as_dict()["field"] == 1
    assert talker.engine.floor.seen_lease == 0


def test_a_leader_that_knows_us_no_more_is_asked_again():
    talker = Talker()
    talker.told()
    talker.hear(messages.NACK, (messages.NACK_UNKNOWN_SESSION, 32, 32, 3))
    assert talker.told() == [("lost", 0)]
    assert [data[1] for data in talker.sent()] == [messages.HELLO]
    talker.hear(messages.NACK, (messages.NACK_UNKNOWN_SESSION, 32, 32, 3))
    assert talker.told() == []


def test_a_receipt_that_comes_twice_is_told_once():
    talker = Talker()
    talker.told()
    for lease in (1, 1, 2):
        talker.hear(messages.BURST_RECEIPT, (GROUP, lease, 3, 2, 1))
    assert talker.told() == [("receipt", (1, 3, 2, 1)), ("receipt", (2, 3, 2, 1))]


def test_a_talker_hears_no_other_group():
    """Also when it heard one as the grant came."""
    talker = Talker()
    engine = talker.engine
    engine.scan.set_groups(bytes((GROUP, 5, 0, 0, 0, 0, 0, 0)), GROUP)
    talker.press()
    engine.scan.heard = 5
    talker.grant()
    assert engine.floor.may_send() and engine.scan.heard == GROUP


def test_the_end_of_an_earlier_call_ends_no_later_one_under_its_number():
    talker = Talker()
    engine, group = talker.engine, CALL_GROUP_FIRST
    talker.hear(messages.FLOOR_TAKEN, (group, 1, 5, 3, b"Ben"))
    talker.hear(messages.CALL_ENDED, (group, 1, 4, messages.CALL_HUNG_UP))
    assert engine.scan.call_group == group
    engine.voice_keys.ring.put(group, 1, bytes(16), talker.now_ms)
    talker.hear(messages.CALL_ENDED, (group, 1, 5, messages.CALL_HUNG_UP))
    assert engine.scan.call_group == 0
    assert engine.voice_keys.ring.own_cipher(group, talker.now_ms) is None
