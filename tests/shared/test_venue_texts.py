"""Texts from one badge to the others, from the leader box to all, on any network."""

from tests.shared import oracle
from tests.shared.datagrams import datagram, drain
from tests.shared.raising import raised
from tests.shared.venue import LEADER, Venue

from ptt.base import events
from ptt.base.numbers import TEXT_BYTES_MAX, TEXT_TRIES_MAX
from ptt.wire import messages
from ptt.wire.messages import TEXT_ACK, TEXT_MESSAGE, TEXT_OPERATOR, TEXT_PERSON


def joined(**network):
    return Venue(**network).run(1500)


def write(venue, name, text):
    badge = venue.badge(name)
    was_taken = badge.engine.keyboard.send(text, venue.now_ms)
    venue.collect(badge)
    return was_taken


def from_operator(venue, text):
    venue.leader.send_text(1, TEXT_OPERATOR, b"operator", text, venue.now_ms)
    venue.collect_leader()


def shown(venue, name):
    return [text for _, _, _, text in venue.badge(name).all(events.TEXT)]


def losing(kind, count, of=None):
    """Loses the first `count` datagrams of `kind` (that go to `of`)."""
    lost = []

    def loses(data, source, destination):
        if data[1] != kind or len(lost) == count or of not in (None, destination):
            return False
        lost.append(data)
        return True

    return loses


def test_a_text_is_shown_to_all_others_with_its_writer():
    venue = joined()
    assert write(venue, "A", "Grüße".encode())
    venue.run(500)
    node = venue.badge("A").engine.join.node
    for name in "BC":
        assert venue.badge(name).all(events.TEXT) == [(TEXT_PERSON, node, b"A0", "Grüße".encode())]
    assert shown(venue, "A") == []
    assert venue.badge("A").all(events.TEXT_SENT) == [1]
    assert [value for _, kind, value in venue.leader_events if kind == events.TEXT] == [
        (TEXT_PERSON, node, b"A0", "Grüße".encode())
    ]


def test_a_lost_text_comes_again():
    for count in range(1, TEXT_TRIES_MAX):
        venue = joined(loses=losing(TEXT_MESSAGE, count, LEADER))
        write(venue, "A", b"hello")
        venue.run(3000)
        assert venue.badge("A").all(events.TEXT_SENT) == [1]
        assert shown(venue, "B") == shown(venue, "C") == [b"hello"]


def test_a_lost_answer_shows_nothing_twice():
    venue = joined(loses=losing(TEXT_ACK, 3))
    write(venue, "A", b"hello")
    venue.run(3000)
    assert venue.badge("A").all(events.TEXT_SENT) == [1]
    assert shown(venue, "B") == [b"hello"]
    texts = [kind for _, kind, _ in venue.leader_events if kind == events.TEXT]
    assert len(texts) == 1


def test_a_text_is_given_up_and_its_writer_told():
    venue = joined(loses=losing(TEXT_MESSAGE, 100, LEADER))
    write(venue, "A", b"hello")
    venue.run(2800)
    assert venue.badge("A").all(events.TEXT_SENT) == []
    venue.run(100)
    assert venue.badge("A").all(events.TEXT_SENT) == [0]
    assert shown(venue, "B") == []
    venue.loses = None
    assert write(venue, "A", b"again")
    venue.run(500)
    assert shown(venue, "B") == [b"again"]


def test_one_at_a_time():
    venue = joined(delay_ms=30)
    assert write(venue, "A", b"one")
    assert not write(venue, "A", b"two")
    venue.run(200)
    assert write(venue, "A", b"two")
    venue.run(200)
    assert shown(venue, "B") == [b"one", b"two"]


def test_texts_of_two_writers_with_the_same_number():
    venue = joined()
    write(venue, "A", b"of A")
    write(venue, "B", b"of B")
    venue.run(500)
    assert sorted(shown(venue, "C")) == [b"of A", b"of B"]


def test_the_same_words_twice_are_two_texts():
    venue = joined()
    for _ in range(2):
        write(venue, "A", b"hello?")
        venue.run(500)
    assert shown(venue, "B") == [b"hello?"] * 2


def test_a_network_that_brings_everything_twice():
    venue = joined()
    send = venue.send

    def send_twice(data, source, destination):
        send(data, source, destination)
        send(data, source, destination)

    venue.send = send_twice
    from_operator(venue, b"fire drill")
    for text in (b"one", b"two"):
        write(venue, "A", text)
        venue.run(200)
    assert shown(venue, "B") == [b"fire drill", b"one", b"two"]
    assert venue.badge("A").all(events.TEXT_SENT) == [1, 1]


def test_a_text_needs_a_leader_and_a_size():
    venue = Venue()
    assert not venue.badge("A").engine.keyboard.send(b"hello", venue.now_ms)
    venue.run(1500)
    for text in (b"", bytes(TEXT_BYTES_MAX + 1)):
        raised(ValueError, venue.badge("A").engine.keyboard.send, text, venue.now_ms)
    assert write(venue, "A", b"x" * TEXT_BYTES_MAX)
    venue.run(500)
    assert shown(venue, "B") == [b"x" * TEXT_BYTES_MAX]


def test_nobody_writes_in_the_name_of_another():
    """Whatever a writer claims: the leader puts its own knowledge in its place."""
    venue = joined(is_clear=True)
    (first, second, _) = venue.leader.members.all()
    claimed = (1, 9, TEXT_OPERATOR, second.node, b"operator", b"go home")
    data = datagram(TEXT_MESSAGE, claimed, first.session, first.node)
    venue.leader.receive_datagram(data, first.address, venue.now_ms)
    venue.collect_leader()
    venue.run(100)
    texts = [badge.all(events.TEXT) for badge in venue.badges]
    assert texts.count([]) == 1  # the writer's own badge
    for badge in venue.badges:
        for text in badge.all(events.TEXT):
            assert text == (TEXT_PERSON, first.node, first.name, b"go home")
    assert badge_at(venue, first).all(events.TEXT) == []


def badge_at(venue, member):
    return venue.badges[member.address[1]]


def test_a_text_to_another_group_is_refused():
    venue = joined(is_clear=True)
    (first, _, _) = venue.leader.members.all()
    data = datagram(TEXT_MESSAGE, (2, 9, 0, 0, b"", b"x"), first.session, first.node)
    venue.leader.receive_datagram(data, first.address, venue.now_ms)
    assert drain(venue.leader) == []
    assert venue.leader.refusals.as_dict()["field"] == 1


def test_the_operators_text_reaches_everybody():
    venue = joined()
    from_operator(venue, b"fire drill")
    from_operator(venue, b"fire drill")
    venue.run(100)
    for badge in venue.badges:
        assert badge.all(events.TEXT) == [(TEXT_OPERATOR, 0, b"operator", b"fire drill")] * 2
    oracle.check_texts(venue, {})


def test_the_first_text_of_a_new_leader_is_no_repetition():
    """It counts anew, as the leader before did; the badge must not take it for that one's."""
    venue = joined()
    from_operator(venue, b"first")
    venue.run(500)
    venue.restart_leader(term=2)
    venue.run(5000)
    from_operator(venue, b"second")
    venue.run(500)
    assert shown(venue, "A") == [b"first", b"second"]


def test_a_text_that_waits_is_sent_after_joining_anew():
    venue = joined()
    venue.leader.resign(venue.now_ms)
    venue.collect_leader()
    venue.leader_alive = False
    write(venue, "A", b"hello")
    venue.run(200)
    venue.restart_leader(term=2)
    venue.run(2000)
    assert venue.badge("A").all(events.TEXT_SENT) == [1]
    assert shown(venue, "B") == [b"hello"]


def test_any_loss():
    """What the writer is told is true: sent means shown to all whom the network reached."""
    for seed in range(10):
        venue = Venue(4, seed, loss_percent=20, jitter_ms=30).run(8000)
        written = {}
        for turn in range(6):
            for name in "AB":
                text = ("%s %d" % (name, turn)).encode()
                if write(venue, name, text):
                    written[text] = venue.badge(name).engine.join.node
            venue.run(1500)
        venue.run(3000)
        oracle.check_texts(venue, written)
        taken = [value[3] for _, kind, value in venue.leader_events if kind == events.TEXT]
        told = venue.badge("A").all(events.TEXT_SENT) + venue.badge("B").all(events.TEXT_SENT)
        assert len(told) == len(written)
        assert told.count(1) <= len(taken) <= len(written)
        assert told.count(1) >= 8, (seed, told)


def test_the_kind_says_where_a_text_comes_from():
    assert (TEXT_PERSON, TEXT_OPERATOR, messages.TEXT_LEGACY) == (0, 1, 2)
