"""Faults planted one by one in a venue of real processes: whoever sees only the console's live
page, or only the bundle, reads the cause there, and no other."""

from __future__ import annotations

import asyncio
import html
import itertools
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.e2e.stage import ask, words
from tests.e2e.tap import Seen, Tap, tapped
from tests.e2e.test_console_talk import PASSWORD, console
from tests.host.console_stage import Browser
from tests.host.test_ear import SPOILT, wind

from pressel.audio.wav import RATE_HZ
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.demo.actor import Actor
from pressel.demo.venue import LeaderProcess, run_badges, run_leader

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

NAMES = ("Ann", "Ben", "Cy", "Dora")
BEN = 1
LOST = 6  # one datagram of so many
SPOKEN_S = 4.0  # by each of three: 400 frames to judge each listener by
LONG_S = 28.0  # until a microphone can be judged: half of it is pauses, and each second counts
FOUND_S = 40.0
LOOK_S = 0.5
BEACONS_S = 0.3072
AWAKE_S = 0.1
QUEUE_S = 0.4  # of datagrams; an access point drops what waits for longer
LONG_BYTES = 150  # of a datagram: those with voice are longer, most others shorter
WAY_S, SHORT = 0.08, 0.8  # of two ways, the longer one, and how many take it
FULL_S = 0.007  # the mean time that each takes: four in 20 ms while one of four talks
OTHERS = (
    "sleep", "hears badly", "hears with gaps", "is heard badly", "Nearly everybody",
    "cannot be heard", "hard to understand", "Nobody hears", "Relay", "Multicast does not arrive",
    "No sign of", "Something is wrong", "asks to come in, and", "again and again", "held off",
    "Two badges", "Nobody is there", "until it is cut off", "hears nothing",
    "long for an answer", "Everything comes", "Datagrams overtake", "channel is full",
)  # fmt: skip

Voice = NDArray[np.float64]


@dataclass(frozen=True)
class Fault:
    """`plant` spoils the path of the badge that the tap calls by a number; `spoil` what Ben's
    microphone hears. It is found when all of `says` stands there, where `{}` is Ben, and of OTHERS
    nothing that is not part of it."""

    says: tuple[str, ...]
    plant: Callable[[Tap, int], None] | None = None
    spoil: Callable[[Voice], Voice] | None = None
    is_killed: bool = False
    is_deaf: bool = False  # then it gets no floor to talk
    rounds: int = 1


def _asleep(sleeps: Callable[[int, int], bool]) -> Callable[[Tap, int], None]:
    """Whoever sleeps gets what is for it at each third beacon, and at once while it has just sent
    something."""

    def plant(tap: Tap, ben: int) -> None:
        loop = asyncio.get_running_loop()
        woke_s: dict[int, float] = {}

        def passes(seen: Seen) -> Iterable[bytes]:
            now_s = loop.time()
            if seen.is_up:
                woke_s[seen.who] = now_s
            elif sleeps(seen.who, ben) and now_s - woke_s.get(seen.who, 0.0) > AWAKE_S:
                due_s = (now_s // BEACONS_S + 1) * BEACONS_S
                loop.call_at(due_s, tap.send, seen.who, False, seen.data)
                return ()
            return (seen.data,)

        tap.passes = passes

    return plant


def _full(tap: Tap, ben: int) -> None:
    """All wait in one queue, both ways, which grows and empties as others use the channel; what
    finds no room is lost."""
    loop = asyncio.get_running_loop()
    draw = random.Random(7)
    free_s = loop.time()

    def passes(seen: Seen) -> Iterable[bytes]:
        nonlocal free_s
        free_s = max(free_s, loop.time()) + draw.expovariate(1.0) * FULL_S
        if free_s - loop.time() > QUEUE_S:
            free_s -= FULL_S
            return ()
        loop.call_at(free_s, tap.send, seen.who, seen.is_up, seen.data)
        return ()

    tap.passes = passes


def _cut(is_lost: Callable[[Seen, int], bool]) -> Callable[[Tap, int], None]:
    def plant(tap: Tap, ben: int) -> None:
        tap.passes = lambda seen: () if is_lost(seen, ben) else (seen.data,)

    return plant


def _late(delay_s: float, is_late: Callable[[Seen, int], bool]) -> Callable[[Tap, int], None]:
    def plant(tap: Tap, ben: int) -> None:
        loop = asyncio.get_running_loop()

        def passes(seen: Seen) -> Iterable[bytes]:
            if not is_late(seen, ben):
                return (seen.data,)
            loop.call_later(delay_s, tap.send, seen.who, seen.is_up, seen.data)
            return ()

        tap.passes = passes

    return plant


def _mixed(tap: Tap, ben: int) -> None:
    """Two ways, of which one is longer."""
    draw = random.Random(7)
    _late(WAY_S, lambda seen, ben: draw.random() < SHORT)(tap, ben)


def _twice(tap: Tap, ben: int) -> None:
    tap.passes = lambda seen: (seen.data, seen.data)


def _losing(is_lost: Callable[[Seen, int], bool]) -> Callable[[Tap, int], None]:
    def plant(tap: Tap, ben: int) -> None:
        counts = itertools.count()

        def passes(seen: Seen) -> Iterable[bytes]:
            if is_lost(seen, ben) and next(counts) % LOST == 0:
                return ()
            return (seen.data,)

        tap.passes = passes

    return plant


FAULTS = {
    "nothing": Fault(("everybody hears well",)),
    "far": Fault(
        ("{} hears badly", "it is lost on the way; is the badge too far from an access point?"),
        _losing(lambda seen, ben: seen.who == ben and not seen.is_up),
    ),
    "talker": Fault(
        ("{} is heard badly", "its own way to an access point is bad"),
        _losing(lambda seen, ben: seen.who == ben and seen.is_up),
    ),
    "asleep": Fault(
        ("{} hears badly", "the badge sleeps between two beacons"),
        _asleep(lambda who, ben: who == ben),
    ),
    "all asleep": Fault(
        ("Nearly everybody hears badly", "they sleep between two beacons"),
        _asleep(lambda who, ben: True),
    ),
    "full": Fault(("Nearly everybody hears", "the channel is full"), _full),
    "channel": Fault(
        ("Nearly everybody hears badly", "the channel is full or disturbed"),
        _losing(lambda seen, ben: not seen.is_up),
    ),
    "wind": Fault(
        ("{} is hard to understand", "Wind at its microphone"),
        spoil=lambda pcm: pcm + wind(len(pcm)),
    ),
    "loud": Fault(
        ("{} is hard to understand", "Its microphone is driven too hard"),
        spoil=lambda pcm: pcm * 10.0,
    ),
    "hum": Fault(
        ("{} is hard to understand", "A loud hum at its microphone"),
        spoil=lambda pcm: pcm + SPOILT["mains"](len(pcm)),
    ),
    "hiss": Fault(
        ("{} is hard to understand", "Its microphone hisses loudly"),
        spoil=lambda pcm: pcm + SPOILT["loud hiss"](len(pcm)),
    ),
    "deaf": Fault(
        ("{} asks to come in, and hears no answer", "what is sent to it is lost"),
        _cut(lambda seen, ben: seen.who == ben and not seen.is_up),
        is_deaf=True,
    ),
    "long": Fault(
        ("{} hears nothing", "those with voice do not"),
        _cut(lambda seen, ben: seen.who == ben and not seen.is_up and len(seen.data) > LONG_BYTES),
        rounds=2,
    ),
    "mute": Fault(
        ("Nobody hears what {} says", "Its microphone gives no sound"), spoil=lambda pcm: pcm * 0.0
    ),
    "long way": Fault(
        ("{} waits long for an answer", "No other badge's way is slow"),
        _late(0.3, lambda seen, ben: seen.who == ben),
        rounds=2,
    ),
    "far host": Fault(
        ("Everybody waits long for an answer", "put a host into the venue's own network"),
        _late(0.25, lambda seen, ben: True),
        rounds=2,
    ),
    "loop": Fault(("Everything comes twice", "The network has a loop"), _twice, rounds=2),
    "two ways": Fault(
        ("Datagrams overtake one another", "two ways lie side by side"), _mixed, rounds=2
    ),
    "dark": Fault(("{} cannot be heard", "an empty battery"), is_killed=True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_cause_is_named_by_the_console_and_by_the_bundle(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]

    async def scenario() -> None:
        async with (
            run_leader(tmp_path) as leader,
            tapped(leader.address) as tap,
            run_badges(NAMES, tap.address, tmp_path) as badges,
        ):
            with console(tmp_path, leader.control) as address:
                await _played(fault, leader, tap, badges)
                browser = Browser(int(address.rpartition(":")[2]))
                await asyncio.to_thread(_found, browser, fault, tmp_path)
            tap.mend()

    asyncio.run(scenario())


async def _played(fault: Fault, leader: LeaderProcess, tap: Tap, badges: list[Actor]) -> None:
    members = {each.name: each for each in (await ask(leader)).members}
    if fault.plant is not None:
        fault.plant(tap, tap.at(members["Ben"].address))
    pcm = words(1, SPOKEN_S).pcm.astype(float)
    spoilt = pcm
    if fault.spoil is not None:
        spoilt = fault.spoil(np.resize(words(1).pcm.astype(float), int(LONG_S * RATE_HZ)))
    for who in ((0, 2) if fault.is_deaf else (0, BEN, 2)) * fault.rounds:
        said = np.clip(spoilt if who == BEN else pcm, -32_768, 32_767)
        await badges[who].press_and_speak(said.astype(np.int16))
        await asyncio.sleep(1.0)
    if fault.is_killed:
        badges[BEN].badge.kill()


def _found(browser: Browser, fault: Fault, folder: Path) -> None:
    """Asks for both until they say it, as somebody who loads a page again."""
    assert browser.post("/login", name="Mia", password=PASSWORD)[0] == 303
    ben = (2).to_bytes(8, "big").hex()  # the second that `run_badges` registers
    for path, called in (("/", lambda: "Ben"), ("/bundle", lambda: _called(folder, ben))):
        wanted: list[str] = []
        text = ""
        for _ in range(int(FOUND_S / LOOK_S)):
            status, text = browser.open("/") if path == "/" else browser.post(path)
            assert status == 200
            text = html.unescape(text)
            wanted = [each.format(called()) for each in fault.says]
            if all(each in text for each in wanted):
                break
            time.sleep(LOOK_S)
        else:
            raise AssertionError(f"{path} does not say {wanted}: {text}")
        shown = text.partition('<script type="application/json"')[0]
        for each in wanted:
            shown = shown.replace(each, "")
        wrong = [each for each in OTHERS if each in shown]
        assert not wrong, (path, wrong, text)


def _called(folder: Path, device: str) -> str:
    return Pseudonyms(folder).of("badge", device)
