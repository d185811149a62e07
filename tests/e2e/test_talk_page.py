"""The talk page's own script in Chromium, on a line that the test holds: what it does when sound
cannot be opened, when the line ends, and with what comes late."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.chromium import CHROMIUM, Tab
from tests.e2e.test_console_pages import logged_in

pytestmark = [
    pytest.mark.e2e, pytest.mark.proof,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]  # fmt: skip

# Before the page's scripts: lines and microphones are kept where the test finds them.
HELD = """
window.lines = []; window.tracks = [];
window.WebSocket = class {
  static OPEN = 1;
  constructor() {
    this.readyState = 1;
    this.sent = [];
    lines.push(this);
    setTimeout(() => this.onopen());
  }
  send(data) { if (typeof data === "string") this.sent.push(JSON.parse(data)); }
};
const media = navigator.mediaDevices, own = media.getUserMedia.bind(media);
media.getUserMedia = async (wanted) => {
  const stream = await own(wanted);
  tracks.push(...stream.getTracks());
  return stream;
};
"""
NO_SOUND = "window.AudioContext = class { constructor() { throw new Error('no sound'); } };"
NO_WORKLET = """
const Node = AudioWorkletNode;
window.AudioWorkletNode = class extends Node {
  constructor(context, name, more) {
    if (name === "microphone") throw new Error("no microphone");
    super(context, name, more);
  }
};
"""
IS_OFFERED = "document.querySelector('#talk-on:enabled:not([hidden])') !== null"
IS_DOWN = "document.getElementById('talk-press').getAttribute('aria-pressed') === 'true'"
ARE_ENDED = "tracks.map((each) => each.readyState).join() === 'ended'"
WORDS = "document.getElementById('talk-words').textContent"


@asynccontextmanager
async def page(folder: Path, *before: str) -> AsyncIterator[Tab]:
    async with logged_in(folder) as (tab, at):
        for script in (HELD, *before):
            await tab.send("Page.addScriptToEvaluateOnNewDocument", source=script)
        await tab.open(at + "/")
        yield tab


async def begun(tab: Tab) -> None:
    await tab.click("#talk-on")
    await tab.until("document.querySelector('#talk-on').hidden")


async def tell(tab: Tab, **told: Any) -> None:
    await tab.run(f"lines[0].onmessage({{data: {json.dumps(json.dumps(told))}}})")


def test_the_microphone_is_closed_with_the_line(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with page(tmp_path) as tab:
            await begun(tab)
            assert not await tab.run(ARE_ENDED)
            await tab.run("lines[0].onclose({reason: 'Enough.'})")
            assert await tab.run(ARE_ENDED) and await tab.run(IS_OFFERED)
            assert await tab.run(WORDS) == "Enough."

    asyncio.run(scenario())


def test_what_is_over_is_the_press_that_it_names(tmp_path: Path) -> None:
    """The end of a press may reach a page whose button is down again."""

    async def scenario() -> None:
        async with page(tmp_path) as tab:
            await begun(tab)
            for _ in range(2):
                await tab.key("keyDown", " ")
                assert await tab.run(IS_DOWN)
                await tab.key("keyUp", " ")
            await tab.key("keyDown", " ")
            await tell(tab, **{"is": "ready", "words": "of before", "over": 2})
            assert await tab.run(IS_DOWN)
            await tell(tab, **{"is": "ready", "words": "of now", "over": 3})
            assert not await tab.run(IS_DOWN)
            sent = await tab.run("lines[0].sent")
            assert [each["press"] for each in sent if each["do"] == "press"] == [1, 2, 3]

    asyncio.run(scenario())


def test_a_browser_without_sound_may_try_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with page(tmp_path, NO_SOUND) as tab:
            await tab.click("#talk-on")
            await tab.until(f"{WORDS}.startsWith('This browser opens no sound')")
            assert await tab.run(IS_OFFERED) and await tab.run("lines.length") == 0

    asyncio.run(scenario())


def test_a_microphone_that_cannot_be_used_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with page(tmp_path, NO_WORKLET) as tab:
            await begun(tab)
            assert (await tab.run(WORDS)).startswith("Listening.")
            assert await tab.run(ARE_ENDED)
            assert await tab.run("document.getElementById('talk-press').hidden")

    asyncio.run(scenario())


@pytest.mark.parametrize(("width", "height"), [(360, 640), (768, 900), (1440, 500)])
def test_the_talk_button_is_always_at_hand(tmp_path: Path, width: int, height: int) -> None:
    """However long the page is, and however far it is scrolled; and it hides no more than a part
    of it."""
    place = (
        "(() => { const r = document.getElementById('talk-press').getBoundingClientRect();"
        " return [r.top >= 0, r.bottom <= innerHeight]; })()"
    )

    async def scenario() -> None:
        async with page(tmp_path) as tab:
            await tab.size(width, height)
            await begun(tab)
            await tab.run("document.getElementById('live').style.minHeight = '3000px'")
            for share in (0, 0.5, 1):
                await tab.run(f"scrollTo(0, {share} * document.body.scrollHeight)")
                assert await tab.run(place) == [True, True], share
            hidden = await tab.run(
                "(() => { const r = document.getElementById('talk').getBoundingClientRect();"
                " return r.height / innerHeight; })()"
            )
            assert hidden < 0.4

    asyncio.run(scenario())
