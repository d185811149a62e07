"""Recordings: what is kept, how it is heard, sent to badges, held and deleted."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from pressel.console.door import Visitor
from pressel.console.host_reader import HostReader
from pressel.console.recorded import RecordedTalk
from pressel.recordings.burst_mark import mark_of
from pressel.recordings.fetch import EXPORT, PLAY

from .frame import Frame, Page


class RecordingPages:
    """Of the host that `host` reads."""

    def __init__(self, frame: Frame, host: HostReader) -> None:
        self._frame = frame
        self._host = host
        self._recorded = RecordedTalk(host)

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/recordings", self._recordings),
            frame.seen("/recordings/sent", self._sent),
            frame.done("/recordings/replay", self._sound(""), "talk"),
            frame.done("/recordings/send", self._send("send"), "talk"),
            frame.done("/recordings/resend", self._send("resend"), "manage"),
            frame.done("/recordings/stop", self._stop_sending, "talk"),
            frame.done("/recordings/play", self._sound(PLAY), "manage"),
            frame.done("/recordings/export", self._sound(EXPORT), "manage"),
            frame.done("/recordings/delete", self._recorded_act("delete"), "manage"),
            frame.done("/recordings/hold", self._recorded_act("hold"), "own"),
            frame.done("/recordings/release", self._recorded_act("release"), "own"),
        ]

    async def _recordings(self, request: Request, visitor: Visitor) -> Response:
        kept = await self._recorded.all()
        there: dict[int, list[str]] = {}
        status = (await self._host.look()).status
        for member in status.members if status is not None else ():
            there.setdefault(member.group, []).append(member.name)
        return self._frame.page(
            "recordings.html.j2", visitor, "/recordings",
            kept=kept, sent=await self._recorded.sent(), was_shown=False, there=there,
        )  # fmt: skip

    async def _sent(self, request: Request, visitor: Visitor) -> Response:
        """How what is on its way fares, when that is not what the page shows already."""
        sent = await self._recorded.sent()
        if sent is not None and sent["state"] == request.query_params.get("shown"):
            return Response(status_code=204)
        was_shown = "shown" in request.query_params
        shown = self._frame.render("_sent.html.j2", visitor, sent=sent, was_shown=was_shown)
        return HTMLResponse(shown)

    def _sound(self, purpose: str) -> Page:
        async def answer(request: Request, visitor: Visitor) -> Response:
            mark = str((await request.form())["mark"])
            content = await self._recorded.sound(visitor.name, mark, purpose)
            name = f'attachment; filename="pressel-{mark_of(mark)}.wav"'
            return Response(content, media_type="audio/wav", headers={"Content-Disposition": name})

        return answer

    def _send(self, verb: str) -> Page:
        async def answer(request: Request, visitor: Visitor) -> Response:
            await self._recorded.send(visitor.name, await request.form(), verb)
            return RedirectResponse("/recordings", 303)

        return answer

    async def _stop_sending(self, request: Request, visitor: Visitor) -> Response:
        await self._recorded.stop(visitor.name)
        return RedirectResponse("/recordings", 303)

    def _recorded_act(self, what: str) -> Page:
        async def answer(request: Request, visitor: Visitor) -> Response:
            await self._recorded.act(visitor.name, await request.form(), what)
            return RedirectResponse("/recordings", 303)

        return answer
