"""One recording on its way to badges: it waits while anybody talks to them, and goes on with the
second before; whoever talks is never delayed by it."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from pressel.errors import PresselError
from pressel.recordings.burst_mark import Mark
from pressel.registry.device import KEY_BYTES
from pressel.soft.credential import DEVICE_BYTES, Credential
from pressel.transport.udp import Address, engine_now_ms
from ptt.base.numbers import (
    CALL_GROUP_FIRST,
    FRAME_MS,
    GROUPS_MAX,
    MEMBERS_MAX,
    NAME_BYTES_MAX,
)
from ptt.leader.floor.arbitrator import FLOOR_IDLE
from ptt.leader.leader import Leader
from ptt.leader.roster import GROUP_DEFAULT

from ..report import Report
from .guests import Guests
from .speaker import Speaker

READY_S = 1.0  # a badge has its groups and their keys, which are told again if they are lost
QUIET_S = 1.0  # an answer begins sooner
LOOK_S = 0.1
TIDY_S = 10.0  # until then a new leader has heard of all devices
WAITING_S_MAX = 120.0  # in all: who missed a word has asked again by then
AGAIN_FRAMES = 1000 // FRAME_MS  # of what was said before somebody talked
PREFIX = b"again "  # before the talker's name, as badges show it

WAITS, PLAYS, OVER = "waits", "plays", "over"
STOPPED, DELETED = "somebody stopped it", "somebody deleted it"


@dataclass
class Sent:
    """Recording `id` of `talker`, to the badges `to`, since `at_ms` (of 1970); `heard` by how many,
    once it is over; then `why` says what was wrong, "" when nothing."""

    id: str
    talker: str
    to: list[str]
    at_ms: int
    state: str = WAITS
    heard: int | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Resend:
    """One recording at a time. `leader` gives the engine that leads here, or None; `badges` its
    address; `settle` sends what it has to say."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        badges: Callable[[], Address],
        guests: Guests,
        settle: Callable[[], None],
        report: Report,
    ) -> None:
        self._leader = leader
        self._badges = badges
        self._guests = guests
        self._settle = settle
        self._report = report
        self._own = Credential(os.urandom(DEVICE_BYTES), os.urandom(KEY_BYTES))
        self._job: asyncio.Task[None] | None = None
        self.last: Sent | None = None

    def is_its(self, group: int) -> bool:
        """Whether what is said there is a recording: nobody said it now."""
        return group != 0 and group == self._guests.group

    def may_begin(self, leader: Leader) -> int:
        """The group that it would have. PresselError when it cannot begin."""
        if self._job is not None and not self._job.done():
            raise PresselError("another recording is on its way to badges; wait, or stop it")
        served = [group for group in leader.floors if group < CALL_GROUP_FIRST]
        group = self._guests.free_group(served)
        if len(served) >= GROUPS_MAX or not group:
            raise PresselError(
                f"the venue uses all {GROUPS_MAX} groups of a leader; a recording needs one more"
            )
        if len(leader.members.all()) >= MEMBERS_MAX:
            raise PresselError(
                f"the leader has all {MEMBERS_MAX} badges that it can serve; a recording needs the "
                "place of one"
            )
        return group

    def begin(
        self, leader: Leader, sent: Sent, frames: Iterator[bytes], to: list[bytes], said_in: int
    ) -> None:
        """Send `frames`, samples of 20 ms each, to the devices `to` while they are in the talk
        group `said_in`. PresselError when it cannot begin."""
        group = self.may_begin(leader)
        self.last = sent
        self._guests.let_in(self._own, _name(sent), group, to, said_in)
        self._job = asyncio.ensure_future(self._run(leader, group, sent, frames, to))

    async def stop(self, why: str = STOPPED) -> None:
        """End what is on its way, and wait until that is so."""
        job = self._cancel(why)
        if job is not None:
            await asyncio.wait([job])

    def forget(self, deleted: Collection[Mark]) -> None:
        """End what is on its way when it is one of the `deleted`."""
        if self.last is not None and self.last.id in map(str, deleted):
            self._cancel(DELETED)

    async def look(self, number: int) -> None:
        """As a chore, each TIDY_S: a leader that died has left its group to the next one."""
        leader = self._leader()
        if leader is None or (self._job is not None and not self._job.done()):
            return
        is_changed = False
        for group in leader.floors.keys() - self._guests.on_the_roll() - {GROUP_DEFAULT}:
            if group >= CALL_GROUP_FIRST or leader.floors[group].state != FLOOR_IDLE:
                continue
            for member in leader.members.all():
                is_known = bool(self._guests.lookup(member.device).groups)  # else the roll is late
                if is_known and member.hears(group):
                    leader.regroup(member.device, engine_now_ms())
            is_changed |= self._close(leader, group)
        if is_changed:
            leader.change_keys(engine_now_ms())
            self._settle()

    # --- inside ---

    def _close(self, leader: Leader, group: int) -> bool:
        """Whether that was done: not while somebody has been put there."""
        is_empty = not any(each.hears(group) for each in leader.members.all())
        if is_empty:
            leader.groups.close(group)
        return is_empty

    def _cancel(self, why: str) -> asyncio.Task[None] | None:
        """What is to be waited for."""
        job, sent = self._job, self.last
        if job is None or sent is None or job.done():
            return None
        sent.why = sent.why or why
        job.cancel()
        return job

    async def _run(
        self, leader: Leader, group: int, sent: Sent, frames: Iterator[bytes], to: list[bytes]
    ) -> None:
        speaker = Speaker(self._own, _name(sent), self._badges())
        watch = asyncio.ensure_future(self._watch(leader, group))
        try:
            self._tell_groups(leader, to)
            await speaker.open()
            await asyncio.sleep(READY_S)
            await self._speak(leader, speaker, sent, frames, to)
        except PresselError as error:
            sent.why = sent.why or str(error)
        except OSError as error:
            sent.why = sent.why or f"this host could not send it: {error.strerror}"
        finally:
            watch.cancel()
            speaker.close()
            self._let_out(leader, group)
            sent.state = OVER
            told = {"recording": sent.id, "heard": sent.heard or 0, "listeners": len(sent.to)}
            self._report("recording_sent", {**told, "why": sent.why} if sent.why else told)

    async def _speak(
        self, leader: Leader, speaker: Speaker, sent: Sent, frames: Iterator[bytes],
        to: list[bytes],
    ) -> None:  # fmt: skip
        tape = _Tape(frames)
        is_over = False
        left_s = WAITING_S_MAX
        while not is_over:
            left_s = await self._until_quiet(leader, to, sent, left_s)
            sent.state = PLAYS
            is_over = await speaker.speak(tape, lambda: not self._is_quiet(leader, to))
            tape.wind_back()
            await speaker.until_settled()
            sent.heard = min(speaker.heard_by or 0, len(to) if sent.heard is None else sent.heard)

    async def _until_quiet(
        self, leader: Leader, to: list[bytes], sent: Sent, left_s: float
    ) -> float:
        """Until nobody has talked to them for QUIET_S; what is left of `left_s`."""
        quiet_s = 0.0
        while quiet_s < QUIET_S:
            if self._is_quiet(leader, to):
                quiet_s += LOOK_S
            else:
                quiet_s, sent.state = 0.0, WAITS
                left_s -= LOOK_S
            if left_s <= 0:
                raise PresselError("people talked all the time; send it again later")
            await asyncio.sleep(LOOK_S)
        return left_s

    async def _watch(self, leader: Leader, group: int) -> None:
        """A badge that can change its group finds the recording's there, too. Nobody but its
        listeners would hear what is said, or called for help, in it: who presses is taken out, and
        its next press is for its own group."""
        while self._leader() is leader:
            own = leader.members.by_device(self._own.device)
            floor = leader.floors.get(group)
            if floor is not None:
                for node in (floor.holder, *(each.node for each in floor.queue)):
                    member = leader.members.by_node(node)
                    if member not in (None, own) and self._guests.take_out(member.device):
                        leader.regroup(member.device, engine_now_ms())
                        self._settle()
            await asyncio.sleep(LOOK_S)

    def _is_quiet(self, leader: Leader, to: list[bytes]) -> bool:
        """PresselError when there is nobody left to hear it."""
        own = self._guests.group
        if self._leader() is not leader:
            raise PresselError("another host leads now; send it again")
        if self._guests.is_taken():
            raise PresselError(f"people were put into group {own}, which it used; send it again")
        there = [member for each in to if (member := leader.members.by_device(each)) is not None]
        members = [member for member in there if member.hears(own)]
        if not members:
            raise PresselError("nobody is there any more who is to hear it")
        groups = {group for member in members for group in (*member.groups, member.call)}
        floors = (leader.floors.get(group) for group in groups - {own})
        return all(floor is None or floor.state == FLOOR_IDLE for floor in floors)

    def _tell_groups(self, leader: Leader, to: list[bytes]) -> None:
        now_ms = engine_now_ms()
        for device in to:
            leader.regroup(device, now_ms)
            member = leader.members.by_device(device)
            if member is not None:
                leader.keys.give(member, now_ms)
        self._settle()

    def _let_out(self, leader: Leader, group: int) -> None:
        """The speaker is no member any more, and all get new keys: what is sent to others next
        time is not for who heard this."""
        self._guests.let_out()
        if self._leader() is not leader:
            return
        leader.look_at_directory(engine_now_ms())
        if group in leader.floors:
            self._close(leader, group)
        self._settle()


class _Tape:
    """Frames, one after the other."""

    def __init__(self, frames: Iterator[bytes]) -> None:
        self._frames = frames
        self._kept: deque[bytes] = deque(maxlen=AGAIN_FRAMES)
        self._given = 0  # since it was wound back

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        frame = next(self._frames)
        self._kept.append(frame)
        self._given += 1
        return frame

    def wind_back(self) -> None:
        """By AGAIN_FRAMES, but never by more than half of what was given: bursts may be limited
        to a second, and it still gets on."""
        count = min(AGAIN_FRAMES, self._given // 2)
        again = list(self._kept)[len(self._kept) - count :]
        self._frames = itertools.chain(again, self._frames)
        self._kept.clear()
        self._given = 0


def _name(sent: Sent) -> bytes:
    """As badges show it."""
    name = PREFIX + sent.talker.encode()
    return name[:NAME_BYTES_MAX].decode(errors="ignore").encode()
