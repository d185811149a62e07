"""Accounts: who has one, and how people come in and go."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pressel.console.accounts import ACCOUNTS_MAX, PASSWORD_CHARACTERS_MIN, ROLES
from pressel.console.door import Door, Refusal, Visitor

from .frame import Frame


class AccountPages:
    """Of those that `door` knows."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[BaseRoute]:
        frame = self._frame
        return [
            frame.seen("/accounts", self._accounts, "own"),
            frame.done("/accounts", self._put, "own"),
            frame.done("/accounts/remove", self._remove, "own"),
            Route("/login", self._login_page),
            Route("/login", self._login, methods=["POST"]),
            frame.done("/logout", self._logout, "see"),
            Route("/first", self._first, methods=["POST"]),
        ]

    async def _accounts(self, request: Request, visitor: Visitor) -> Response:
        return self._frame.page(
            "accounts.html.j2", visitor, "/accounts", accounts=self._door.accounts.all(),
            logins=self._door.tokens.count() if self._door.tokens is not None else {},
            roles=ROLES, most=ACCOUNTS_MAX, least=PASSWORD_CHARACTERS_MIN,
        )  # fmt: skip

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

    def _entered(self, name: str, mark: str) -> Response:
        answer = RedirectResponse("/", 303)
        self._door.enter(answer, name, mark)
        return answer

    def _entry(self, why: str, status: int) -> Response:
        return self._frame.bare(
            "login.html.j2", status,
            why=why, is_first=bool(self._door.code), least=PASSWORD_CHARACTERS_MIN,
        )  # fmt: skip
