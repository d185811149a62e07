"""A recording that is sent to badges: whom it may reach, how it yields to people, and that nothing
stays behind. A real emulated badge hears one in tests/e2e/test_sent_again.py."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.host.recording_stage import CONTENT, Desk, recorded
from tests.shared.multicast_venue import Wire, talk
from tests.shared.multicast_venue import venue as multicast_venue
from tests.shared.venue import Badge, Venue

from pressel.cli import recordings as command
from pressel.errors import PresselError, UnreachableError, UsageError
from pressel.node.desk.sending import NAMES_MAX, SEND, Sending
from pressel.node.resend import resend
from pressel.node.resend.guests import Guests
from pressel.node.resend.resend import AGAIN_FRAMES, OVER, Resend, Sent
from pressel.node.watchers import Watchers
from pressel.recordings.burst_mark import Mark
from pressel.registry.device import GROUP_MAX
from pressel.soft.credential import Credential
from ptt.base.numbers import FRAME_SAMPLES, MEMBER_GROUPS_MAX
from ptt.cluster.device_record import DeviceRecord
from ptt.leader.members import Member
from ptt.leader.roster import Grants

FRAMES = [bytes([number]) * 2 * FRAME_SAMPLES for number in range(120)]


class Roll:
    """As a registry has it: everybody in group 1, unless `groups` says more."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self.groups: dict[bytes, tuple[int, ...]] = {}
        self.version = 0

    def key(self, device: bytes) -> bytes | None:
        return self._venue.directory.key(device)

    def name(self, device: bytes) -> bytes | None:
        return None

    def lookup(self, device: bytes) -> Grants:
        return Grants(self.groups.get(device, (1,)))

    def records(self) -> list[DeviceRecord]:
        given = self.groups.items()
        return [DeviceRecord(device, b"", b"", groups, False, 0) for device, groups in given]


class Stage:
    """A venue of badges A0, B0 and C0 that has joined, and what sends to them."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, of: Callable[[], Venue] = lambda: Venue(badges=3)
    ) -> None:
        self.venue = of()
        self.roll = Roll(self.venue)
        self.guests = Guests(self.roll)  # type: ignore[arg-type]
        self.leader = self.venue.leader
        self.leader.joining.directory = self.leader.joining.roster = self.guests
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.resend = Resend(
            lambda: self.leader, lambda: ("127.0.0.1", 1), self.guests, lambda: None,
            lambda event, fields: self.told.append((event, fields)),
        )  # fmt: skip
        monkeypatch.setattr(resend, "engine_now_ms", lambda: self.venue.now_ms)
        for name, each_s in (("READY_S", 0.0), ("QUIET_S", 3e-4), ("LOOK_S", 1e-4)):
            monkeypatch.setattr(resend, name, each_s)
        self.venue.run(2000)

    def device(self, name: str) -> bytes:
        return self.venue.badge(name).engine.device

    def member(self, name: str) -> Member:
        found = self.leader.members.by_device(self.device(name))
        assert found is not None
        return found

    def badge(self, name: str) -> Badge:
        return self.venue.badge(name)

    def regroup(self, **groups: tuple[int, ...]) -> None:
        """As an operator does."""
        for name, given in groups.items():
            self.roll.groups[self.device(name)] = given
        self.roll.version += 1
        self.leader.look_at_directory(self.venue.now_ms)

    def keys(self) -> tuple[int, bytes]:
        return self.leader.keys.current(GROUP_MAX)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


class SpeakerStandIn:
    """Speaks as fast as it is let; `bursts` are the frames of each; `meanwhile` is called before
    each frame."""

    def __init__(
        self, meanwhile: Callable[[list[list[bytes]]], None] = lambda bursts: None
    ) -> None:
        self.bursts: list[list[bytes]] = []
        self.heard_by: int | None = None
        self._meanwhile = meanwhile

    def __call__(self, own: Credential, name: bytes, leader: Any) -> SpeakerStandIn:
        self.name = name
        return self

    async def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    async def speak(self, frames: Iterator[bytes], must_stop: Callable[[], bool]) -> bool:
        self.bursts.append([])
        while not must_stop():
            frame = next(frames, None)
            if frame is None:
                return True
            self.bursts[-1].append(frame)
            self._meanwhile(self.bursts)
            await asyncio.sleep(0)
        return False

    async def until_settled(self) -> None:
        self.heard_by = 1


def sent_to_b(stage: Stage, speaker: SpeakerStandIn, then: Callable[[], Any] | None = None) -> Sent:
    """Send FRAMES to B0 until that is over."""
    sent = Sent("3-1", "Ann", ["B0"], 0)

    async def scenario() -> None:
        stage.resend.begin(stage.leader, sent, iter(FRAMES), [stage.device("B")], 1)
        job = stage.resend._job
        assert job is not None
        with pytest.raises(PresselError, match="another recording is on its way"):
            stage.resend.may_begin(stage.leader)
        if then is not None:
            await asyncio.sleep(0.01)
            await then()
        async with asyncio.timeout(20):
            await asyncio.wait([job])

    asyncio.run(scenario())
    assert sent.state == OVER
    return sent


def test_the_badge_needs_nothing_for_it_and_people_come_first(stage: Stage) -> None:
    """C0 stands for the host's speaker: B0 hears it where it hears nobody else, its button stays
    in its group, and when it is over the group is gone, with its key."""
    venue, own = stage.venue, Credential(stage.device("C"), stage.device("C") * 4)
    stage.guests.let_in(own, b"again Ann", GROUP_MAX, [stage.device("B")], 1)
    for name in "BC":
        stage.leader.regroup(stage.device(name), venue.now_ms)
        stage.leader.keys.give(stage.member(name), venue.now_ms)
    venue.run(1000)
    venue.press("C")
    venue.run(1000)
    of_recording = stage.badge("B").played[-1][0]
    assert len(stage.badge("B").heard_of(of_recording)) > 30
    assert not stage.badge("A").heard_of(of_recording)
    venue.press("A")
    venue.run(1000)
    live = stage.badge("B").played[-1][0]
    assert live != of_recording and stage.badge("B").heard_of(live)[0] == 0
    venue.release("A", "C")
    venue.run(2000)
    venue.press("C")
    venue.run(500)
    venue.press("B")
    venue.run(1000)
    assert stage.badge("A").heard_of(stage.badge("A").played[-1][0])[0] == 0
    assert stage.leader.floors[1].holder == stage.badge("B").engine.join.node
    venue.release("B", "C")
    venue.run(2000)

    before = stage.keys()
    stage.resend._let_out(stage.leader, GROUP_MAX)
    venue.run(2000)
    assert sorted(stage.leader.floors) == [1] and stage.keys() != before
    assert list(filter(None, stage.badge("B").engine.scan.groups())) == [1]


def test_a_recording_for_many_comes_by_multicast_once_and_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """I0 stands for the host's speaker. H0 is in the group and is not sent it; C0 goes deaf to
    multicast in the middle, and misses no word."""
    stage = Stage(monkeypatch, of=lambda: multicast_venue(badges=9))
    venue = stage.venue
    own = Credential(stage.device("I"), stage.device("I") * 4)
    hearers = [stage.device(name) for name in "ABCDEFG"]
    stage.guests.let_in(own, b"again Ann", GROUP_MAX, hearers, 1)
    stage.resend._tell_groups(stage.leader, [own.device, *hearers])
    venue.run(1000)
    wire = Wire(venue)
    lease = talk(venue, 3000, "I", meanwhile=lambda: wire.deaf.add(2))
    spoken = list(range(venue.passed_on[lease]))
    assert len(spoken) > 100
    for name in "ABCDEFG":
        assert stage.badge(name).heard_of(lease) == spoken, name
    assert not stage.badge("H").heard_of(lease)
    assert set(wire.alone) == {2}
    sent = max(wire.many.values())
    assert sent < 1.5 * len(spoken)  # for seven: one of each, and what some asked for again


def test_it_waits_while_people_talk_and_goes_on_with_the_second_before(stage: Stage) -> None:
    def meanwhile(bursts: list[list[bytes]]) -> None:
        if len(bursts) == 1 and len(bursts[0]) == 80:
            stage.venue.press("A")
            stage.venue.run(200)

    async def then() -> None:
        assert stage.resend.last is not None and stage.resend.last.state == "waits"
        stage.venue.release("A")
        stage.venue.run(1000)

    stage.venue.press("A")  # before it begins, too
    stage.venue.run(200)
    speaker = SpeakerStandIn(meanwhile)

    async def both() -> None:
        await then()
        while len(speaker.bursts) < 1 or stage.leader.floors[1].holder == 0:
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        await then()

    resend.Speaker, real = speaker, resend.Speaker  # type: ignore[misc]
    try:
        sent = sent_to_b(stage, speaker, both)
    finally:
        resend.Speaker = real  # type: ignore[misc]
    assert speaker.name == b"again Ann"
    assert [len(each) for each in speaker.bursts] == [80, 40 + 40]
    assert speaker.bursts[1][0] == FRAMES[80 - 40]
    assert (sent.heard, sent.why) == (1, "")
    assert stage.told == [("recording_sent", {"recording": "3-1", "heard": 1, "listeners": 1})]


def test_it_waits_while_one_who_is_to_hear_it_talks_with_somebody_alone(stage: Stage) -> None:
    venue, speaker = stage.venue, SpeakerStandIn()
    assert stage.badge("A").engine.call(stage.badge("B").engine.join.node, venue.now_ms)
    venue.collect(stage.badge("A"))
    venue.run(300)
    assert stage.leader.floors[stage.member("B").call].holder

    async def then() -> None:
        assert not stage.resend._is_quiet(stage.leader, [stage.device("B")])
        assert not speaker.bursts
        venue.release("A")
        venue.run(1000)

    resend.Speaker, real = speaker, resend.Speaker  # type: ignore[misc]
    try:
        assert sent_to_b(stage, speaker, then).why == ""
    finally:
        resend.Speaker = real  # type: ignore[misc]
    assert len(speaker.bursts) == 1


def test_who_heard_a_part_only_has_not_heard_it(stage: Stage) -> None:
    """Of two parts the one that fewer have heard counts."""

    class Interrupted(SpeakerStandIn):
        async def speak(self, frames: Iterator[bytes], must_stop: Callable[[], bool]) -> bool:
            self.bursts.append(list(itertools.islice(frames, 80)))
            return len(self.bursts[-1]) < 80

        async def until_settled(self) -> None:
            self.heard_by = 0 if len(self.bursts) == 1 else 1

    resend.Speaker, real = Interrupted(), resend.Speaker  # type: ignore[misc]
    try:
        assert sent_to_b(stage, resend.Speaker).heard == 0  # type: ignore[arg-type]
    finally:
        resend.Speaker = real  # type: ignore[misc]


def test_it_gets_on_where_bursts_are_limited_to_a_second(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Limited(SpeakerStandIn):
        async def speak(self, frames: Iterator[bytes], must_stop: Callable[[], bool]) -> bool:
            self.bursts.append(list(itertools.islice(frames, AGAIN_FRAMES)))
            return len(self.bursts[-1]) < AGAIN_FRAMES

    speaker = Limited()
    monkeypatch.setattr(resend, "Speaker", speaker)
    assert sent_to_b(stage, speaker).heard == 1
    assert [each[0] for each in speaker.bursts] == [FRAMES[at] for at in (0, 25, 50, 75)]
    assert speaker.bursts[-1][-1] == FRAMES[-1]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("stopped", "somebody stopped it"),
        ("deleted", "somebody deleted it"),
        ("gone", "nobody is there any more"),
        ("deposed", "another host leads now"),
        ("talked over", "people talked all the time"),
        ("moved", "nobody is there any more"),
        ("in eight groups", "nobody is there any more"),
        ("its group given away", "people were put into group 127"),
    ],
)
def test_whatever_ends_it_nothing_stays_behind(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, fault: str, why: str
) -> None:
    leader = stage.leader
    speaker = SpeakerStandIn()
    monkeypatch.setattr(resend, "Speaker", speaker)
    monkeypatch.setattr(resend, "WAITING_S_MAX", 0.05 if fault == "talked over" else 60)
    stage.venue.press("A")
    stage.venue.run(200)

    async def then() -> None:
        if fault == "stopped":
            await stage.resend.stop()
        elif fault == "deleted":
            stage.resend.forget({Mark(3, 2)})
            await asyncio.sleep(0.01)
            assert stage.guests.group
            stage.resend.forget({Mark(3, 1)})
        elif fault == "gone":
            leader.drop(stage.member("B"), stage.venue.now_ms)
        elif fault == "deposed":
            stage.leader = Venue(badges=0).leader
        elif fault == "moved":
            stage.regroup(B=(2,))
        elif fault == "in eight groups":
            stage.regroup(B=tuple(range(1, MEMBER_GROUPS_MAX + 1)))
        elif fault == "its group given away":
            stage.regroup(C=(GROUP_MAX,))

    sent = sent_to_b(stage, speaker, then)
    assert why in sent.why and not sent.heard and speaker.bursts == []
    assert stage.guests.group == 0 and stage.guests.name(stage.resend._own.device) is None
    if fault != "deposed":
        assert (GROUP_MAX in leader.floors) == (fault == "its group given away")
        given = stage.roll.groups
        for member in leader.members.all():
            assert member.groups == given.get(member.device, (1,))


def test_who_selects_the_recording_s_group_and_presses_is_heard_by_its_own(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amid the recording, which goes on for the others."""
    b = stage.badge("B").engine
    pressed: list[int] = []

    def meanwhile(bursts: list[list[bytes]]) -> None:
        if len(bursts[0]) == 10:
            stage.venue.run(1000)
            assert b.select_group(GROUP_MAX)
            stage.venue.press("B")
            stage.venue.run(100)
            pressed.append(stage.leader.floors[GROUP_MAX].holder)
        if len(bursts[0]) == 100:
            stage.venue.run(1000)
            pressed.append(b.scan.selected)
            assert stage.member("C").hears(GROUP_MAX)

    speaker = SpeakerStandIn(meanwhile)
    monkeypatch.setattr(resend, "Speaker", speaker)
    sent = Sent("3-1", "Ann", ["B0", "C0"], 0)

    async def scenario() -> None:
        to = [stage.device("B"), stage.device("C")]
        frames = slowly(FRAMES)
        stage.resend.begin(stage.leader, sent, frames, to, 1)
        assert stage.resend._job is not None
        async with asyncio.timeout(20):
            await asyncio.wait([stage.resend._job])

    asyncio.run(scenario())
    assert pressed == [b.join.node, 1] and (sent.why, len(speaker.bursts)) == ("", 1)
    stage.venue.release("B")
    stage.venue.run(500)
    stage.venue.press("B")
    stage.venue.run(500)
    assert stage.leader.floors[1].holder == b.join.node


def slowly(frames: list[bytes]) -> Iterator[bytes]:
    """So that what looks on has its turns."""
    for each in frames:
        time.sleep(1e-4)
        yield each


def test_a_full_venue_has_no_place_for_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resend, "MEMBERS_MAX", 3)
    with pytest.raises(PresselError, match="has all 3 badges"):
        stage.resend.may_begin(stage.leader)


def test_what_a_leader_that_died_has_left_is_tidied_up(stage: Stage) -> None:
    leader, b = stage.leader, stage.device("B")
    stage.guests.let_in(Credential(bytes(8), bytes(32)), b"", GROUP_MAX, [b], 1)
    leader.regroup(b, stage.venue.now_ms)
    stage.guests.let_out()
    leader.groups.open(5)
    stage.roll.groups = {stage.device("C"): (1, 5)}
    before = stage.keys()
    asyncio.run(stage.resend.look(0))
    assert sorted(leader.floors) == [1, 5] and stage.member("B").groups == (1,)
    changed = stage.keys()
    assert changed != before
    asyncio.run(stage.resend.look(1))
    assert stage.keys() == changed
    stage.venue.run(2000)
    assert list(filter(None, stage.badge("B").engine.scan.groups())) == [1]
    leader.regroup(stage.device("C"), stage.venue.now_ms)
    stage.roll.groups = {stage.device(name): () for name in "ABC"}  # a host that knows nobody yet
    asyncio.run(stage.resend.look(2))
    assert sorted(leader.floors) == [1, 5] and stage.member("C").groups == (1, 5)


def test_the_group_is_nobody_s_and_who_is_locked_out_hears_nothing(stage: Stage) -> None:
    a, b = stage.device("A"), stage.device("B")
    stage.roll.groups = {a: (1, GROUP_MAX), b: (1,)}
    assert stage.guests.free_group([1, GROUP_MAX - 1]) == GROUP_MAX - 2
    assert stage.guests.free_group(range(1, GROUP_MAX)) == 0
    stage.guests.let_in(Credential(bytes(8), bytes(32)), b"", 9, [a, b], 1)
    assert stage.guests.lookup(a).groups == (1, GROUP_MAX, 9)
    for now in ((), (2,)):  # locked out, or in another group than that where it was said
        stage.roll.groups[b] = now
        assert stage.guests.lookup(b).groups == now
    for group in range(2, 17):
        stage.leader.groups.open(group)
    with pytest.raises(PresselError, match="all 16 groups"):
        stage.resend.may_begin(stage.leader)


def test_only_who_could_have_heard_it_gets_it_and_the_log_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(monkeypatch, of=lambda: Venue(badges=4))
    a, b, c, d = (stage.device(name) for name in "ABCD")
    stage.roll.groups = {b: (2,), d: tuple(range(1, MEMBER_GROUPS_MAX + 1))}
    stage.leader.look_at_directory(stage.venue.now_ms)
    host = Desk(tmp_path)
    host.leader = stage.leader
    begun: list[tuple[Sent, list[bytes]]] = []
    begin = stage.resend.begin
    monkeypatch.setattr(stage.resend, "begin", lambda *said: begun.append((said[1], said[3])))
    desk = Sending(host.room, stage.resend, lambda: stage.leader)
    verbs = {each.name: each for each in desk.verbs()}

    async def scenario() -> None:
        async def ask(verb: str, **fields: Any) -> Any:
            return await verbs[verb].answer({"who": "Mia", **fields})

        await host.put(1)
        await host.put(2, age_s=3000)
        by_c = replace(recorded(3, at_ms=round(host.now_s * 1000)), device=c.hex())
        await host.room.take_in(by_c, 0, CONTENT)
        told = await ask(SEND, id="3-1", to=["C0", c.hex()])
        assert (told["to"], told["talker"], told["state"]) == (["C0"], "Zaphod", "waits")
        await ask("recordings resend", id="3-2", to=[])
        await ask(SEND, id="3-3")
        assert [to for _, to in begun] == [[c], [a, c], [a]]  # who said it knows it
        monkeypatch.setattr(stage.resend, "begin", begin)
        write = host.room.write

        async def takes_time(*said: Any) -> None:
            await asyncio.sleep(0.01)
            await write(*said)

        monkeypatch.setattr(host.room, "write", takes_time)
        both: Any = await asyncio.gather(
            ask(SEND, id="3-1", to=["C0"]), ask(SEND, id="3-1", to=["A0"]), return_exceptions=True
        )
        assert both[0]["to"] == ["C0"] and "another recording is on its way" in str(both[1])
        await stage.resend.stop()
        for fields, words in (
            ({"id": "3-1", "to": ["B0"]}, "B0 is not in group 1"),
            ({"id": "3-1", "to": ["D0"]}, "is in 8 groups"),
            ({"id": "3-1", "to": ["Nobody"]}, "no badge called 'Nobody' is there"),
            ({"id": "3-1", "to": "C0"}, "in a list"),
            ({"id": "3-1", "to": ["C0"] * (NAMES_MAX + 1)}, "at most 8 badges"),
            ({"id": "3-2", "to": ["C0"]}, "more than 15 minutes old"),
            ({"id": "3-9", "to": []}, "has no recording 3-9"),
        ):
            with pytest.raises((PresselError, UsageError), match=words):
                await ask(SEND, **fields)
        stage.member("A").name = b"C0"  # as somebody may wish it
        with pytest.raises(UsageError, match=f"2 badges are called C0: name .*{a.hex()}"):
            await ask(SEND, id="3-1", to=["C0"])
        assert len(begun) == 3
        await host.room.close()

    asyncio.run(scenario())
    log = host.log()
    assert [(verb, who) for verb, _, who in log] == [(SEND, "Mia")] * 4  # none of what failed
    assert f"to {c.hex()}" in (log[0][1] or "") and "to all of group 1" in (log[1][1] or "")


def test_what_is_sent_is_no_burst_of_anybody_s() -> None:
    told: list[int] = []

    class Watch:
        def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
            told.append(group)

    watchers = Watchers(Watch(), is_apart=lambda group: group == 127)  # type: ignore[arg-type]
    for group in (1, 127):
        watchers.begun(group, 1, 1, 1, 1)
    assert told == [1]


@pytest.mark.parametrize(
    ("silent", "why"), [(3, "another host leads now"), (99, "no host answers")]
)
def test_the_command_tells_that_the_leader_died_meanwhile(
    monkeypatch: pytest.MonkeyPatch, silent: int, why: str
) -> None:
    """Also where another one leads by then, which knows nothing of it."""
    begun = {"id": "3-1", "at_ms": 1, "to": ["B0"], "state": "waits"}
    asked: list[str] = []

    def ask(verb: str, **fields: Any) -> Any:
        asked.append(verb)
        if 1 < len(asked) <= 1 + silent:
            raise UnreachableError("no host answers")
        return begun if len(asked) == 1 else None

    monkeypatch.setattr(command, "_asker", lambda path: ask)
    monkeypatch.setattr(command, "_sending", lambda ask, word: SEND)
    monkeypatch.setattr(command, "_STEP_S", 0)
    told = CliRunner().invoke(command.recordings, ["send", "3-1", "--control", "/nowhere"])
    assert why in str(told.exception) and "send it again" in str(told.exception)
    assert len(asked) <= 10


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (None, "another host leads now"),
        ({"id": "3-1", "at_ms": 9}, "another was sent after it"),  # again, by somebody else
        ({"id": "3-2", "at_ms": 9}, "another was sent after it"),
        ({"id": "3-1", "at_ms": 1, "state": OVER, "heard": 0, "why": "x"}, "nobody heard it: x"),
    ],
)
def test_the_command_tells_how_its_own_sending_ended(
    monkeypatch: pytest.MonkeyPatch, then: dict[str, Any] | None, why: str
) -> None:
    begun = {"id": "3-1", "at_ms": 1, "to": ["B0"], "state": "waits"}
    answers = iter([begun, then and {**begun, "heard": 1, "why": "", **then}])
    monkeypatch.setattr(command, "_asker", lambda path: lambda verb, **fields: next(answers))
    monkeypatch.setattr(command, "_sending", lambda ask, word: SEND)
    monkeypatch.setattr(command, "_STEP_S", 0)
    told = CliRunner().invoke(command.recordings, ["send", "3-1", "--control", "/nowhere"])
    assert why in str(told.exception)
