"""Operators who change the settings at random, of a venue whose hosts are cut off, stand still and
are killed meanwhile: what a majority of the hosts had is never lost, no badge is on half a version,
and in the end there is one history.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
from tests.host.log_venue import Venue as Logs
from tests.shared.keys import make_leader
from tests.shared.test_venue_hosts import Cluster, address_of, bytes_of

from pressel.errors import PresselError
from pressel.node.desk import venue_settings
from pressel.node.desk.venue_settings import VenueSettings
from pressel.schema.setting_values import key_at
from ptt.badge.join import JOINED
from ptt.base.defaults import AT_PLAYOUT_DELAY_MS
from ptt.leader.own_settings import for_badge
from ptt.leader.settings_in_force import Settings

TALK, DELAY = "floor.talk_ms", "audio.playout_delay_ms"
BOARDS = ("", "esp32-devkit", "esp32c3-devkit")
HOSTS = ("123", "12")  # two of two lead alone while they are cut off, and are merged
CHANGES = 40
HEAL_MS = 15_000  # a dead member is forgotten after 5 s, a search slows down to 2 s
FIRST = Settings(1).talk_ms


class Office:
    """A venue of these hosts, each with its disk, and what operators ask of them. Each change has a
    talk limit of its own, by which it is known again."""

    def __init__(self, folder: Path, seed: int, hosts: str) -> None:
        self.hosts = hosts
        self.chance = random.Random(seed)
        self.folder = folder
        self.venue: Any = Cluster(3, len(hosts), seed=seed)
        self.logs = Logs(folder, hosts)
        self.boards: dict[bytes, list[str]] = {}  # all that each badge was ever said to be
        for badge in self.venue.badges:
            self.boards[badge.engine.device] = [""]
            self.logs.at["1"].adopt(badge.engine.device.hex(), badge.name, bytes(32))
        self.logs.meet()
        self.before = {FIRST: 0}  # change -> the one that it was based on
        self.all = {FIRST: Settings(1)}
        self.versions = {FIRST: {1}}  # of a change; a later one brings it back under a new number
        self.confirmed = {FIRST}
        self.done: set[int] = set()
        self.answers: list[str] = []
        self.desks: dict[int, VenueSettings] = {}
        self.is_slow = False
        for number in self.venue.machines:
            self.begin(number)

    def begin(self, number: int) -> None:
        """The host starts on its disk."""
        machine = self.venue.machines[number]
        self.desks[number] = VenueSettings(
            self.folder / str(number),
            lambda: machine.engine and machine.engine.leader,
            lambda: machine.engine and machine.engine.replica.state,
            lambda: self.note(number),
            self._in_thread,
            lambda act: act(self.logs.at[str(number)]),
            lambda event, fields: None,
        )
        if machine.engine is None:
            machine.start(self.venue.now_ms)
        engine: Any = machine.engine
        engine._make_leader = lambda term: self._leader(number, term)

    def _leader(self, number: int, term: int) -> Any:
        leader = make_leader(term, term * 10 + number, self.desks[number].kept)
        leader.bytes_of, leader.address_of = bytes_of, address_of
        self.logs.at[str(number)].log.term = term
        return leader

    def note(self, number: int) -> None:
        """A change has just come into force there."""
        machine = self.venue.machines[number]
        now = machine.engine.leader.settings.settings
        self.versions.setdefault(now.talk_ms, set()).add(now.version)
        if now.talk_ms not in self.all:  # else the log told of it
            self.before[now.talk_ms] = self.base
            self.all[now.talk_ms] = now
        self.venue.settle(machine)

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        if self.is_slow:
            self.is_slow = False
            await self.run(500)
        return call(*values)

    # --- what happens ---

    async def run(self, milliseconds: int) -> None:
        for _ in range(0, milliseconds, 50):
            self.venue.run(50)
            for number, machine in self.venue.machines.items():
                if machine.engine is not None and not self.desks[number].turn.locked():
                    await self.desks[number].keep(0)
                    machine.engine.election.keep_settings(self.desks[number].known)
            self.look()

    def look(self) -> None:
        """What holds at every moment."""
        for badge in self.venue.badges:
            settings = badge.engine.settings
            if settings.told and settings.version:
                known = self.all[int.from_bytes(settings.told[6:10], "big")]
                versions = self.versions[known.talk_ms]
                assert settings.version in versions, "a version that nobody made"
                boards = self.boards[badge.engine.device]
                wanted = {self.delay_of(badge.engine, known, board) for board in boards}
                assert badge.engine.playout.path.least_ms in wanted, "half of one"

    def delay_of(self, engine: Any, settings: Settings, board: str) -> int:
        """That of a badge of that board."""
        return for_badge(settings, (1,), engine.device, board)[AT_PLAYOUT_DELAY_MS]

    def hear(self, number: int, source: int) -> bool:
        """The log of `source`, where there is a way."""
        machines, cuts = self.venue.machines, self.venue.cuts
        for machine in (machines[number], machines[source]):
            if machine.engine is None or machine.stopped_until_ms is not None:
                return False
        if number == source or (number, source) in cuts or (source, number) in cuts:
            return False
        if self.logs.hear(str(number), str(source)).new:
            self.desks[number].look_again()
        return True

    async def change(self) -> None:
        """By an operator who may have looked a while ago, and asks a host that thinks it leads."""
        leading = [each for each in self.venue.leading() if each.stopped_until_ms is None]
        if not leading:
            return
        machine = self.chance.choice(leading)
        now = machine.engine.leader.settings.settings
        self.base = now.talk_ms
        self.is_slow = self.chance.random() < 0.15
        values: dict[str, int | None] = {
            TALK: FIRST + len(self.before),
            DELAY: self.chance.randrange(20, 401),
        }
        for whose in self.chance.sample([1, *BOARDS[1:], *self.devices()], 2):
            is_gone = self.chance.random() < 0.4
            values[key_at(DELAY, whose)] = None if is_gone else self.chance.randrange(20, 401)
        base = now.version - (self.chance.random() < 0.2)
        for other in self.venue.machines:
            self.hear(machine.number, other)
        try:
            await self.desks[machine.number].set({"values": values, "base": base})
        except PresselError as error:
            self.answers.append(str(error))
            return
        self.answers.append("done")
        self.done.add(FIRST + len(self.before) - 1)
        if any([self.hear(other, machine.number) for other in self.venue.machines]):
            self.confirmed.add(FIRST + len(self.before) - 1)  # it is on two disks
        await self.tell_board(machine.number)

    def devices(self) -> list[str]:
        return [device.hex() for device in self.boards]

    async def tell_board(self, number: int) -> None:
        """Somebody has looked at a badge, and says at that host what board it is."""
        device, board = self.chance.choice(list(self.boards)), self.chance.choice(BOARDS)
        self.boards[device].append(board)
        with contextlib.suppress(PresselError):  # it leads no longer
            await self.desks[number].set_board({"id": device.hex(), "board": board})

    async def trouble(self) -> None:
        """At most one host is away at a time: a majority is there."""
        number = self.chance.randrange(1, len(self.hosts) + 1)
        kind = self.chance.choice(("cut", "stop", "kill"))
        others = [other for other in self.venue.machines if other != number]
        if kind == "cut":
            for other in others:
                self.venue.cut(number, other)
        elif kind == "stop":
            self.venue.stop(number, 2000)
        else:
            self.venue.kill(number)
        for _ in range(self.chance.randrange(1, 4)):
            await self.run(self.chance.choice((50, 300, 900)))
            await self.change()
        self.venue.cuts = set()
        self.venue.machines[number].stopped_until_ms = None
        if kind == "kill":
            self.begin(number)

    async def play(self) -> None:
        await self.run(3000)
        while len(self.answers) < CHANGES:
            await self.trouble()
            await self.run(self.chance.choice((50, 1500, 4000)))
            await self.change()
        await self.run(HEAL_MS)
        for number in self.venue.machines:
            for source in self.venue.machines:
                self.hear(number, source)
        await self.run(1000)

    # --- what holds in the end ---

    def check(self) -> None:
        now = self.venue.only().engine.leader.settings.settings
        for badge in self.venue.badges:
            assert badge.engine.join.state == JOINED, badge.name
            told = badge.engine.settings
            assert (told.version, told.told[6:10]) == (now.version, now.talk_ms.to_bytes(4, "big"))
            board = self.logs.at["1"].boards().get(badge.engine.device.hex(), "")
            wanted = self.delay_of(badge.engine, now, board)
            assert badge.engine.playout.path.least_ms == wanted
        for desk in self.desks.values():
            assert desk.kept.values() == now.values()
        line, change = [], now.talk_ms
        while change:
            line.append(change)
            change = self.before[change]
        assert self.confirmed <= set(line), "a majority had it, and it is lost"
        self.check_logs(line)

    def check_logs(self, line: list[int]) -> None:
        """All hosts tell the same history, and it has each change that was called done."""
        self.logs.meet()
        self.logs.agree()
        told = [desk.history({}) for desk in self.desks.values()]
        assert all(each == told[0] for each in told)
        assert {each["now"][TALK] for each in told[0]} >= (set(line) - {FIRST}) | self.done
        assert {each["now"][TALK] for each in told[0]} <= self.all.keys()


def play(folder: Path, seed: int, hosts: str, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = Office(folder, seed, hosts)
    monkeypatch.setattr(venue_settings, "engine_now_ms", lambda: office.venue.now_ms)
    asyncio.run(office.play())
    office.check()
    return office


@pytest.mark.sweep(2)
@pytest.mark.parametrize(
    ("seed", "hosts"), [(seed, hosts) for seed in range(1, 26) for hosts in HOSTS]
)
def test_there_is_one_history_whatever_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, hosts: str
) -> None:
    office = play(tmp_path, seed, hosts, monkeypatch)
    done = office.answers.count("done")
    assert CHANGES * 0.5 < done < len(office.answers)
    assert len(office.confirmed) > done * (0.5 if len(hosts) > 2 else 0.2)
