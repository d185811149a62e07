"""The pages: which address shows what, and what each form asks of the host."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Route, WebSocketRoute

from pressel.errors import OtherVersionError, PresselError, UsageError
from pressel.health import radio
from pressel.health.relays import relays as relay_health
from pressel.health.troubles import is_low, unclear
from pressel.kpis.hours import KPIS, LIMITS_MS
from pressel.kpis.page import hour, kpi, p95, percent, render
from pressel.recordings.burst_mark import mark_of
from pressel.recordings.fetch import EXPORT, PLAY
from pressel.registry import code as codes
from pressel.registry.about_loans import GIVE_BACK, LEND
from pressel.registry.device import ACTIVE, PENDING
from pressel.schema.setting_values import (
    AS_THE_VENUE,
    At,
    difference_lines,
    is_device,
    key_at,
    only,
    own_values,
)
from pressel.schema.settings import settings as setting_rows

from . import view, wifi_network
from .accounts import ACCOUNTS_MAX, PASSWORD_CHARACTERS_MIN, ROLES
from .changes import Changes
from .commands import Commands
from .door import Door, Refusal, Visitor
from .guard import Guard
from .host_reader import HostReader
from .recorded import RecordedTalk
from .records import Records
from .settings_file import SettingsFile
from .static_files import STATIC
from .talk import Talk
from .zones import Zones

STREAMS_MAX = 64  # live pages that are open at once
STREAMS_EACH_MAX = 16  # of one account
VERSION_DIGITS_MAX = 10  # of settings: they end at 2^30
RENEW_S = 1.0  # a talker's seconds count up
ALIVE_S = 15.0  # a stream says something so often, so that nobody takes it for dead

Page = Callable[[Request, Visitor], Awaitable[Response]]


class Pages:
    """`host` reads the venue, whose host has the folder `state`; `door` knows the visitors; `talk`
    lets them talk from their page, `commands` ask from other computers."""

    def __init__(
        self,
        host: HostReader,
        door: Door,
        state: Path,
        talk: Talk | None = None,
        commands: Commands | None = None,
    ) -> None:
        self._host = host
        self._door = door
        self._records = Records(host, state)
        self._changes = Changes(host)
        self._file = SettingsFile(host)
        self._recorded = RecordedTalk(host)
        self._zones = Zones(state)
        self._talk = talk
        self._commands = commands
        self._streams: Counter[str] = Counter()  # by account
        self._shown_to: dict[bool, tuple[int, view.Live]] = {}  # by who may let newcomers in
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

    def application(self, hosts: frozenset[str], scheme: str) -> Starlette:
        """All of it, for these names and "http" or "https"."""
        routes: list[BaseRoute] = [
            Route("/", self._seen(self._live)),
            Route("/live", self._seen(self._stream)),
            Route("/badges", self._seen(self._badges)),
            Route("/badges/{device}", self._seen(self._badge)),
            Route("/wifi", self._seen(self._wifi)),
            Route("/history", self._seen(self._history)),
            Route("/recordings", self._seen(self._recordings)),
            Route("/floors", self._seen(self._floors)),
            Route("/settings", self._seen(self._settings)),
            Route("/settings/file", self._seen(self._settings_file)),
            Route("/settings/export", self._seen(self._exported)),
            Route("/changes", self._seen(self._changing)),
            Route("/report", self._seen(self._report)),
            Route("/report/print", self._seen(self._report_file)),
            Route("/report/json", self._seen(self._report_file)),
            Route("/audit", self._seen(self._audit, "manage")),
            Route("/accounts", self._seen(self._accounts, "own")),
            Route("/settings", self._done("manage", self._set), methods=["POST"]),
            Route("/settings/wifi", self._done("manage", self._set_wifi), methods=["POST"]),
            Route("/settings/file", self._done("manage", self._put_file), methods=["POST"]),
            Route("/wifi", self._done("manage", self._name_zone), methods=["POST"]),
            Route("/changes", self._done("manage", self._act), methods=["POST"]),
            Route("/text", self._done("talk", self._text), methods=["POST"]),
            Route("/recordings/replay", self._done("talk", self._sound("")), methods=["POST"]),
            Route("/recordings/sent", self._seen(self._sent)),
            Route("/recordings/send", self._done("talk", self._send("send")), methods=["POST"]),
            Route(
                "/recordings/resend", self._done("manage", self._send("resend")), methods=["POST"]
            ),
            Route("/recordings/stop", self._done("talk", self._stop_sending), methods=["POST"]),
            Route("/recordings/play", self._done("manage", self._sound(PLAY)), methods=["POST"]),
            Route(
                "/recordings/export", self._done("manage", self._sound(EXPORT)), methods=["POST"]
            ),
            Route(
                "/recordings/delete",
                self._done("manage", self._recorded_act("delete")),
                methods=["POST"],
            ),
            Route(
                "/recordings/hold", self._done("own", self._recorded_act("hold")), methods=["POST"]
            ),
            Route(
                "/recordings/release",
                self._done("own", self._recorded_act("release")),
                methods=["POST"],
            ),
            Route("/bundle", self._done("manage", self._bundle), methods=["POST"]),
            Route("/invite", self._done("manage", self._invite), methods=["POST"]),
            Route("/approve", self._done("manage", self._approve), methods=["POST"]),
            Route("/deny", self._done("manage", self._deny), methods=["POST"]),
            Route("/badges/{device}", self._done("manage", self._change), methods=["POST"]),
            Route("/accounts", self._done("own", self._put), methods=["POST"]),
            Route("/accounts/remove", self._done("own", self._remove), methods=["POST"]),
            Route("/login", self._login_page),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._done("see", self._logout), methods=["POST"]),
            Route("/first", self._first, methods=["POST"]),
            Route("/static/{name}", _static),
        ]
        if self._commands is not None:
            routes += self._commands.routes()
        if self._talk is not None:
            routes.append(WebSocketRoute("/talk", self._talk.serve))
        return Starlette(routes=routes, middleware=[Middleware(Guard, hosts=hosts, scheme=scheme)])

    # --- who may ---

    def _seen(self, page: Page, needed: str = "see") -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            visitor = self._door.visitor(request)
            if visitor is None:
                return RedirectResponse("/login", 303)
            if not visitor.may(needed):
                words = f"Your account may {visitor.role}; this page needs the role {needed}."
                return self._message(visitor, 403, words)
            try:
                return await page(request, visitor)
            except Refusal as refusal:
                return self._message(visitor, refusal.status, str(refusal))
            except PresselError as error:
                is_address = isinstance(error, UsageError) and not isinstance(
                    error, OtherVersionError
                )
                status = 404 if is_address else 502  # else of a host
                return self._message(visitor, status, f"{error}.")

        return answer

    def _done(self, needed: str, act: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                visitor = await self._door.allow(request, needed)
            except Refusal as refusal:
                if refusal.status == 401:
                    return RedirectResponse("/login", 303)
                return self._message(self._door.visitor(request), refusal.status, str(refusal))
            try:
                return await act(request, visitor)
            except Refusal as refusal:
                return self._message(visitor, refusal.status, str(refusal))
            except (PresselError, ValueError, KeyError) as error:
                words = str(error) if isinstance(error, PresselError) else "the form is not whole"
                return self._message(visitor, 400, f"It was not done: {words}.")

        return answer

    # --- what is seen ---

    async def _live(self, request: Request, visitor: Visitor) -> Response:
        can_talk = self._talk is not None and visitor.may("talk")
        shown = await self._shown(visitor)
        return self._page("live.html.j2", visitor, "/", live=shown, can_talk=can_talk)

    async def _stream(self, request: Request, visitor: Visitor) -> Response:
        async def shown(visitor: Visitor) -> str:
            return self._render("_live.html.j2", visitor, live=await self._shown(visitor))

        return self._stream_of(request, visitor, shown)

    async def _floors(self, request: Request, visitor: Visitor) -> Response:
        """Whether anybody talks, for who wants to hear something else meanwhile."""

        async def shown(visitor: Visitor) -> str:
            status = (await self._host.look()).status
            is_talked = status is not None and any(each.talker for each in status.floors)
            return "talk" if is_talked else "quiet"

        return self._stream_of(request, visitor, shown)

    def _stream_of(
        self, request: Request, visitor: Visitor, shown: Callable[[Visitor], Awaitable[str]]
    ) -> Response:
        """What `shown` gives, whenever it changes, until its visitor may see it no more. Who does
        not take it is not waited for, see `line`."""
        open_now = self._streams
        if open_now.total() >= STREAMS_MAX or open_now[visitor.name] >= STREAMS_EACH_MAX:
            return PlainTextResponse("Too many pages are open.", 503)

        async def news() -> AsyncIterator[str]:
            self._streams[visitor.name] += 1
            try:
                said, said_s = "", time.monotonic()
                while (now := self._door.visitor(request)) is not None:
                    text = await shown(now)
                    if text != said:
                        said, said_s = text, time.monotonic()
                        yield "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
                    elif time.monotonic() - said_s > ALIVE_S:
                        said_s = time.monotonic()
                        yield ": still here\n\n"
                    await asyncio.sleep(RENEW_S)
            finally:
                self._streams[visitor.name] -= 1
                self._streams += Counter()  # those of whom none is open are forgotten

        return StreamingResponse(news(), media_type="text/event-stream")

    async def _badges(self, request: Request, visitor: Visitor) -> Response:
        devices = await self._host.ask("device list", state=None)
        loans = {each["device"]: each["person"] for each in await self._host.ask("device loans")}
        seen = await self._host.look()
        there = {each.device for each in seen.status.members} if seen.status else set()
        return self._page(
            "badges.html.j2", visitor, "/badges", devices=devices, there=there, loans=loans
        )

    async def _badge(self, request: Request, visitor: Visitor) -> Response:
        device = await self._host.ask("device show", id=request.path_params["device"])
        loans = await self._host.ask("device loans")
        seen = await self._host.look()
        health = seen.health.badges.get(device["id"])
        status = seen.status
        member = (
            next((m for m in status.members if m.device == device["id"]), None) if status else None
        )
        rows = [
            (burst, next((h for h in burst.hearings if h.device == device["id"]), None))
            for burst in reversed(seen.bursts)
        ]
        rows = [row for row in rows if row[1] or row[0].device == device["id"]][: view.LAST_BURSTS]
        return self._page(
            "badge.html.j2", visitor, "/badges",
            device=device, health=health, member=member, rows=rows, now_s=time.time(),
            is_far=bool(member and radio.is_far(member)),
            unclear=unclear(member) if member else "",
            is_low=bool(member and status and is_low(member, status)),
            loan=next((each for each in loans if each["device"] == device["id"]), None),
        )  # fmt: skip

    async def _wifi(self, request: Request, visitor: Visitor) -> Response:
        seen = await self._host.look()
        points = radio.access_points(seen.status, seen.health) if seen.status else []
        relays = relay_health(seen.status, seen.health) if seen.status else []
        return self._page(
            "wifi.html.j2", visitor, "/wifi", points=points, why=seen.why, zones=self._zones,
            relays=relays,
        )  # fmt: skip

    async def _history(self, request: Request, visitor: Visitor) -> Response:
        seen = await self._host.look()
        bursts = list(reversed(seen.bursts))[: view.LAST_BURSTS]
        changes = await self._host.ask("settings history")
        return self._page(
            "history.html.j2", visitor, "/history", bursts=bursts, changes=changes[::-1][:50]
        )

    async def _recordings(self, request: Request, visitor: Visitor) -> Response:
        kept = await self._recorded.all()
        there: dict[int, list[str]] = {}
        status = (await self._host.look()).status
        for member in status.members if status is not None else ():
            there.setdefault(member.group, []).append(member.name)
        return self._page(
            "recordings.html.j2", visitor, "/recordings",
            kept=kept, sent=await self._recorded.sent(), there=there,
        )  # fmt: skip

    async def _sent(self, request: Request, visitor: Visitor) -> Response:
        """How what is on its way fares, when that is not what the page shows already."""
        sent = await self._recorded.sent()
        if sent is not None and sent["state"] == request.query_params.get("shown"):
            return Response(status_code=204)
        return HTMLResponse(self._render("_sent.html.j2", visitor, sent=sent))

    async def _settings(self, request: Request, visitor: Visitor) -> Response:
        now = await self._host.ask("settings")
        rows = {name: row for name, row in setting_rows().items() if name in now["values"]}
        own = {name: own_values(name, now["values"]) for name in rows}
        lacking = [row.text for name, row in setting_rows().items() if name not in rows]
        devices = await self._host.ask("device list", state=None)
        names: dict[At, str] = {each["id"]: f"At badge {each['name']}" for each in devices}

        def whose(each: At) -> str:
            return names.get(
                each, f"At badge {each}" if is_device(each) else f"In talk group {each}"
            )

        return self._page(
            "settings.html.j2", visitor, "/settings", now=now, rows=rows, own=own, whose=whose,
            lacking=lacking, devices=[each for each in devices if each["state"] == ACTIVE],
        )  # fmt: skip

    async def _settings_file(self, request: Request, visitor: Visitor) -> Response:
        sheet = await self._file.sheet(_version(request, "with"))
        return self._page("settings_file.html.j2", visitor, "/settings", sheet=sheet)

    async def _exported(self, request: Request, visitor: Visitor) -> Response:
        """What `pressel settings export` writes."""
        text = await self._file.export(_version(request, "version"))
        headers = {"Content-Disposition": 'attachment; filename="pressel-settings.toml"'}
        return PlainTextResponse(text, headers=headers)

    async def _changing(self, request: Request, visitor: Visitor) -> Response:
        return self._page(
            "changes.html.j2", visitor, "/changes",
            change=await self._changes.change(), update=await self._changes.update(),
        )  # fmt: skip

    async def _report(self, request: Request, visitor: Visitor) -> Response:
        rows = await self._records.promises()
        return self._page(
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
        return self._page(
            "audit.html.j2", visitor, "/audit",
            entries=await self._records.entries(), verdict=verdict,
        )  # fmt: skip

    async def _accounts(self, request: Request, visitor: Visitor) -> Response:
        return self._page(
            "accounts.html.j2", visitor, "/accounts", accounts=self._door.accounts.all(),
            logins=self._door.tokens.count() if self._door.tokens is not None else {},
            roles=ROLES, most=ACCOUNTS_MAX, least=PASSWORD_CHARACTERS_MIN,
        )  # fmt: skip

    # --- what is done ---

    async def _set(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        group, badge = str(form.get("at") or ""), str(form.get("badge") or "")
        if group and badge:
            raise Refusal(400, "Choose a talk group or a badge, not both.")
        key = key_at(str(form["name"]), badge or int(group or 0))
        value = None if form["value"] == AS_THE_VENUE else int(str(form["value"]))
        base, why = int(str(form["base"])), str(form.get("why", ""))
        verb, then = (
            ("rollout start", "/changes") if "staged" in form else ("settings set", "/settings")
        )
        await self._ask(visitor, verb, values={key: value}, base=base, why=why)
        return RedirectResponse(then, 303)

    async def _put_file(self, request: Request, visitor: Visitor) -> Response:
        """What was typed is shown again, with what is wrong in it, when it was not put in force."""
        form = await request.form()

        async def ask(verb: str, **fields: Any) -> Any:
            return await self._ask(visitor, verb, **fields)

        if form["what"] == "back":
            await self._file.put_back(ask, int(str(form["version"])), int(str(form["base"])))
            return RedirectResponse("/settings/file", 303)
        text, why = str(form["text"]).replace("\r\n", "\n"), str(form.get("why", ""))
        if form["what"] == "put":
            trial = await self._file.put(ask, text, why)
        else:
            trial = await self._file.check(text)
        if trial is None:
            return RedirectResponse("/settings", 303)
        sheet = replace(await self._file.sheet(), text=text, trial=trial, why=why)
        page = self._page("settings_file.html.j2", visitor, "/settings", sheet=sheet)
        page.status_code = 400 if trial.is_wrong else 200
        return page

    async def _set_wifi(self, request: Request, visitor: Visitor) -> Response:
        verb, fields, then = wifi_network.wanted(await request.form())
        await self._ask(visitor, verb, **fields)
        return RedirectResponse(then, 303)

    async def _name_zone(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        words = str(form["point"]), str(form["name"])
        await asyncio.to_thread(self._zones.put, *words)
        return RedirectResponse("/wifi", 303)

    async def _act(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()

        async def ask(verb: str, **fields: Any) -> Any:
            return await self._ask(visitor, verb, **fields)

        await self._changes.act(ask, form)
        return RedirectResponse("/changes", 303)

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

    async def _text(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        await self._ask(visitor, "text", text=str(form["text"]))
        return RedirectResponse("/", 303)

    async def _bundle(self, request: Request, visitor: Visitor) -> Response:
        text = await self._records.bundle()
        name = time.strftime("pressel-%Y%m%d-%H%M%S.html")
        return HTMLResponse(text, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    async def _invite(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        code = await self._ask(
            visitor, "device invite", groups=_groups(str(form["groups"])), life_s=codes.LIFE_S
        )
        return self._page(
            "invited.html.j2", visitor, "/badges", code=code, minutes=codes.LIFE_S // 60
        )

    async def _approve(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        groups = _groups(str(form.get("groups") or "1"))
        await self._ask(visitor, "device approve", id=str(form["device"]), groups=groups)
        return RedirectResponse("/", 303)

    async def _deny(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        await self._ask(visitor, "device deny", id=str(form["device"]))
        return RedirectResponse("/", 303)

    async def _change(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        device, what = request.path_params["device"], str(form["what"])
        if what == "rename":
            await self._ask(visitor, "device rename", id=device, name=str(form["name"]))
        elif what == "groups":
            groups = _groups(str(form["groups"]))
            await self._ask(visitor, "device group", id=device, groups=groups)
        elif what == "lend":
            person, note = str(form["person"]), str(form.get("note", ""))
            await self._ask(visitor, LEND, id=device, person=person, note=note)
        elif what == "return":
            await self._ask(visitor, GIVE_BACK, id=device)
        elif what == "revoke":
            await self._ask(visitor, "device revoke", id=device)
        else:
            raise ValueError(what)
        return RedirectResponse(f"/badges/{device}", 303)

    async def _put(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        name, role = str(form["name"]).strip(), str(form["role"])
        known = self._door.accounts.all()
        if known.get(name) == "own" and role != "own" and list(known.values()).count("own") == 1:
            raise Refusal(400, "That is the last account with the role own.")
        await self._door.put(name, role, str(form["password"]))
        return RedirectResponse("/accounts", 303)

    async def _remove(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        self._door.remove(str(form["name"]))
        return RedirectResponse("/accounts", 303)

    # --- in and out ---

    async def _login_page(self, request: Request) -> Response:
        if self._door.visitor(request) is not None:
            return RedirectResponse("/", 303)
        return self._entry("", 200)

    async def _login(self, request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=5)
        name = str(form.get("name", "")).strip()
        try:
            mark = await self._door.log_in(request, name, str(form.get("password", "")))
        except Refusal as refusal:
            return self._entry(str(refusal), refusal.status)
        return self._entered(name, mark)

    async def _first(self, request: Request) -> Response:
        form = await request.form(max_files=0, max_fields=5)
        name = str(form.get("name", "")).strip()
        words = str(form.get("code", "")), name, str(form.get("password", ""))
        try:
            mark = await self._door.begin(request, *words)
        except Refusal as refusal:
            return self._entry(str(refusal), refusal.status)
        return self._entered(name, mark)

    async def _logout(self, request: Request, visitor: Visitor) -> Response:
        answer = RedirectResponse("/login", 303)
        self._door.leave(request, answer)
        return answer

    # --- inside ---

    def _entered(self, name: str, mark: str) -> Response:
        answer = RedirectResponse("/", 303)
        self._door.enter(answer, name, mark)
        return answer

    def _entry(self, why: str, status: int) -> Response:
        text = self._templates.get_template("login.html.j2").render(
            why=why, is_first=bool(self._door.code), least=PASSWORD_CHARACTERS_MIN
        )
        return HTMLResponse(text, status)

    async def _ask(self, visitor: Visitor, verb: str, **fields: Any) -> Any:
        """In the visitor's name: the log says who it was."""
        return await self._host.ask(verb, **{"for": visitor.name}, **fields)

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

    def _render(self, template: str, visitor: Visitor, **shown: Any) -> str:
        return self._templates.get_template(template).render(visitor=visitor, **shown)

    def _page(self, template: str, visitor: Visitor, at: str, **shown: Any) -> Response:
        shown.setdefault("now_s", time.time())
        return HTMLResponse(self._render(template, visitor, at=at, **shown))

    def _message(self, visitor: Visitor | None, status: int, words: str) -> Response:
        if visitor is None:
            return PlainTextResponse(words, status)
        text = self._render("message.html.j2", visitor, at="", words=words, now_s=time.time())
        return HTMLResponse(text, status)


def _version(request: Request, name: str) -> int:
    """That in the address, 0 where there is none. UsageError when it is no number."""
    text = request.query_params.get(name) or "0"
    if not text.isascii() or not text.isdigit() or len(text) > VERSION_DIGITS_MAX:
        raise UsageError("a version is a number, as the history shows it")
    return int(text)


def _groups(text: str) -> list[int]:
    return [int(each) for each in text.replace(",", " ").split()]


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


async def _static(request: Request) -> Response:
    found = STATIC.get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("Nothing is here.", 404)
    file, content_type = found
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(file, media_type=content_type, headers=headers)
