"""Somebody talks from a page of the console, and hears badges there: a real leader, a virtual
badge, the console on a socket, and a client that does what the page's script does."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from argon2 import PasswordHasher
from tests.e2e.chromium import CHROMIUM, chromium
from tests.e2e.stage import PLAYED_S, faults_in, words
from tests.host.web import fetch, served
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from pressel.audio.wav import RATE_HZ, write_wav
from pressel.console.accounts import Accounts
from pressel.console.browser_sound import FRAME_BYTES
from pressel.console.door import Door
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.talk import READY, TALKING, Talk
from pressel.demo.actor import Actor
from pressel.demo.speeches import Speech
from pressel.demo.venue import run_badges, run_leader
from pressel.doctor.computers import of_the_venue
from pressel.node import control
from pressel.virtual import now_ms

pytestmark = pytest.mark.e2e

PASSWORD = "a long password"
FRAME_S = 0.02
TAIL_FRAMES = 5
LIMIT_S = 15.0
QUIET_S = 0.6  # longer than the longest wait of a frame for the one before it
SPOKEN_S = 2.0
TABS_MAX = 60  # from the top of the live page to its talk button
LOUD = 1000  # of 32,768: a browser levels what it records, so that the wave is not the file's
FREED_S = 5.0  # half of what the speech that is cut off would have lasted


class Page:
    """What the page's script does, without its sound card; `heard` are the frames that it plays,
    and `heard_ms` when each came."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self.told: list[dict[str, Any]] = []
        self.heard: list[bytes] = []
        self.heard_ms: list[float] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._line:
            if isinstance(message, bytes):
                self.heard.append(message)
                self.heard_ms.append(now_ms())
            else:
                self.told.append(json.loads(message))

    async def until(self, **said: Any) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not any(said.items() <= each.items() for each in self.told):
                assert not self._reader.done(), self.told
                await asyncio.sleep(FRAME_S)

    async def until_quiet(self) -> None:
        """Until no sound comes any more: on a busy machine the end of a burst may come late."""
        async with asyncio.timeout(LIMIT_S):
            count = -1
            while count != len(self.heard):
                count = len(self.heard)
                await asyncio.sleep(QUIET_S)

    async def speak(self, speech: Speech) -> None:
        """Hold the button for as long as the speech lasts."""
        sound = speech.pcm.astype("<i2").tobytes()
        sound += bytes(-len(sound) % FRAME_BYTES + TAIL_FRAMES * FRAME_BYTES)
        count = len(sound) // FRAME_BYTES
        loop = asyncio.get_running_loop()
        begun_s = loop.time()
        await self._line.send(json.dumps({"do": "press"}))
        for number in range(count):
            if number == count - TAIL_FRAMES:
                await self._line.send(json.dumps({"do": "release"}))
            await self._line.send(sound[number * FRAME_BYTES : (number + 1) * FRAME_BYTES])
            await asyncio.sleep(max(0.0, begun_s + (number + 1) * FRAME_S - loop.time()))


@contextlib.contextmanager
def console(work: Path, control_socket: Path) -> Iterator[str]:
    """Where it is served, beside the host that is asked through the socket and lives in the folder
    `work`; Mia has an account."""
    accounts = Accounts(work, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts.put("Mia", "own", PASSWORD)
    ask = lambda verb, **fields: control.ask(control_socket, verb, **fields)  # noqa: E731
    host = HostReader(ask, examine=lambda: of_the_venue(ask, work))
    door = Door(accounts, is_secure=False)
    config = settings(host, door, frozenset({"127.0.0.1"}), work, talk=Talk(host, door, work))
    with served(config) as port:
        yield f"127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[Page]:
    """A page of Mia's, joined."""
    own = Origin(f"http://{address}")
    form = urlencode({"name": "Mia", "password": PASSWORD})
    head = {"Origin": own, "Content-Type": "application/x-www-form-urlencoded"}
    port = int(address.rpartition(":")[2])
    answer, _ = await asyncio.to_thread(fetch, port, "/login", "POST", head, form)
    cookie = (answer.headers["set-cookie"] or "").partition(";")[0]
    async with connect(
        f"ws://{address}/talk", origin=own, additional_headers={"Cookie": cookie}, compression=None
    ) as line:
        page = Page(line)
        await page.until(**{"is": READY})
        yield page


def test_a_page_talks_to_a_badge_and_hears_it_and_lets_go_when_it_is_closed(tmp_path: Path) -> None:
    said, answered = words(1, 2.0), words(2, 2.0)

    async def scenario() -> tuple[Actor, list[bytes]]:
        async with (
            run_leader(tmp_path) as leader,
            run_badges("A", leader.address, tmp_path) as (badge,),
        ):
            with console(tmp_path, leader.control) as address:
                async with opened(address) as page:
                    await page.speak(said)
                    await page.until(**{"is": TALKING})
                    first = await badge.wait_for("heard")
                    await badge.press_and_speak(answered.pcm)
                    await page.until_quiet()
                    heard = list(page.heard)
                    silence = Speech(np.zeros(10 * RATE_HZ, np.int16), "")
                    speaking = asyncio.create_task(page.speak(silence))
                    again = await badge.wait_for("hearing", after_ms=first.t_ms)
                    speaking.cancel()
                await badge.wait_for("idle", after_ms=again.t_ms, limit_s=FREED_S)
        return badge, heard

    badge, heard = asyncio.run(scenario())
    assert faults_in(badge.badge.speaker.pcm, said) == []
    assert faults_in(np.frombuffer(b"".join(heard), "<i2"), answered) == []


AT = "document.activeElement.id"
HELD = "document.getElementById('talk-press').getAttribute('aria-pressed') === 'true'"


@pytest.mark.proof
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_button_of_a_real_browser(tmp_path: Path) -> None:
    """By keyboard alone, from the top of the page: the space bar is held, and a badge hears the
    microphone. So it does by mouse; a key that repeats presses once; a page that loses the focus
    lets go; nothing is wider than a phone."""
    write_wav(tmp_path / "microphone.wav", words(1).pcm)

    async def scenario() -> Actor:
        async with (
            run_leader(tmp_path) as leader,
            run_badges("A", leader.address, tmp_path) as (badge,),
        ):
            with console(tmp_path, leader.control) as address:
                async with chromium(tmp_path / "microphone.wav") as tab:
                    await tab.open(f"http://{address}/login")
                    await tab.run(
                        "document.querySelector('[name=name]').value = 'Mia';"
                        f"document.querySelector('[name=password]').value = '{PASSWORD}';"
                        "document.querySelector('form').submit()"
                    )
                    await tab.until(
                        "location.pathname === '/' && document.readyState === 'complete'"
                    )
                    for _ in range(TABS_MAX):
                        await tab.hit("Tab")
                        if await tab.run(AT) == "talk-on":
                            break
                    await tab.hit("Enter")
                    await tab.until("document.querySelector('#talk.ready') !== null")
                    assert await tab.run(AT) == "talk-press"
                    await tab.key("keyDown", " ")
                    await tab.until("document.querySelector('#talk.talking') !== null")
                    await asyncio.sleep(SPOKEN_S)
                    await tab.key("keyUp", " ")
                    first = await badge.wait_for("heard")
                    assert first.value[2] * FRAME_S > SPOKEN_S / 2
                    await asyncio.sleep(PLAYED_S)
                    await tab.mouse("mousePressed", "#talk-press")
                    await tab.until("document.querySelector('#talk.talking') !== null")
                    await tab.mouse("mouseReleased", "#talk-press")
                    await badge.wait_for("heard", after_ms=first.t_ms)
                    for is_repeated in (False, True, True):
                        await tab.key("keyDown", " ", is_repeated)
                    assert await tab.run(HELD)
                    await tab.run("document.activeElement.blur()")
                    assert not await tab.run(HELD)
                    await tab.key("keyDown", " ", True)
                    assert not await tab.run(HELD)
                    await tab.size(360, 740)
                    assert await tab.run("document.documentElement.scrollWidth") <= 360
        return badge

    badge = asyncio.run(scenario())
    assert np.abs(badge.badge.speaker.pcm.astype(float)).max() > LOUD
