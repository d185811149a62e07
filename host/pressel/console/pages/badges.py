"""Badges: their list, each of them, how new ones come in, and the Wi-Fi that carries them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from pressel.console import view
from pressel.console.boards import all_boards, boards_of
from pressel.console.door import Visitor
from pressel.console.host_reader import HostReader
from pressel.console.zones import Zones
from pressel.health import radio
from pressel.health.badges import is_low
from pressel.health.relays import relays as relay_health
from pressel.health.troubles import unclear
from pressel.registry import code as codes
from pressel.registry.about_boards import BOARD
from pressel.registry.about_loans import GIVE_BACK, LEND

from .frame import Frame
from .typed import groups_of


class BadgePages:
    """Of the host that `host` reads, whose folder is `state`."""

    def __init__(self, frame: Frame, host: HostReader, state: Path) -> None:
        self._frame = frame
        self._host = host
        self._zones = Zones(state)

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/badges", self._badges),
            frame.seen("/badges/{device}", self._badge),
            frame.seen("/wifi", self._wifi),
            frame.done("/badges/{device}", self._change, "manage"),
            frame.done("/invite", self._invite, "manage"),
            frame.done("/wifi", self._name_zone, "manage"),
        ]

    async def _badges(self, request: Request, visitor: Visitor) -> Response:
        devices = await self._host.ask("device list", state=None)
        loans = {each["device"]: each["person"] for each in await self._host.ask("device loans")}
        seen = await self._host.look()
        there = {each.device for each in seen.status.members} if seen.status else set()
        return self._frame.page(
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
        boards = await boards_of(self._host)
        return self._frame.page(
            "badge.html.j2", visitor, "/badges",
            board=boards.get(device["id"], ""), boards=all_boards(boards),
            device=device, health=health, member=member, rows=rows, now_s=time.time(),
            is_far=bool(member and radio.is_far(member)),
            unclear=unclear(member) if member else "",
            is_low=bool(member and status and is_low(member, status)),
            loan=next((each for each in loans if each["device"] == device["id"]), None),
        )  # fmt: skip

    async def _change(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        device, what = request.path_params["device"], str(form["what"])
        if what == "rename":
            await self._frame.ask(visitor, "device rename", id=device, name=str(form["name"]))
        elif what == "groups":
            groups = groups_of(str(form["groups"]))
            await self._frame.ask(visitor, "device group", id=device, groups=groups)
        elif what == "board":
            await self._frame.ask(visitor, BOARD, id=device, board=str(form["board"]))
        elif what == "lend":
            person, note = str(form["person"]), str(form.get("note", ""))
            await self._frame.ask(visitor, LEND, id=device, person=person, note=note)
        elif what == "return":
            await self._frame.ask(visitor, GIVE_BACK, id=device)
        elif what == "revoke":
            await self._frame.ask(visitor, "device revoke", id=device)
        else:
            raise ValueError(what)
        return RedirectResponse(f"/badges/{device}", 303)

    async def _invite(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        code = await self._frame.ask(
            visitor, "device invite", groups=groups_of(str(form["groups"])), life_s=codes.LIFE_S
        )
        return self._frame.page(
            "invited.html.j2", visitor, "/badges", code=code, minutes=codes.LIFE_S // 60
        )

    async def _wifi(self, request: Request, visitor: Visitor) -> Response:
        seen = await self._host.look()
        points = radio.access_points(seen.status, seen.health) if seen.status else []
        relays = relay_health(seen.status, seen.health) if seen.status else []
        return self._frame.page(
            "wifi.html.j2", visitor, "/wifi", points=points, why=seen.why, zones=self._zones,
            relays=relays,
        )  # fmt: skip

    async def _name_zone(self, request: Request, visitor: Visitor) -> Response:
        form = await request.form()
        words = str(form["point"]), str(form["name"])
        await asyncio.to_thread(self._zones.put, *words)
        return RedirectResponse("/wifi", 303)
