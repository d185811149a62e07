"""The floor between badges and old apps: one talks, whoever was first; the others know."""

from __future__ import annotations

import pytest
from tests.host.legacy_world import FRAME, RELEASED, TAKEN, Badge, OldApp, World

from pressel.legacy import press
from pressel.legacy.limits import BURST_END_MS
from ptt.base import events
from ptt.base.clock import since
from ptt.base.numbers import LEASE_MS
from ptt.leader.leader import GROUP_DEFAULT

GUARD_MS = 180


def bridge_node(world: World) -> int:
    return world.participant.join.node


def press_badge(world: World, badge: Badge) -> None:
    badge.engine.press(world.now_ms)


def release_badge(world: World, badge: Badge) -> None:
    badge.engine.release(world.now_ms)


def is_voice(payload: bytes) -> bool:
    return payload[:1] == b"\x01"


def state_of(app: OldApp) -> str:
    return press.STATES[app.client.press.state]


def test_an_app_talks_and_all_hear_it() -> None:
    world = World()
    talker, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    talker.send(TAKEN)
    world.run(GUARD_MS)
    assert world.talker() == bridge_node(world)
    assert other.words() == [TAKEN]
    world.talk(talker, 400)
    talker.send(RELEASED)
    world.run(300)
    assert world.talker() == 0
    assert [badge.heard for badge in world.badges] == [22, 22]  # its 20 frames and the tail
    assert other.voice() == 20
    assert other.words() == [TAKEN, RELEASED]
    assert (talker.words(), talker.voice()) == ([], 0)


def test_a_badge_talks_and_all_apps_hear_it() -> None:
    world = World()
    apps = [world.app(f"10.0.0.{number}") for number in range(3)]
    press_badge(world, world.badges[0])
    world.run(400)
    release_badge(world, world.badges[0])
    world.run(400)
    for app in apps:
        assert app.words() == [TAKEN, RELEASED]
        assert app.voice() >= 20
        assert app.got.index(TAKEN) < min(at for at, each in enumerate(app.got) if is_voice(each))
        assert app.got[-1] == RELEASED


def test_an_app_that_comes_while_somebody_talks_is_told_so() -> None:
    world = World()
    press_badge(world, world.badges[0])
    world.run(200)
    assert world.app().words() == [TAKEN]


def test_an_app_is_not_forwarded_while_a_badge_talks() -> None:
    world = World()
    app, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    press_badge(world, world.badges[0])
    world.run(200)
    app.send(TAKEN)  # its user pressed in the moment in which the word came
    before = other.voice()
    world.talk(app, 200)
    assert state_of(app) == "refused"
    assert app.words() == [TAKEN, TAKEN]  # told again, for it has pressed since
    assert other.voice() - before <= 11  # the badge's voice alone
    assert world.bridge.refused["voice without the floor"] == 10
    assert not world.leader.floors[GROUP_DEFAULT].queue
    app.send(RELEASED)
    release_badge(world, world.badges[0])
    world.run(400)
    assert app.words() == [TAKEN, TAKEN, RELEASED]


@pytest.mark.parametrize("badge_first", [True, False])
def test_an_app_and_a_badge_press_in_the_same_instant(badge_first: bool) -> None:
    """The leader decides by who reaches it first; the other one does not talk."""
    world = World()
    app = world.app()
    badge = world.badges[0]
    if badge_first:
        press_badge(world, badge)
        world._collect()
        app.send(TAKEN)
    else:
        app.send(TAKEN)
        world._collect()
        press_badge(world, badge)
    world.run(GUARD_MS)
    for _ in range(20):
        world.talk(app, 20)
        holders = [badge.engine.floor.may_send(), world.participant.floor.may_send()]
        assert sum(holders) == 1
    if badge_first:
        assert world.talker() == badge.engine.join.node
        assert state_of(app) == "refused"
        assert app.words() == [TAKEN, TAKEN]  # somebody talks; and: not you
        assert not world.leader.floors[GROUP_DEFAULT].queue  # no place is kept for it
    else:
        assert world.talker() == bridge_node(world)
        assert app.words() == []
        assert events.QUEUED in badge.kinds()


def test_a_refused_app_may_press_again_when_the_floor_is_free() -> None:
    world = World()
    app = world.app()
    press_badge(world, world.badges[0])
    world._collect()
    app.send(TAKEN)
    world.run(GUARD_MS)
    app.send(RELEASED)
    release_badge(world, world.badges[0])
    world.run(400)
    assert app.words()[-1] == RELEASED
    app.send(TAKEN)
    world.run(50)
    assert world.talker() == bridge_node(world)


def test_badges_that_wait_come_before_an_app_that_presses_later() -> None:
    world = World(badges=3)
    app = world.app()
    first, second, third = world.badges
    for badge in (first, second, third):
        press_badge(world, badge)
        world.run(20)
    app.send(TAKEN)
    world.run(50)
    assert state_of(app) == "refused"
    release_badge(world, first)
    world.run(200)
    assert world.talker() == second.engine.join.node
    app.send(TAKEN)  # again, between the two
    world.run(50)
    release_badge(world, second)
    world.run(200)
    assert world.talker() == third.engine.join.node
    release_badge(world, third)
    app.send(RELEASED)
    world.run(300)
    app.send(TAKEN)
    world.run(50)
    assert world.talker() == bridge_node(world)


def test_a_badge_that_waits_comes_before_the_next_press_of_the_apps() -> None:
    """Both apps talk with the bridge's one button, but not in one burst."""
    world = World()
    first, second = world.app("10.0.0.1"), world.app("10.0.0.2")
    first.send(TAKEN)
    world.run(GUARD_MS)
    world.talk(first, 100)
    press_badge(world, world.badges[0])
    world.run(50)
    first.send(RELEASED)
    second.send(TAKEN)  # before the last of the first app's burst is out
    world.run(100)
    assert world.talker() == world.badges[0].engine.join.node
    assert state_of(second) == "refused"


def test_two_apps_press_and_the_first_talks() -> None:
    world = World()
    first, second = world.app("10.0.0.1"), world.app("10.0.0.2")
    first.send(TAKEN)
    second.send(TAKEN)
    world.run(GUARD_MS)
    assert (state_of(first), state_of(second)) == ("talking", "refused")
    assert second.words() == [TAKEN]
    second.send(FRAME)
    world.run(20)
    assert first.voice() == 0


def test_voice_without_an_announcement_asks_for_the_floor() -> None:
    world = World()
    app = world.app()
    world.talk(app, 400)
    assert world.talker() == bridge_node(world)
    app.send(RELEASED)
    world.run(300)
    assert world.badges[0].heard == 22  # the first frame too: it was kept


def test_voice_without_an_announcement_is_not_forwarded_when_a_badge_talks() -> None:
    world = World()
    app = world.app()
    press_badge(world, world.badges[0])
    world.run(100)
    world.talk(app, 200)
    assert world.bridge.refused["voice without the floor"] == 10
    assert world.talker() == world.badges[0].engine.join.node


def test_a_short_word_said_before_the_grant_is_sent() -> None:
    world = World()
    app = world.app()
    app.send(TAKEN, FRAME, FRAME, RELEASED)
    world.run(400)
    assert world.badges[0].heard == 4
    assert world.talker() == 0


def test_a_grant_is_for_the_app_that_asked() -> None:
    """The first has let go before its grant comes, and the second has pressed since."""
    world = World()
    first, second = world.app("10.0.0.1"), world.app("10.0.0.2")
    first.send(TAKEN, *[FRAME] * 12, RELEASED)  # four packets, 10 ms apart
    second.send(TAKEN)
    while not world.participant.floor.lease:
        world.run(5)
    lease = world.participant.floor.lease
    assert state_of(second) == "asking"
    world.run(GUARD_MS)
    assert state_of(second) == "talking"
    assert world.participant.floor.lease > lease


def test_nothing_is_relayed_before_the_leader_has_granted() -> None:
    world = World()
    app, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    world.leader.receive_datagram = lambda *ignored: None
    app.send(TAKEN)
    world.talk(app, 500)
    assert state_of(app) == "asking"
    assert (other.words(), other.voice()) == ([], 0)


def test_the_last_words_of_another_rate_are_heard_too() -> None:
    world = World()
    app, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    app.send(TAKEN)
    world.run(GUARD_MS)
    world.talk(app, 400, FRAME[:321])  # 20 ms at 8 kHz
    before = other.voice()
    assert before < 20
    app.send(RELEASED)
    world.run(300)
    assert other.voice() >= 20
    assert world.badges[0].heard >= 20


@pytest.mark.parametrize("how", ["silence", "kill"])
def test_the_floor_is_freed_when_a_talking_app(how: str) -> None:
    world = World()
    app, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    app.send(TAKEN)
    world.run(GUARD_MS)
    world.talk(app, 200)
    last_ms = world.now_ms
    if how == "kill":
        world.hang_up(app)
    while world.talker():
        world.run(5)
    took_ms = since(world.now_ms, last_ms)
    limit_ms = {"kill": 0, "silence": BURST_END_MS}[how]
    assert limit_ms - 20 <= took_ms <= limit_ms + 40
    world.run(100)
    assert other.words()[-1] == RELEASED


def test_the_talk_limit_ends_a_press_that_never_ends() -> None:
    world = World()
    world.leader.floors[GROUP_DEFAULT].talk_ms = 3000
    app, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    app.send(TAKEN)
    world.run(GUARD_MS)
    world.talk(app, 3000)
    assert state_of(app) == "refused"
    assert app.words() == [TAKEN]
    assert world.talker() == 0
    other.send(TAKEN)
    world.run(50)
    assert state_of(other) == "talking"


def test_without_a_leader_an_app_is_refused_and_freed_again() -> None:
    world = World()
    app = world.app()
    world.leader.receive_datagram = lambda *ignored: None
    world.run(LEASE_MS + 2_000)
    app.send(b"ping", TAKEN)
    world.run(50)
    assert state_of(app) == "refused"
    app.send(RELEASED)
    world.run(50)
    assert app.words() == [TAKEN, RELEASED]
