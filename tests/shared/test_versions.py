"""Builds of different versions side by side: an engine obeys as much of a newer one as it knows,
fills in what an older one leaves out, and tells of another major version, once."""

from tests.shared.clear import ClearLeader, clear_participant
from tests.shared.datagrams import datagram, drain
from tests.shared.venue import LEADER, Venue

from ptt.badge.join import JOINED
from ptt.base import events
from ptt.leader.members import DIFFERENT_TABLE, NEWER_TABLE, OLDER_TABLE, SAME_TABLE
from ptt.wire import codec, envelope, messages

PLACE = ("badge", 0)
OTHER_HASH = b"\x01\x02\x03\x04"
OLDER, NEWER = messages.VERSION - 1, messages.VERSION + 1


def changed(data, version=None, behind=b"", cut=0):
    """`data` with another version byte, bytes behind its fields or without its last `cut` bytes,
    and with the right length and CRC again."""
    data = bytearray(data[0 : len(data) - cut]) + behind
    if version is not None:
        data[0] = version
    envelope.put16(data, 10, len(data) - envelope.HEADER_BYTES)
    envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    return bytes(data)


def hello(table=messages.TABLE_HASH):
    return datagram(messages.HELLO, (b"12345678", 7, table, 2, b"Ann", b"1"), source=0)


def joined():
    venue = Venue(is_clear=True).run(1500)
    for engine in [badge.engine for badge in venue.badges] + [venue.leader]:
        assert engine.newer == 0
    return venue


def to_badge(venue, data):
    engine = venue.badge("A").engine
    engine.receive_datagram(data, LEADER, venue.now_ms)
    return engine


def taken(venue, lease=5):
    session = venue.badge("A").engine.join.session
    return datagram(messages.FLOOR_TAKEN, (1, 1, lease, 9, b"Ben"), session, 1)


def test_what_a_newer_build_appended_is_left_alone():
    venue = joined()
    engine = to_badge(venue, changed(taken(venue), NEWER, behind=b"\x00\xffnewer"))
    assert engine.next_event() == (events.TAKEN, (9, 5))
    assert engine.newer == 1


def test_what_an_older_build_did_not_have_is_missed_by_nobody():
    venue = joined()
    engine = to_badge(venue, changed(taken(venue), OLDER, cut=4))  # without the holder's name
    assert engine.next_event() == (events.TAKEN, (9, 5))
    assert engine.newer == 0


def test_a_field_that_is_there_by_half_is_refused_whatever_the_version():
    venue = joined()
    for version in (OLDER, messages.VERSION, NEWER):
        for cut in (1, 2, 3):
            engine = to_badge(venue, changed(taken(venue), version, cut=cut))
            assert engine.next_event() is None
    assert engine.refusals.as_dict()["field"] == 9


def test_a_type_of_a_newer_build_is_counted_and_ignored():
    venue = joined()
    session = venue.badge("A").engine.join.session
    data = bytearray(30)
    envelope.seal_header(data, 30, 60, session, 1, 1, 1)
    engine = to_badge(venue, changed(data, NEWER))
    assert engine.refusals.as_dict()["type"] == 1
    assert engine.join.state == JOINED


def test_the_leader_counts_what_is_newer_of_its_members():
    venue = joined()
    (member, _, _) = venue.leader.members.all()
    beat = datagram(messages.HEARTBEAT, (5, 1, 1, 0, 0, 0, 0), member.session, member.node)
    venue.leader.receive_datagram(changed(beat, NEWER, b"more"), member.address, venue.now_ms)
    assert [data[1] for data, _ in drain(venue.leader)] == [messages.HEARTBEAT]
    assert venue.leader.newer == 1
    venue.leader.receive_datagram(changed(beat, OLDER), member.address, venue.now_ms)
    venue.leader.receive_datagram(changed(beat, NEWER), ("else", 0), venue.now_ms)
    assert venue.leader.newer == 1


def test_members_of_other_builds_are_told_apart():
    for table, version, table_is in (
        (messages.TABLE_HASH, messages.VERSION, SAME_TABLE),
        (OTHER_HASH, messages.VERSION, DIFFERENT_TABLE),
        (OTHER_HASH, OLDER, OLDER_TABLE),
        (OTHER_HASH, NEWER, NEWER_TABLE),
    ):
        leader = ClearLeader(1, 1)
        for _ in range(2):  # told once, however often it asks
            leader.receive_datagram(changed(hello(table), version), PLACE, 5000)
        (member,) = leader.members.all()
        assert member.table_is == table_is
        assert [data[1] for data, _ in drain(leader)] == [messages.WELCOME] * 2
        told = [leader.next_event(), leader.next_event()]
        assert told[0] == (events.MEMBER_JOINED, member.node)
        assert told[1] == (None if table_is == SAME_TABLE else (events.OTHER_TABLE, -table_is))


def test_a_badge_is_told_that_its_leader_is_of_another_build():
    for table, version, told in (
        (messages.TABLE_HASH, NEWER, None),
        (OTHER_HASH, messages.VERSION, (events.OTHER_TABLE, 0)),
        (OTHER_HASH, OLDER, (events.OTHER_TABLE, -1)),
        (OTHER_HASH, NEWER, (events.OTHER_TABLE, 1)),
    ):
        engine = searching()
        values = (engine.join.nonce, 7, 99, 1, table, 1, 1)
        welcome = changed(datagram(messages.WELCOME, values, 99, 1), version)
        for _ in range(2):
            engine.receive_datagram(welcome, LEADER, 5000)
        assert engine.next_event() == (events.JOINED, 7)
        assert engine.next_event() == told
        assert engine.next_event() is None


def searching():
    engine = clear_participant(b"12345678", b"Ann", b"1", LEADER, 1)
    engine.start(5000)
    drain(engine)
    return engine


def test_another_major_is_told_once_while_nobody_is_joined():
    for version, told in ((0x10, -1), (0x30, 1)):
        engine = searching()
        for _ in range(3):
            engine.receive_datagram(bytes([version, 99]), LEADER, 5000)
        assert engine.next_event() == (events.OTHER_TABLE, told)
        assert engine.next_event() is None
        assert engine.refusals.as_dict() == {"version": 3}
        assert drain(engine) == []


def test_another_major_is_no_news_to_who_has_a_leader():
    venue = joined()
    engine = to_badge(venue, bytes([0x30, 99]))
    assert engine.next_event() is None
    venue.leader_alive = False
    venue.run(4000)
    engine.receive_datagram(bytes([0x30, 99]), LEADER, venue.now_ms)
    assert engine.next_event() == (events.OTHER_TABLE, 1)


def nack_to(data):
    leader = ClearLeader(1, 1)
    leader.receive_datagram(data, PLACE, 5000)
    ((answer, destination),) = drain(leader)
    assert destination == PLACE
    assert envelope.check_whole(answer) == 0
    assert (envelope.session_id(answer), envelope.seq(answer)) == (0, 0)
    return codec.decode(messages.NACK, answer, 24, len(answer))


def test_a_nack_names_the_versions_that_are_spoken():
    low, high = messages.VERSION & 0xF0, messages.VERSION
    other = datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), major=0x30)
    assert nack_to(other) == [messages.NACK_VERSION, low, high, messages.HEARTBEAT]
    unknown = datagram(messages.TEXT_MESSAGE, (1, 1, 0, 5, b"Ann", b"hello"), session=5, source=5)
    assert nack_to(unknown) == [messages.NACK_UNKNOWN_SESSION, low, high, messages.TEXT_MESSAGE]


def test_a_nack_is_told_whatever_its_reason():
    for reason in (messages.NACK_VERSION, messages.NACK_FULL, 99):
        engine = searching()
        nack = datagram(messages.NACK, (reason, 0x20, 0x21, messages.HELLO), source=1)
        engine.receive_datagram(nack, LEADER, 5000)
        assert engine.next_event() == (events.REFUSED, reason)
        assert engine.next_timeout_ms() > 5000  # it keeps asking as before
