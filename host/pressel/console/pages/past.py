"""What has been: bursts, changes, how promises were kept, who did what, and a bundle of it all."""

from __future__ import annotations

import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from pressel.console import view
from pressel.console.door import Refusal, Visitor
from pressel.console.host_reader import HostReader
from pressel.console.records import Records
from pressel.kpis.hours import KPIS, LIMITS_MS
from pressel.kpis.page import kpi, render

from .frame import Frame


class PastPages:
    """Of the host that `host` reads, whose folder is `state`."""

    def __init__(self, frame: Frame, host: HostReader, state: Path) -> None:
        self._frame = frame
        self._host = host
        self._records = Records(host, state)

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/history", self._history),
            frame.seen("/report", self._report),
            frame.seen("/report/print", self._report_file),
            frame.seen("/report/json", self._report_file),
            frame.seen("/audit", self._audit, "manage"),
            frame.done("/bundle", self._bundle, "manage"),
        ]

    async def _history(self, request: Request, visitor: Visitor) -> Response:
        seen = await self._host.look()
        bursts = list(reversed(seen.bursts))[: view.LAST_BURSTS]
        changes = await self._host.ask("settings history")
        return self._frame.page(
            "history.html.j2", visitor, "/history", bursts=bursts, changes=changes[::-1][:50]
        )

    async def _report(self, request: Request, visitor: Visitor) -> Response:
        rows = await self._records.promises()
        return self._frame.page(
            "report.html.j2", visitor, "/report", hours=rows, kpis=KPIS, limits=LIMITS_MS, kpi=kpi
        )

    async def _report_file(self, request: Request, visitor: Visitor) -> Response:
        """What `pressel kpis` writes; a page of its own, whose style stands in it."""
        rows = await self._records.promises()
        if request.url.path.endswith("json"):
            return JSONResponse(rows)
        if not rows:
            raise Refusal(404, "Nobody has talked since this console was started.")
        name = time.strftime("pressel-promises-%Y%m%d-%H%M.html")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HTMLResponse(render(rows), headers=headers)

    async def _audit(self, request: Request, visitor: Visitor) -> Response:
        verdict = await self._records.verify() if "verify" in request.query_params else None
        return self._frame.page(
            "audit.html.j2", visitor, "/audit",
            entries=await self._records.entries(), verdict=verdict,
        )  # fmt: skip

    async def _bundle(self, request: Request, visitor: Visitor) -> Response:
        text = await self._records.bundle()
        name = time.strftime("pressel-%Y%m%d-%H%M%S.html")
        return HTMLResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})
