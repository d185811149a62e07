"""Well-formed datagrams of members that are refused, each for its own reason."""

from tests.shared.datagrams import datagram, drain, sealed, voice_packet
from tests.shared.venue import LEADER, Venue

from ptt.wire import messages

HEARTBEAT = (1, 1, 1, 1, 1, 1)


def busy():
    """A venue in which A talks; nothing has been refused."""
    venue = Venue(is_clear=True).run(1500)
    venue.press("A")
    venue.run(200)
    for engine in [badge.engine for badge in venue.badges] + [venue.leader]:
        assert list(engine.refusals.as_dict()) == ["accepted"]
    return venue


def leader_refuses(make):
    """The reason for which the leader refuses what `make(session, node)` makes for member B."""
    venue = busy()
    join = venue.badge("B").engine.join
    venue.leader.receive_datagram(make(join.session, join.node), ("badge", 1), venue.now_ms)
    assert drain(venue.leader) == []
    return only_reason(venue.leader)


def badge_refuses(make):
    """The reason for which badge B refuses what `make(session, node)` makes, from its leader."""
    venue = busy()
    engine = venue.badge("B").engine
    data = make(engine.join.session, engine.join.node)
    engine.receive_datagram(data, LEADER, venue.now_ms)
    assert drain(engine) == []
    assert engine.next_event() is None
    return only_reason(engine)


def only_reason(engine):
    reasons = engine.refusals.as_dict()
    del reasons["accepted"]
    ((reason, count),) = reasons.items()
    assert count == 1
    return reason


def test_leader_sealed_without_keys():
    def make(session, node):
        return sealed(datagram(messages.HEARTBEAT, HEARTBEAT, session, node))

    assert leader_refuses(make) == "sealed"


def test_leader_words_that_only_a_leader_says():
    def make(session, node):
        return datagram(messages.FLOOR_IDLE, (1, 1, 1), session, node)

    assert leader_refuses(make) == "sender"


def test_leader_in_the_name_of_another_member():
    def make(session, node):
        return datagram(messages.HEARTBEAT, HEARTBEAT, session, node + 1)

    assert leader_refuses(make) == "sender"


def test_leader_another_group():
    def make(session, node):
        return datagram(messages.FLOOR_REQUEST, (2, 1), session, node)

    assert leader_refuses(make) == "field"


def test_leader_voice_in_the_name_of_another_member():
    assert leader_refuses(lambda session, node: voice_packet(2, 1, session, node)) == "field"


def test_leader_voice_for_another_group():
    def make(session, node):
        return voice_packet(node, 1, session, node, group=2)

    assert leader_refuses(make) == "field"


def test_leader_voice_without_the_floor():
    assert leader_refuses(lambda session, node: voice_packet(node, 1, session, node)) == "floor"


def test_leader_voice_of_a_codec_that_nobody_knows():
    def make(session, node):
        return voice_packet(node, 1, session, node, codec_number=9)

    assert leader_refuses(make) == "field"


def test_leader_a_badge_that_cannot_decode():
    def make(session, node):
        hello = (b"12345678", 1, messages.TABLE_HASH, 1, b"x", b"y")
        return datagram(messages.HELLO, hello)

    assert leader_refuses(make) == "field"


def test_badge_sealed_without_keys():
    def make(session, node):
        return sealed(datagram(messages.FLOOR_IDLE, (1, 1, 1), session, 1))

    assert badge_refuses(make) == "sealed"


def test_badge_words_that_only_a_badge_says():
    def make(session, node):
        return datagram(messages.FLOOR_REQUEST, (1, 1), session, 1)

    assert badge_refuses(make) == "sender"


def test_badge_words_of_another_node():
    def make(session, node):
        return datagram(messages.FLOOR_IDLE, (1, 1, 1), session, 2)

    assert badge_refuses(make) == "sender"


def test_badge_its_own_voice():
    assert badge_refuses(lambda session, node: voice_packet(node, 1, session, 1)) == "floor"


def test_badge_voice_of_another_group_or_codec():
    assert badge_refuses(lambda session, node: voice_packet(2, 1, session, 1, group=2)) == "field"

    def make(session, node):
        return voice_packet(2, 1, session, 1, codec_number=0)

    assert badge_refuses(make) == "field"


def test_badge_malformed_voice():
    assert badge_refuses(lambda session, node: voice_packet(2, 0, session, 1)) == "range"


def test_badge_a_welcome_to_another_codec():
    def make(session, node):
        return datagram(messages.WELCOME, (1, node, session, 1, b"1234", 1, 0), session, 1)

    assert badge_refuses(make) == "field"


def test_badge_a_grant_of_another_term():
    def make(session, node):
        return datagram(messages.FLOOR_TAKEN, (1, 9, 50, 2, b""), session, 1)

    assert badge_refuses(make) == "stale"
