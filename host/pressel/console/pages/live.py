"""What is going on now: the first page, and what can be done from it."""

from __future__ import annotations

import time

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from pressel.console import view
from pressel.console.door import Visitor
from pressel.console.host_reader import HostReader
from pressel.registry.device import PENDING

from .frame import Frame
from .streams import Streams
from .typed import groups_of


class LivePages:
    """`has_talk`: a page of this console may have a talk button."""

    def __init__(self, frame: Frame, host: HostReader, streams: Streams, has_talk: bool) -> None:
        self._frame = frame
        self._host = host
        self._streams = streams
        self._has_talk = has_talk
        self._shown_to: dict[bool, tuple[int, view.Live]] = {}  # by who may let newcomers in

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/", self._live),
            frame.seen("/live", self._stream),
            frame.seen("/floors", self._floors),
            frame.done("/text", self._text, "talk"),
            frame.done("/approve", self._approve, "manage"),
            frame.done("/deny", self._deny, "manage"),
        ]

    async def _live(self, request: Request, visitor: Visitor) -> Response:
        can_talk = self._has_talk and visitor.may("talk")
        shown = await self._shown(visitor)
        return self._frame.page("live.html.j2", visitor, "/", live=shown, can_talk=can_talk)

    async def _stream(self, request: Request, visitor: Visitor) -> Response:
        async def shown(visitor: Visitor) -> str:
            return self._frame.render("_live.html.j2", visitor, live=await self._shown(visitor))

        return self._streams.answer(request, visitor, shown)

    async def _floors(self, request: Request, visitor: Visitor) -> Response:
        """Whether anybody talks, for who wants to hear something else meanwhile."""

        async def shown(visitor: Visitor) -> str:
            status = (await self._host.look()).status
            is_talked = status is not None and any(each.talker for each in status.floors)
            return "talk" if is_talked else "quiet"

        return self._streams.answer(request, visitor, shown)

    async def _text(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        await self._frame.ask(visitor, "text", text=str(form["text"]))
        return RedirectResponse("/", 303)

    async def _approve(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        groups = groups_of(str(form.get("groups") or "1"))
        await self._frame.ask(visitor, "device approve", id=str(form["device"]), groups=groups)
        return RedirectResponse("/", 303)

    async def _deny(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        await self._frame.ask(visitor, "device deny", id=str(form["device"]))
        return RedirectResponse("/", 303)

    async def _shown(self, visitor: Visitor) -> view.Live:
        """What the live page shows now; made once for all who see the same."""
        seen = await self._host.look()
        sees_newcomers = visitor.may("manage")
        known = self._shown_to.get(sees_newcomers)
        if known is None or known[0] != seen.number:
            waiting = await self._host.newcomers(PENDING) if sees_newcomers else []
            known = seen.number, view.live(seen, waiting, time.time())
            self._shown_to[sees_newcomers] = known
        return known[1]
