"""Keys that change while the session runs, and those that are too old."""

from __future__ import annotations

from typing import Any

from tests.hostile.stage import Attacked, forged, joined
from tests.shared.failover_venue import talking

from ptt.badge.join import JOINED
from ptt.base import clock, events
from ptt.base.numbers import REKEY_MS, SESSION_MS_MAX
from ptt.cluster import records
from ptt.wire import messages
from ptt.wire.envelope import LEADER_NODE


def test_keys_change_without_a_gap_in_speech() -> None:
    venue = joined()
    venue.press("A")
    venue.run(400)
    for badge in venue.badges:
        engine = badge.engine
        engine.door.due_ms = venue.now_ms
        engine.door.keys_ms = clock.add(venue.now_ms, -2 * REKEY_MS)  # overdue: not only in a pause
    before = [badge.engine.link.keys.up.inner for badge in venue.badges]
    sessions = [badge.engine.join.session for badge in venue.badges]
    venue.run(1500)
    venue.release("A")
    venue.run(1500)
    for badge, key, session in zip(venue.badges, before, sessions, strict=True):
        assert badge.engine.link.keys.up.inner != key
        assert badge.engine.join.session == session
        member = venue.leader.members.by_session(session)
        assert member is not None and member.link.keys is not None
        assert member.link.keys.up.inner == badge.engine.link.keys.up.inner
        assert "tag" not in badge.engine.refusals.as_dict()
    assert "tag" not in venue.leader.refusals.as_dict()
    for name in "BC":
        (_, _, played, concealed, _, _, _) = venue.badge(name).last(events.HEARD)
        assert played > 90 and concealed == 0


def test_a_lost_answer_is_asked_for_again() -> None:
    venue = joined()
    lost = []

    def loses(data: bytes, source: object, destination: object) -> bool:
        if data[1] == messages.REKEYED and len(lost) < 2:
            lost.append(data)
            return True
        return False

    venue.loses = loses
    engine = venue.badge("A").engine
    before = engine.link.keys.up.inner
    engine.door.due_ms = venue.now_ms
    venue.run(4000)
    assert len(lost) == 2 and engine.link.keys.up.inner != before
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_who_never_asks_for_new_keys_has_to_join_again() -> None:
    venue = joined()
    session = venue.badge("A").engine.join.session
    member = venue.leader.members.by_session(session)
    assert member is not None
    kept = venue.leader.sessions.of(member)
    assert kept is not None
    kept.made_ms = clock.add(venue.now_ms, -SESSION_MS_MAX)
    venue.run(2500)
    assert venue.leader.members.by_session(session) is None
    venue.run(8000)
    assert venue.badge("A").engine.join.state == JOINED
    assert venue.badge("A").engine.join.session != session


def test_the_old_keys_are_of_no_use_after_a_moment() -> None:
    venue = joined()
    engine = venue.badge("A").engine
    old = engine.link.keys
    engine.door.due_ms = venue.now_ms
    venue.run(1000)
    assert engine.link.keys is not old
    beat = (1, 1, 1, 0, 0, 0)
    said = (engine.join.session, engine.join.node, engine.link.seq + 10)
    assert (
        venue.to_leader(forged(old.up, messages.HEARTBEAT, beat, *said), ("badge", 0)) == "accepted"
    )
    venue.run(6000)
    said = (engine.join.session, engine.join.node, engine.link.seq + 20)
    assert venue.to_leader(forged(old.up, messages.HEARTBEAT, beat, *said), ("badge", 0)) == "tag"


def changes_keys_as_it_renews(venue: Attacked) -> Any:
    """A's link has its new keys; the leader does not know yet, and changes the groups' keys."""
    engine = venue.badge("A").engine
    is_renewed = []

    def loses(data: bytes, source: object, destination: object) -> bool:
        is_renewed.extend([True] if data[1] == messages.REKEYED else [])
        return bool(is_renewed) and source == ("badge", 0)

    venue.loses = loses
    old = engine.link.keys
    engine.door.due_ms = venue.now_ms
    while engine.link.keys is old:
        venue.run(20)
    venue.leader.keys.change(venue.now_ms)
    venue.run(20)
    venue.loses = None
    return engine


def test_a_groups_key_that_crosses_a_change_of_link_keys_is_the_groups() -> None:
    venue = joined()
    engine = changes_keys_as_it_renews(venue)
    venue.run(500)
    epoch, key = venue.leader.keys.current(1)
    newest = engine.voice_keys.ring._of[1][0]
    assert newest[:2] == (epoch, key)
    venue.talk("B")
    (_, _, played, concealed, _, _, _) = venue.badge("A").last(events.HEARD)
    assert played > 20 and concealed == 0


def test_former_link_keys_bring_no_groups_key() -> None:
    """They still open what was on its way: not what somebody would have us encrypt with."""
    venue = joined()
    engine = venue.badge("A").engine
    old = engine.link.keys
    engine.door.due_ms = venue.now_ms
    venue.run(1000)
    assert engine.link.keys is not old and engine.link.former is old
    epoch, key = venue.leader.keys.current(1)
    ours = (engine.join.session, LEADER_NODE)
    seq = engine.link.replay.highest + 1
    said = (1, epoch + 1, bytes(16))
    assert venue.to_badge("A", forged(old.down, messages.GROUP_KEY, said, *ours, seq)) == "key"
    assert venue.leader.keys.current(1) == (epoch, key)
    venue.talk("A")
    assert venue.badge("B").all(events.HEARD)


def test_an_hour_is_one_whoever_leads() -> None:
    """A badge that never asks for new keys does not get a new hour by each takeover."""
    venue = talking(badges=2, standbys=3)
    venue.release("A")
    venue.run(1000)
    session = venue.badge("A").engine.join.session
    for badge in venue.badges:
        badge.engine.door.due_ms = clock.NEVER
    begun_ms = venue.now_ms
    for number in (1, 2, 3):
        leader = venue.leader
        member = leader.members.by_session(session)
        assert member is not None
        kept = leader.sessions.of(member)
        assert kept is not None
        kept.made_ms = clock.add(kept.made_ms, -SESSION_MS_MAX // 4)
        begun_ms = clock.add(begun_ms, -SESSION_MS_MAX // 4)
        leader.journal.changed(records.MEMBER, member.node)
        leader.journal.flush(venue.now_ms)
        venue.run(1500)
        venue.kill()
        venue.run(300)
        venue.take_over(number, number + 1)
        venue.run(1500)
        member = venue.leader.members.by_session(session)
        assert member is not None
        old_ms = venue.leader.sessions.keys_ms(member, venue.now_ms)
        lived_ms = clock.since(venue.now_ms, begun_ms)
        assert abs(old_ms - lived_ms) < 10_000, (old_ms, lived_ms)


def test_keys_that_have_just_been_renewed_are_new_to_the_next_leader() -> None:
    venue = talking(badges=2)
    venue.release("A")
    venue.run(1000)
    engine = venue.badge("A").engine
    member = venue.leader.members.by_session(engine.join.session)
    assert member is not None
    kept = venue.leader.sessions.of(member)
    assert kept is not None
    kept.made_ms = clock.add(kept.made_ms, -SESSION_MS_MAX // 2)
    engine.door.due_ms = venue.now_ms
    venue.run(2000)
    venue.kill()
    venue.run(300)
    venue.take_over()
    venue.run(1500)
    member = venue.leader.members.by_session(engine.join.session)
    assert member is not None
    assert venue.leader.sessions.keys_ms(member, venue.now_ms) < 10_000
