"""What every page has around it: who may see or do it, its template, and what is said of faults."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from pressel.console import view
from pressel.console.door import Door, Refusal, Visitor
from pressel.console.host_reader import HostReader
from pressel.errors import OtherVersionError, PresselError, UsageError
from pressel.kpis.page import hour, p95, percent
from pressel.schema.setting_values import difference_lines, only

Page = Callable[[Request, Visitor], Awaitable[Response]]


class Frame:
    """`door` knows the visitors, in whose names `host` is asked."""

    def __init__(self, host: HostReader, door: Door) -> None:
        self._host = host
        self._door = door
        self._templates = Environment(
            loader=PackageLoader("pressel.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["ago"] = view.ago
        self._templates.filters["heard_by"] = view.heard_by
        self._templates.filters["changed"] = _changed
        self._templates.filters["clock"] = _clock
        self._templates.filters.update(moment=_moment, span=_span)
        self._templates.filters.update(hour=hour, percent=percent, p95=p95)

    # --- who may ---

    def seen(self, path: str, page: Page, needed: str = "see") -> Route:
        """`page` at `path`, for visitors of the role `needed`."""

        async def answer(request: Request) -> Response:
            visitor = self._door.visitor(request)
            if visitor is None:
                return RedirectResponse("/login", 303)
            if not visitor.may(needed):
                words = f"Your account may {visitor.role}; this page needs the role {needed}."
                return self.message(visitor, 403, words)
            try:
                return await page(request, visitor)
            except Refusal as refusal:
                return self.message(visitor, refusal.status, str(refusal))
            except PresselError as error:
                is_address = isinstance(error, UsageError) and not isinstance(
                    error, OtherVersionError
                )
                status = 404 if is_address else 502  # else of a host
                return self.message(visitor, status, f"{error}.")

        return Route(path, answer)

    def done(self, path: str, act: Page, needed: str) -> Route:
        """What the form at `path` does, for visitors of the role `needed`."""

        async def answer(request: Request) -> Response:
            try:
                visitor = await self._door.allow(request, needed)
            except Refusal as refusal:
                if refusal.status == 401:
                    return RedirectResponse("/login", 303)
                return self.message(self._door.visitor(request), refusal.status, str(refusal))
            try:
                return await act(request, visitor)
            except Refusal as refusal:
                return self.message(visitor, refusal.status, str(refusal))
            except (PresselError, ValueError, KeyError) as error:
                words = str(error) if isinstance(error, PresselError) else "the form is not whole"
                return self.message(visitor, 400, f"It was not done: {words}.")

        return Route(path, answer, methods=["POST"])

    async def ask(self, visitor: Visitor, verb: str, **fields: Any) -> Any:
        """The host, in the visitor's name: the log says who it was."""
        return await self._host.ask(verb, **{"for": visitor.name}, **fields)

    # --- how it looks ---

    def bare(self, template: str, status: int, **shown: Any) -> Response:
        """A page for who has not logged in."""
        return HTMLResponse(self._templates.get_template(template).render(**shown), status)

    def render(self, template: str, visitor: Visitor, **shown: Any) -> str:
        return self._templates.get_template(template).render(visitor=visitor, **shown)

    def page(self, template: str, visitor: Visitor, at: str, **shown: Any) -> Response:
        shown.setdefault("now_s", time.time())
        return HTMLResponse(self.render(template, visitor, at=at, **shown))

    def message(self, visitor: Visitor | None, status: int, words: str) -> Response:
        if visitor is None:
            return PlainTextResponse(words, status)
        text = self.render("message.html.j2", visitor, at="", words=words, now_s=time.time())
        return HTMLResponse(text, status)


def _changed(change: Mapping[str, Any]) -> str:
    """`floor.talk_ms: 60000 ms -> 90000 ms` of each setting."""
    return "; ".join(difference_lines(change["was"], only(change["now"], change["was"])))


def _moment(at_s: float) -> str:
    """With its day, when that is not today."""
    then = time.localtime(at_s)
    is_today = then[:3] == time.localtime()[:3]
    return time.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S", then)


def _span(minutes: int) -> str:
    for each, word in ((1440, "day"), (60, "hour")):
        if minutes >= each and minutes % each == 0:
            return f"{minutes // each} {word}{'s' if minutes != each else ''}"
    return f"{minutes} min"


def _clock(at_s: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at_s))
