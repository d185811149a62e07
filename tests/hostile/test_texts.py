"""Who reads texts: their group, and nobody who listens to the radio."""

from __future__ import annotations

from typing import Any

from tests.hostile.stage import Attacked, joined
from tests.shared.test_venue_takeover import Failover, fail_over

from ptt.base import events
from ptt.wire import messages
from ptt.wire.envelope import FLAG_SECRET, FLAGS_AT

SECRET = b"the takings are in the blue van"


def texts(venue: Attacked) -> list[bytes]:
    return [data for data, _, _ in venue.seen if data[1] == messages.TEXT_MESSAGE]


def wrote(venue: Attacked, name: str, text: bytes = SECRET) -> None:
    badge = venue.badge(name)
    assert badge.engine.keyboard.send(text, venue.now_ms)
    venue.collect(badge)
    venue.run(1000)


def read(venue: Attacked, name: str) -> list[bytes]:
    return [each[3] for each in venue.badge(name).all(events.TEXT)]


def test_a_text_is_read_by_its_group_and_not_off_the_air() -> None:
    venue = joined()
    wrote(venue, "A")
    venue.leader.send_text(1, messages.TEXT_OPERATOR, b"desk", SECRET, venue.now_ms)
    venue.collect_leader()
    venue.run(1000)
    assert read(venue, "B") == read(venue, "C") == [SECRET, SECRET]
    seen = texts(venue)
    assert len(seen) == 1 + 2 + 3
    assert all(data[FLAGS_AT] & FLAG_SECRET for data in seen)
    assert not any(b"blue" in data or b"desk" in data or b"A0" in data for data in seen)


def test_no_key_stream_of_texts_comes_twice() -> None:
    """The same text again, both ways, repeated and relayed: every two datagrams differ wherever
    there is text."""
    venue = joined()
    lost: list[int] = []

    def loses(data: bytes, source: Any, destination: Any) -> bool:
        lost.extend([0] * (data[1] == messages.TEXT_ACK))
        return data[1] == messages.TEXT_ACK and len(lost) % 2 == 1

    venue.loses = loses
    text = bytes([65]) * 200
    for _ in range(3):
        wrote(venue, "A", text)
        wrote(venue, "B", text)
    seen = [data[24:-8] for data in texts(venue)]
    assert len(seen) >= 6 * 3
    for at, one in enumerate(seen):
        for other in seen[:at]:
            crossed = bytes(a ^ b for a, b in zip(one[-200:], other[-200:], strict=True))
            assert crossed.count(0) < 20


def test_a_text_crosses_a_change_of_keys() -> None:
    venue = joined()
    for name in "AB":
        engine = venue.badge(name).engine
        engine.door.due_ms = venue.now_ms
    for _ in range(8):
        wrote(venue, "A")
        venue.run(100)
    assert read(venue, "B") == read(venue, "C") == [SECRET] * 8


def test_an_older_badge_gets_texts_in_the_clear() -> None:
    """Its HELLO does not say that it reads encrypted ones."""
    venue = joined()
    engine = venue.badge("B").engine
    engine.membership.claims = 0
    engine.join.on_forgotten(venue.now_ms)  # it says HELLO anew
    venue.run(1500)
    wrote(venue, "A")
    assert read(venue, "B") == read(venue, "C") == [SECRET]
    clear = [data for data in texts(venue) if SECRET in data]
    assert len(clear) == 1 and not clear[0][FLAGS_AT] & FLAG_SECRET


def test_a_leader_of_an_earlier_version_gets_texts_in_the_clear() -> None:
    """None of its datagrams says that it reads encrypted ones."""
    venue = joined()
    engine = venue.badge("A").engine
    engine.session._reads_secret = 0  # as after any of them
    wrote(venue, "A")
    assert read(venue, "B") == read(venue, "C") == [SECRET]


def test_a_host_that_takes_over_goes_on_with_encrypted_texts() -> None:
    venue = Failover(3)
    seen: list[bytes] = []

    def hears(data: bytes, source: Any, destination: Any) -> bool:
        seen.append(bytes(data))
        return False

    venue.loses = hears
    venue.run(1500)
    fail_over(venue)
    badge = venue.badge("A")
    assert badge.engine.keyboard.send(SECRET, venue.now_ms)
    venue.collect(badge)
    venue.run(1000)
    assert [each[3] for each in venue.badge("B").all(events.TEXT)] == [SECRET]
    assert not any(SECRET in data for data in seen)


def test_what_a_badge_sends_on_as_a_text_of_its_leader_says_nothing() -> None:
    """Cut off, and with another's session: the tag is over all of it."""
    venue = joined()
    wrote(venue, "A")
    down = [data for data in texts(venue) if data[9] == 1]
    again = down[0]
    for changed in (again[:30] + bytes([again[30] ^ 1]) + again[31:], again[:-9]):
        assert venue.to_badge("B", changed) != "accepted"
    assert read(venue, "B") == [SECRET]
