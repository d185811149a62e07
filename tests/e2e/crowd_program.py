"""Soft badges, and virtual ones beside them, in one place of a network; run by test_namespaces.py:

    python -m tests.e2e.crowd_program STATE LEADER PORT FIRST COUNT WORK [VIRTUAL BADGE ...]

STATE is the folder of the leader, whose registry gets to know them. Takes lines `press`, `release`
and `mark`; says every quarter of a second, in a line of JSON, what all have heard (`Crowd.state`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host"), str(ROOT / "shared")]

from tests.e2e.test_failover import Person  # noqa: E402

from pressel.demo.actor import Actor  # noqa: E402
from pressel.demo.venue import run_badges  # noqa: E402
from ptt.base import events  # noqa: E402
from ptt.multicast.listener import HEARING  # noqa: E402
from ptt.relayed import ear  # noqa: E402

EVERY_S = 0.25


class Crowd:
    """The first of `people` talks."""

    def __init__(self, people: list[Person], virtual: list[Actor]) -> None:
        self.people = people
        self.virtual = virtual
        self._marked_s = 0.0

    def listen(self) -> None:
        """To what comes in on standard input."""
        said = os.read(0, 1024).decode().split()
        if not said:
            sys.exit()
        for word in said:
            self._obey(word)

    def _obey(self, word: str) -> None:
        talker = self.people[0].badge
        if word == "press":
            talker.press()
        elif word == "release":
            talker.release()
        elif word == "mark":
            self._marked_s = time.monotonic()

    def state(self) -> dict[str, Any]:
        """Of each of the people, in order, and of the virtual ones what they heard, too."""
        badges = [person.badge for person in self.people]
        ears = [badge.hearer.ear for badge in badges]
        told = [[value for value in person.all(events.HEARD)] for person in self.people]
        virtual = [[t.value for t in a.told if t.event == "heard"] for a in self.virtual]
        return {
            "joined": sum(bool(person.all(events.JOINED)) for person in self.people),
            "may_send": self.people[0].may_send,
            "lease": badges[0].participant.floor.lease,
            "hears_many": sum(badge.hearer.listener.state == HEARING for badge in badges),
            "relays": [each.address[0] if each.state == ear.HEARING else "" for each in ears],
            "sounded": [self._since_mark(person) for person in self.people],
            "gaps_ms": [self._gap_ms(person) for person in self.people],
            "heard": [_by_lease(values) for values in told + virtual],
        }

    def _since_mark(self, person: Person) -> int:
        return sum(at_s > self._marked_s for at_s in person.sound.sounded_s)

    def _gap_ms(self, person: Person) -> int:
        """The longest around the mark and since."""
        from_s = self._marked_s - 0.5
        is_heard = sum(at_s > from_s for at_s in person.sound.sounded_s) > 1
        return person.sound.longest_gap_ms(from_s) if is_heard else 0


def _by_lease(heard: list[Any]) -> dict[int, int]:
    """Frames that were played of each burst."""
    played: dict[int, int] = {}
    for value in heard:
        played[value[1]] = played.get(value[1], 0) + value[2]
    return played


async def main(state: Path, leader: tuple[str, int], numbers: range, work: Path) -> None:
    people = [Person(number, leader, state) for number in numbers]
    names = sys.argv[7:]
    async with contextlib.AsyncExitStack() as stack:
        for person in people:
            await stack.enter_async_context(person.badge)
            carrying = asyncio.create_task(person.badge.carry_sound())
            stack.callback(carrying.cancel)
        virtual: list[Actor] = []
        if names:
            badges = run_badges(names, f"{leader[0]}:{leader[1]}", work, (str(state),))
            virtual = await stack.enter_async_context(badges)
        crowd = Crowd(people, virtual)
        asyncio.get_running_loop().add_reader(0, crowd.listen)
        while True:
            print(json.dumps(crowd.state()), flush=True)
            await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    first, count = int(sys.argv[4]), int(sys.argv[5])
    place = (sys.argv[2], int(sys.argv[3]))
    asyncio.run(main(Path(sys.argv[1]), place, range(first, first + count), Path(sys.argv[6])))
