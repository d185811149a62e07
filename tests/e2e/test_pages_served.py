"""The commands that serve pages beside a host, as people start them: console and metrics."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from urllib.parse import urlencode

from tests.e2e.command import running, until
from tests.host.web import fetch

from pressel.demo.venue import STATE, run_leader

PASSWORD = "a long password"
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/")
HEAD = {"Content-Type": "application/x-www-form-urlencoded"}


def test_console_and_metrics_read_the_host_that_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with run_leader(tmp_path) as leader:
            host = ("--control", str(leader.control), "--listen", "127.0.0.1:0")
            state = ("--state", str(tmp_path / STATE))
            async with (
                running(tmp_path / "c", "console", *host, *state) as console,
                running(tmp_path / "m", "metrics", *host) as metrics,
            ):
                await until(lambda: ADDRESS.search(console.err), "the console's address")
                await until(lambda: ADDRESS.search(metrics.err), "the metrics' address")
                port = int(ADDRESS.findall(console.err)[0])
                code = re.findall(r"the code (\S+)", console.err)[0]
                form = urlencode({"code": code, "name": "Mia", "password": PASSWORD})
                head = {**HEAD, "Origin": f"http://127.0.0.1:{port}"}
                answer, _ = await asyncio.to_thread(fetch, port, "/first", "POST", head, form)
                assert answer.status == 303
                cookie = (answer.headers["set-cookie"] or "").partition(";")[0]
                answer, text = await asyncio.to_thread(fetch, port, "/", "GET", {"Cookie": cookie})
                assert answer.status == 200 and "Group 1" in text and "talk-on" in text
                for page in ("badges", "wifi", "history", "settings", "changes", "report", "audit"):
                    head = {"Cookie": cookie}
                    answer, text = await asyncio.to_thread(fetch, port, f"/{page}", "GET", head)
                    assert answer.status == 200, (page, text)
                port = int(ADDRESS.findall(metrics.err)[0])
                answer, text = await asyncio.to_thread(fetch, port, "/metrics")
                assert answer.status == 200 and "pressel_members 0.0" in text

    asyncio.run(scenario())
