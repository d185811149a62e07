"""Every page of the console in Chromium, as people use it: on a phone, a desk and a wall, in light
and dark, by keyboard alone, and by what a screen reader is told."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send
from tests.e2e.chromium import CHROMIUM, Tab, chromium
from tests.host.console_stage import PAGES, PASSWORD, QUICK, HostStandIn, rolled_out
from tests.host.web import served

from pressel.console.accounts import Accounts
from pressel.console.door import Door
from pressel.console.host_reader import HostReader
from pressel.console.server import settings
from pressel.console.talk import Talk
from pressel.tree import ROOT

pytestmark = [
    pytest.mark.e2e, pytest.mark.proof,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]  # fmt: skip

WIDTHS = (360, 390, 1280, 3840)
RULES_MIN = 10  # of axe that found something to look at: a page that is empty has fewer
LATE_S = 0.5  # of a script, after the others
TABS_MAX = 250  # a page has fewer places that the Tab key goes to

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"  # package.json: for tests alone
# All that axe knows of WCAG up to 2.2, and what it calls good practice; what it finds, in short.
LOOK = """axe.run(document, {resultTypes: ["violations"]}).then((found) => ({
  rules: found.passes.length,
  wrong: found.violations.map((each) => [each.id, each.help, each.nodes.slice(0, 3).map(
    (node) => node.html.slice(0, 160))]),
}))"""

# Roles of what somebody can act on; each must have a name.
CONTROLS = {
    "button", "link", "textbox", "searchbox", "spinbutton", "combobox", "checkbox", "radio",
    "slider", "DisclosureTriangle", "progressbar",
}  # fmt: skip

# Text that is shown, with the contrast between its colour and what lies behind it.
CONTRAST = """(() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const over = (top, under) => top.slice(0, 3).map((v, n) => v * top[3] + under[n] * (1 - top[3]));
  const behind = (node) => {
    const layers = [];
    for (let each = node; each; each = each.parentElement) {
      layers.push(parse(getComputedStyle(each).backgroundColor));
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const box = node.getBoundingClientRect();
    if (!walker.currentNode.data.trim() || box.width < 2 || box.height < 2) continue;
    const style = getComputedStyle(node);
    if (style.visibility !== "visible") continue;
    if (node.closest("option, select, script, [hidden]")) continue;
    const under = behind(node);
    const a = light(over(parse(style.color), under)), b = light(under);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight, 10) >= 700);
    if (ratio < (isLarge ? 3.0 : 4.5)) {  // WCAG 2.2, 1.4.3
      found.push([walker.currentNode.data.trim().slice(0, 40), Math.round(ratio * 100) / 100]);
    }
  }
  return found;
})()"""

# Each place that the Tab key may go to has a number here, and no mark in the page: when the stream
# renews what is shown, elements stay and marks go.
PLACE = """
  window.places ||= new Map();
  const place = (each) => places.get(each) || places.set(each, places.size + 1).get(each);
"""

# What the focus is on: its place, and whether the eye can find it.
FOCUS = f"""(() => {{{PLACE}
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect(), style = getComputedStyle(at);
  return {{ place: place(at), tag: at.outerHTML.slice(0, 80),
           shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
                  && box.width > 1 && box.height > 1 }};
}})()"""

# All that the Tab key is to reach.
WANTED = f"""(() => {{{PLACE}
  const all = [...document.querySelectorAll("a[href], button, input, select, summary")];
  return all.filter((each) => each.type !== "hidden" && !each.disabled && each.checkVisibility()
    && !each.closest("details:not([open]) > :not(summary)"))
    .map((each) => [place(each), each.outerHTML.slice(0, 80)]);
}})()"""


@contextlib.asynccontextmanager
async def logged_in(
    folder: Path, standing: HostStandIn | None = None
) -> AsyncIterator[tuple[Tab, str]]:
    """A browser of the venue's owner, and where the console is."""
    accounts = Accounts(folder, QUICK)
    for role in ("own", "see"):
        accounts.put(role, role, PASSWORD)
    standing = standing or HostStandIn()
    standing.rollout = rolled_out("paused", "10 %", "2 of 2 badges refuse it")
    on_its_way = {"talker": "Ann", "to": ["Ben", "Cy"], "state": "plays", "heard": None, "why": ""}
    why = f"/var/lib/{'a-long-name/' * 9}settings.json held version 3"
    standing.mended = [{"host": "bar", "time_s": 0, "why": why}]
    standing.sent = {"id": "1-8", "at_ms": time.time() * 1000, **on_its_way}
    host, door = HostReader(standing), Door(accounts, is_secure=False)
    talk = Talk(host, door, folder)
    names = frozenset({"127.0.0.1"})
    with served(settings(host, door, names, folder, talk=talk)) as port:
        async with chromium() as tab:
            await tab.open(f"http://127.0.0.1:{port}/login")
            await tab.run(
                "document.querySelector('[name=name]').value = 'own';"
                f"document.querySelector('[name=password]').value = '{PASSWORD}';"
                "document.querySelector('form').submit()"
            )
            await tab.until("location.pathname === '/' && document.readyState === 'complete'")
            yield tab, f"http://127.0.0.1:{port}"


async def scheme(tab: Tab, word: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": word}]
    await tab.send("Emulation.setEmulatedMedia", features=features)


def test_no_page_is_wider_than_its_window_and_all_text_can_be_read(tmp_path: Path) -> None:
    async def scenario() -> list[Any]:
        found: list[Any] = []
        async with logged_in(tmp_path) as (tab, at):
            for page in (*PAGES, "/login"):
                if page == "/login":
                    await tab.send("Network.clearBrowserCookies")
                for word in ("light", "dark"):
                    await scheme(tab, word)
                    for width in WIDTHS:
                        await tab.size(width, 900)
                        await tab.open(at + page)
                        wide = await tab.run("document.documentElement.scrollWidth")
                        if wide > width:
                            found.append((page, width, wide))
                    found += [(page, word, *each) for each in await tab.run(CONTRAST)]
        return found

    assert asyncio.run(scenario()) == []


def test_axe_finds_nothing(tmp_path: Path) -> None:
    """On a phone and on a desk, in light and in dark."""

    async def scenario() -> list[Any]:
        found: list[Any] = []
        async with logged_in(tmp_path) as (tab, at):
            for page in (*PAGES, "/login"):
                if page == "/login":
                    await tab.send("Network.clearBrowserCookies")
                for width, word in ((360, "dark"), (1280, "light")):
                    await scheme(tab, word)
                    await tab.size(width, 900)
                    await tab.open(at + page)
                    await tab.run(AXE.read_text("utf-8") + ";0")
                    told = await tab.run(LOOK)
                    assert told["rules"] > RULES_MIN, (page, told)
                    found += [(page, width, *each) for each in told["wrong"]]
        return found

    assert asyncio.run(scenario()) == []


def test_a_screen_reader_hears_a_name_for_every_control(tmp_path: Path) -> None:
    async def scenario() -> list[Any]:
        found: list[Any] = []
        async with logged_in(tmp_path) as (tab, at):
            await tab.send("Accessibility.enable")
            for page in PAGES:
                await tab.open(at + page)
                tree = (await tab.send("Accessibility.getFullAXTree"))["nodes"]
                shown = [each for each in tree if not each.get("ignored")]
                roles = [each["role"]["value"] for each in shown]
                for each in shown:
                    name = each.get("name", {}).get("value", "")
                    if each["role"]["value"] in CONTROLS and not name.strip():
                        found.append((page, each["role"]["value"], each.get("properties")))
                levels = await tab.run(
                    "[...document.querySelectorAll('h1,h2,h3,h4')].map((e) => +e.tagName[1])"
                )
                if levels.count(1) != 1 or levels[0] != 1:
                    found.append((page, "headings", levels))
                found += [
                    (page, role) for role in ("main", "banner", "navigation") if role not in roles
                ]
                twice = await tab.run(
                    "[...document.querySelectorAll('[id]')].map((e) => e.id)"
                    ".filter((id, n, all) => all.indexOf(id) !== n)"
                )
                found += [(page, "an id twice", each) for each in twice]
        return found

    assert asyncio.run(scenario()) == []


def test_the_tab_key_reaches_everything_and_shows_where_it_is(tmp_path: Path) -> None:
    async def scenario() -> list[Any]:
        found: list[Any] = []
        async with logged_in(tmp_path) as (tab, at):
            await tab.size(1280, 900)
            for page in PAGES:
                await tab.open(at + page)
                wanted = dict(await tab.run(WANTED))
                seen: list[int] = []
                for _ in range(TABS_MAX):
                    await tab.hit("Tab")
                    told = await tab.run(FOCUS)
                    if told is None or told["place"] in seen:
                        break
                    seen.append(told["place"])
                    if not told["shown"]:
                        found.append((page, "not to be seen", told["tag"]))
                missed = wanted.keys() - set(seen)
                found += [(page, "not reached", wanted[place]) for place in missed]
        return found

    assert asyncio.run(scenario()) == []


def test_the_live_page_is_renewed_however_late_its_scripts_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a slow network each script may come a while after the one before."""
    own = FileResponse.__call__

    async def late(self: FileResponse, scope: Scope, receive: Receive, send: Send) -> None:
        if "sse" in str(scope["path"]):
            await asyncio.sleep(LATE_S)
        await own(self, scope, receive, send)

    monkeypatch.setattr(FileResponse, "__call__", late)

    async def scenario() -> None:
        host = HostStandIn()
        async with logged_in(tmp_path, host) as (tab, _):
            host.others = ["Zoe"]
            await tab.until("document.querySelector('.people').textContent.includes('Zoe')")

    asyncio.run(scenario())


@pytest.mark.parametrize("is_without_move", [False, True])
def test_what_somebody_is_about_to_do_stays_when_the_page_is_renewed(
    tmp_path: Path, is_without_move: bool
) -> None:
    """Others who ask to be let in, or who talk, come to stand before them: the focus, what was
    typed, and whom the button lets in stay, also in browsers that cannot move an element alive."""
    first, second = "0" * 15 + "1", "0" * 15 + "2"
    host = HostStandIn()
    host.waiting, host.others = [second], ["Zoe"]
    at_work = (
        "(() => { const e = document.activeElement, f = e.form;"
        " return f ? [e.textContent, f.elements.device.value, f.elements.groups.value]"
        "          : [e.textContent, e.getAttribute('href')]; })()"
    )

    async def scenario() -> None:
        async with logged_in(tmp_path, host) as (tab, at):
            if is_without_move:
                script = "delete Element.prototype.moveBefore;"
                await tab.send("Page.addScriptToEvaluateOnNewDocument", source=script)
            await tab.open(at + "/")
            await tab.run("document.querySelector('.todo [name=groups]').select()")
            await tab.send("Input.insertText", text="2, 3")
            await tab.hit("Tab")
            assert await tab.run(at_work) == ["Let in", second, "2, 3"]
            host.waiting = [first, second]
            await tab.until("document.querySelectorAll('.todo form').length === 2")
            assert await tab.run(at_work) == ["Let in", second, "2, 3"]
            await tab.run("document.querySelector('.people tbody tr:last-child a').focus()")
            zoe = await tab.run(at_work)
            assert zoe[0] == "Zoe"
            host.others = ["Zoe", *(f"Ann {number}" for number in range(12))]
            await tab.until("document.querySelectorAll('.people tbody tr').length === 14")
            assert await tab.run(at_work) == zoe
            host.others[0] = "Abe"  # the same badge, which now stands above all
            await tab.until(
                "document.querySelector('.people tbody tr:nth-child(2) a').textContent === 'Abe'"
            )
            assert await tab.run(at_work) == ["Abe", zoe[1]]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("off_s", "words"),
    [(60, None), (3 * 3600, "3 hours behind"), (-600, "10 minutes ahead of")],
)
def test_a_host_with_another_time_than_whoever_looks_is_told(
    tmp_path: Path, off_s: int, words: str | None
) -> None:
    shown = "(e => e.hidden ? null : e.textContent)(document.getElementById('clock'))"

    async def scenario() -> str | None:
        async with logged_in(tmp_path) as (tab, at):
            shift = f"const own = Date.now; Date.now = () => own() + {1000 * off_s};"
            await tab.send("Page.addScriptToEvaluateOnNewDocument", source=shift)
            await tab.open(at + "/badges")
            return await tab.run(shown)

    told = asyncio.run(scenario())
    assert (told is None) == (words is None) and (words or "") in (told or "")


def test_a_replay_is_heard_only_while_nobody_talks(tmp_path: Path) -> None:
    """On the stand-in's floor somebody talks all the time: the page says so, and its sound stays
    where it is."""

    async def scenario() -> None:
        async with logged_in(tmp_path) as (tab, at):
            await tab.open(at + "/recordings")
            await tab.run(
                "window.contexts = []; const Own = AudioContext;"
                "window.AudioContext = class extends Own {"
                "  constructor() { super(); window.contexts.push(this); } }"
            )
            await tab.click("[data-replay] button")
            await tab.until(
                "document.getElementById('replay-words').textContent.startsWith('Somebody talks')"
            )
            assert await tab.run("window.contexts.map((each) => each.state)") == ["suspended"]
            assert (
                await tab.run("document.querySelector('[data-replay] button').textContent")
                == "Stop"
            )

    asyncio.run(scenario())
