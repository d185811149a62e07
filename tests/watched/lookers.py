"""People who look at a console, in real time: pages that are read in turn, streams that are held
open, and one Chromium on the live page. What they cost is what the processes take meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil
from argon2 import PasswordHasher
from tests.e2e.chromium import CHROMIUM, Tab, chromium
from tests.e2e.command import running, until
from tests.host.web import fetch
from tests.memory import SAMPLE_EVERY_S, slope_mib_hour

from pressel.console.accounts import Accounts

CLIENTS = 20
STREAMS = 10  # of them; the others read pages
READ_EVERY_S = 2.0  # a person who goes through the pages quickly
PAGES = ("/", "/badges", "/wifi", "/history", "/settings", "/changes", "/report", "/audit")

_PASSWORD = "a long password"
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Lookers:
    """What they have seen, and what the leader's and the console's processes took."""

    def __init__(self, has_console: bool) -> None:
        self._has_console = has_console
        self.page_ms: list[float] = []
        self.failed: list[str] = []
        self.news = 0  # that came by streams
        self.leader_mib: list[float] = []
        self.console_mib: list[float] = []
        self.console_cpu_percent = 0.0
        self.live_news = 0  # in Chromium

    def beside(self, pid: int, work: Path) -> AbstractAsyncContextManager[None]:
        """For `run_real`."""
        return self._look(pid, work)

    @contextlib.asynccontextmanager
    async def _look(self, pid: int, work: Path) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            jobs = [asyncio.create_task(self._weigh(psutil.Process(pid), self.leader_mib))]
            if self._has_console:
                jobs += await self._open(stack, work)
            try:
                yield
            finally:
                for job in jobs:
                    job.cancel()
                told = await asyncio.gather(*jobs, return_exceptions=True)
                self.failed += [repr(each) for each in told if isinstance(each, Exception)]

    async def _open(self, stack: contextlib.AsyncExitStack, work: Path) -> list[asyncio.Task[None]]:
        accounts = Accounts(work / "leader", _QUICK)
        accounts.put("own", "own", _PASSWORD)
        args = ("--control", str(work / "leader.sock"), "--state", str(work / "leader"))
        command = running(work / "console", "console", *args, "--listen", "127.0.0.1:0")
        console = await stack.enter_async_context(command)
        await until(lambda: _ADDRESS.search(console.err), "the console's address")
        port = int(_ADDRESS.findall(console.err)[0])
        cookie = await self._log_in(port)
        process = psutil.Process(console.process.pid)
        begun_s, cpu = time.monotonic(), process.cpu_times()

        def sum_up() -> None:
            now = process.cpu_times()
            used_s = now.user + now.system - cpu.user - cpu.system
            self.console_cpu_percent = 100 * used_s / (time.monotonic() - begun_s)

        stack.callback(sum_up)
        work_of = [self._hold(port, cookie) for _ in range(STREAMS)]
        work_of += [self._read(port, cookie, n) for n in range(CLIENTS - STREAMS)]
        if CHROMIUM is not None:
            tab = await stack.enter_async_context(chromium())
            await self._visit(tab, port)
            work_of.append(self._count(tab))
        work_of.append(self._weigh(process, self.console_mib))
        return [asyncio.create_task(each) for each in work_of]

    async def _log_in(self, port: int) -> str:
        form = urlencode({"name": "own", "password": _PASSWORD})
        head = {
            "Origin": f"http://127.0.0.1:{port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer, _ = await asyncio.to_thread(fetch, port, "/login", "POST", head, form)
        assert answer.status == 303, answer.status
        return (answer.headers["set-cookie"] or "").partition(";")[0]

    async def _read(self, port: int, cookie: str, number: int) -> None:
        """One client, page after page."""
        await asyncio.sleep(number * READ_EVERY_S / CLIENTS)
        while True:
            for page in PAGES:
                begun_s = time.monotonic()
                try:
                    head = {"Cookie": cookie}
                    answer, _ = await asyncio.to_thread(fetch, port, page, "GET", head)
                    if answer.status != 200:
                        self.failed.append(f"{page}: {answer.status}")
                except OSError as error:  # too late, also
                    self.failed.append(f"{page}: {error}")
                self.page_ms.append(1000 * (time.monotonic() - begun_s))
                await asyncio.sleep(READ_EVERY_S)

    async def _hold(self, port: int, cookie: str) -> None:
        """One stream of the live page."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            head = f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
            writer.write(head.encode())
            while data := await reader.read(65536):
                self.news += data.count(b"\n\n")
            raise AssertionError("a stream has ended")
        finally:
            writer.close()

    async def _visit(self, tab: Tab, port: int) -> None:
        await tab.open(f"http://127.0.0.1:{port}/login")
        await tab.run(
            "document.querySelector('[name=name]').value = 'own';"
            f"document.querySelector('[name=password]').value = {json.dumps(_PASSWORD)};"
            "document.querySelector('form').submit()"
        )
        await tab.until("location.pathname === '/' && document.readyState === 'complete'")
        await tab.run(
            "window.seen = 0; new MutationObserver(() => window.seen++)"
            ".observe(document.getElementById('live'), {childList: true, subtree: true,"
            " characterData: true}); 0"
        )

    async def _count(self, tab: Tab) -> None:
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            self.live_news = await tab.run("window.seen")

    async def _weigh(self, process: psutil.Process, into: list[float]) -> None:
        while True:
            into.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(SAMPLE_EVERY_S)


def growth_mib(samples: list[float]) -> float:
    """Of the last tenth over the second one of ten: the first is the start."""
    tenth = max(1, len(samples) // 10)
    first, last = samples[tenth : 2 * tenth] or samples, samples[-tenth:]
    return sum(last) / len(last) - sum(first) / len(first)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figures(lookers: Lookers) -> dict[str, Any]:
    """For the record; of the console only where there was one."""
    told: dict[str, Any] = {
        "leader_mib": round(lookers.leader_mib[-1], 1),
        "leader_growth_mib": round(growth_mib(lookers.leader_mib), 1),
        "leader_slope_mib_hour": slope_mib_hour(lookers.leader_mib),
    }
    if lookers.page_ms:
        told |= {
            "pages": len(lookers.page_ms),
            "page_ms_p95": round(percentile(lookers.page_ms, 0.95)),
            "news": lookers.news,
            "live_news": lookers.live_news,
            "failed": lookers.failed,
            "console_mib": round(lookers.console_mib[-1], 1),
            "console_growth_mib": round(growth_mib(lookers.console_mib), 1),
            "console_slope_mib_hour": slope_mib_hour(lookers.console_mib),
            "console_cpu_percent": round(lookers.console_cpu_percent, 1),
        }
    return told
