"""One datagram is lost, each kind of them in turn: two bursts with a queue still complete."""

from tests.shared import oracle
from tests.shared.venue import Venue

from ptt.badge.floor import PENDING_RELEASE
from ptt.base import events
from ptt.wire import messages, voice

NTH_MAX = 3  # the first, second and third of a kind are lost in turn


class Loss:
    """Loses the `nth` datagram of message `kind`; `count` says how many there were."""

    def __init__(self, kind, nth):
        self.kind = kind
        self.nth = nth
        self.count = 0
        self.lost = None

    def __call__(self, data, source, destination):
        if data[1] != self.kind:
            return False
        self.count += 1
        if self.count != self.nth:
            return False
        self.lost = (data, destination)
        return True


def play(loss):
    """A talks, B waits and talks, C cancels in the queue."""
    venue = Venue(loses=loss).run(1500)
    venue.press("A")
    venue.run(200)
    venue.press("B", "C")
    venue.run(200)
    venue.release("C")
    venue.run(200)
    venue.release("A")
    venue.run(700)
    venue.release("B")
    venue.run(1500)
    return venue


def check_both_bursts(venue, loss):
    oracle.check_all(venue)
    oracle.check_at_rest(venue)
    if loss.kind != messages.VOICE_FRAME:
        oracle.check_all_heard(venue)
    for name in "AB":
        assert len(venue.badge(name).all(events.SENT)) == 1, name
        assert venue.badge(name).all(events.REVOKED) == []
    assert venue.badge("C").all(events.SENT) == []
    for talker in venue.badges:
        for lease, sent, dropped in talker.all(events.SENT):
            assert dropped == 0
            for listener in venue.badges:
                if listener is not talker:
                    check_burst(listener, lease, sent, lost_frames(loss, listener, lease))


def check_burst(listener, lease, sent, lost):
    heard = listener.heard_of(lease)
    assert heard == [n for n in range(sent) if n not in lost], (listener.name, lease, heard)


def lost_frames(loss, listener, lease):
    """Frames that the loss took from this listener; the last packet comes thrice."""
    if loss.kind != messages.VOICE_FRAME or loss.lost is None:
        return []
    data, destination = loss.lost
    if destination[0] == "badge" and destination != listener.address:
        return []
    if voice.lease(data) != lease or voice.is_last(data):
        return []
    return list(range(voice.first(data), voice.first(data) + voice.count(data)))


def lose_each(kind):
    for nth in range(1, NTH_MAX + 1):
        loss = Loss(kind, nth)
        check_both_bursts(play(loss), loss)
        assert loss.lost, "there was no such datagram to lose"


def test_lost_hello():
    lose_each(messages.HELLO)


def test_lost_welcome():
    lose_each(messages.WELCOME)


def test_lost_heartbeat():
    lose_each(messages.HEARTBEAT)


def test_lost_request():
    lose_each(messages.FLOOR_REQUEST)


def test_lost_grant():
    for nth in (1, 2):
        loss = Loss(messages.FLOOR_GRANT, nth)
        check_both_bursts(play(loss), loss)
        assert loss.lost


def test_lost_release():
    lose_each(messages.FLOOR_RELEASE)


def test_lost_queued():
    lose_each(messages.FLOOR_QUEUED)


def test_lost_denied():
    loss = Loss(messages.FLOOR_DENIED, 1)
    check_both_bursts(play(loss), loss)
    assert loss.lost


def test_lost_taken():
    lose_each(messages.FLOOR_TAKEN)


def test_lost_idle():
    lose_each(messages.FLOOR_IDLE)


def test_lost_voice():
    lose_each(messages.VOICE_FRAME)


def test_lost_settings():
    lose_each(messages.SETTINGS_SNAPSHOT)
    lose_each(messages.SETTINGS_ACK)


def test_lost_report():
    lose_each(messages.RECEIVER_REPORT)


def test_lost_receipt():
    for nth in (1, 2):
        loss = Loss(messages.BURST_RECEIPT, nth)
        check_both_bursts(play(loss), loss)
        assert loss.lost


def test_lost_revocation():
    """The talker learns from a heartbeat that its lease is gone."""
    venue = Venue()
    venue.loses = loss = Loss(messages.FLOOR_REVOKED, 1)
    venue.run(1000)
    venue.press("A")
    venue.run(300)
    venue.badge("A").hears_itself = False  # no voice, hence the lease runs out
    venue.run(4000)
    assert loss.lost
    assert len(venue.badge("A").all(events.REVOKED)) == 1
    oracle.check_all(venue)


def test_a_talker_without_any_answer_gives_up_its_release():
    venue = Venue().run(1000)
    venue.press("A")
    venue.run(300)
    venue.leader_alive = False
    venue.release("A")
    venue.run(500)
    assert venue.badge("A").engine.floor.state == PENDING_RELEASE
    venue.run(3000)
    assert venue.badge("A").last(events.RELEASED) == 1
    oracle.check_all(venue)


def test_a_slow_grant_loses_nothing_of_what_was_kept():
    """Four requests lost: 0.72 s are kept, go out in a flood, and all of it is heard."""
    for lost in range(1, 5):
        venue = Venue().run(1000)
        requests = []

        def loses(data, source, destination, requests=requests, lost=lost):
            if data[1] == messages.FLOOR_REQUEST:
                requests.append(data)
                return len(requests) <= lost
            return False

        venue.loses = loses
        venue.press("A")
        venue.run(1500)
        venue.release("A")
        venue.run(2000)
        (_, sent, dropped) = venue.badge("A").last(events.SENT)
        oracle.check_all(venue)
        oracle.check_at_rest(venue)
        for name in "BC":
            assert venue.badge(name).heard_of(1) == list(range(sent)), (
                lost,
                venue.badge(name).last(events.HEARD),
            )
        assert dropped == (0 if lost < 4 else dropped)
        assert dropped <= 10
