"""Who is asking: the first account by the code of the first run, logging in and out, and what a
role may do.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from pressel.errors import PresselError, UsageError

from .accounts import Accounts, may
from .sessions import Session, Sessions, Tries, is_form_of
from .tokens import Tokens

WAITING_MAX = 4  # for a look at a password, which takes a quarter of a second: more are sent away
_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"  # none that looks like another


class Refusal(Exception):
    """Not done: `status` of HTTP, and a sentence for the page."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Visitor:
    """Who is logged in, now."""

    name: str
    role: str
    form: str

    def may(self, needed: str) -> bool:
        return may(self.role, needed)


class Door:
    """`is_secure`: the pages come over TLS. `tokens`: of commands on other computers. `code` is
    what the first visitor must know, "" once there is an account."""

    def __init__(self, accounts: Accounts, is_secure: bool, tokens: Tokens | None = None) -> None:
        self.accounts = accounts
        self.tokens = tokens
        self._is_secure = is_secure
        self._cookie = "__Host-pressel" if is_secure else "pressel"
        self._sessions = Sessions()
        self._tries = Tries()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self.code = "" if accounts.all() else new_code()

    def visitor(self, request: HTTPConnection) -> Visitor | None:
        """None for who is not logged in."""
        session = self._session(request)
        if session is None or self.accounts.mark(session.name) != session.mark:
            return None
        role = self.accounts.role(session.name)
        if role is None:
            return None
        return Visitor(session.name, role, session.form)

    async def allow(self, request: Request, needed: str) -> Visitor:
        """The visitor, who may do what needs the role `needed` and has sent this form from a page
        of ours. Refusal otherwise."""
        form = await request.form(max_files=0, max_fields=20)
        session = self._session(request)  # as it is when all has come
        visitor = self.visitor(request)
        if visitor is None or session is None:
            raise Refusal(401, "You are not logged in any more.")
        if not visitor.may(needed):
            raise Refusal(403, f"Your account may {visitor.role}; this needs the role {needed}.")
        if not is_form_of(session, str(form.get("form", ""))):
            raise Refusal(403, "This page is too old; load it again.")
        return visitor

    async def log_in(self, request: Request, name: str, password: str) -> str:
        """The mark of the account that this is the password of. Refusal when it is of none."""
        address = request.client.host if request.client else ""
        now_s = time.monotonic()
        if not self._tries.may_try(address, now_s):
            raise Refusal(429, "Too many wrong passwords from here; wait a minute.")
        self._tries.failed(address, now_s)  # taken back below: tries at the same time count, too
        mark = self.accounts.mark(name)  # before the look: who changes it meanwhile means it
        role = await self._one_by_one(self.accounts.check, name, password)
        if role is None or mark is None:
            raise Refusal(403, "No account has this name and password.")
        self._tries.succeeded(address)
        return mark

    async def begin(self, request: Request, code: str, name: str, password: str) -> str:
        """The first account, which may do everything, for who knows the code; its mark. Refusal
        otherwise."""
        address = request.client.host if request.client else ""
        now_s = time.monotonic()
        if not self.code:
            raise Refusal(403, "There is an account already; ask its owner for one of yours.")
        if not self._tries.may_try(address, now_s):
            raise Refusal(429, "Too many wrong codes from here; wait a minute.")
        if not hmac.compare_digest(plain(code).encode(), plain(self.code).encode()):
            self._tries.failed(address, now_s)
            raise Refusal(403, "That is not the code that the console showed when it started.")
        if self.accounts.all():  # made by a command meanwhile
            raise Refusal(403, "There is an account already.")
        await self.put(name, "own", password)
        self.code = ""
        return self.accounts.mark(name) or ""

    async def put(self, name: str, role: str, password: str) -> None:
        """Add or change an account; whoever was logged in with it is not any more."""
        try:
            await self._one_by_one(self.accounts.put, name, role, password)
        except UsageError as error:
            raise Refusal(400, f"{error}.".replace("..", ".")) from error
        await asyncio.to_thread(self._end_all, name)

    def remove(self, name: str) -> None:
        try:
            self.accounts.remove(name)
        except PresselError as error:
            raise Refusal(400, f"{error}.") from error
        self._end_all(name)

    def enter(self, answer: Response, name: str, mark: str) -> None:
        """Give a browser the cookie of a new session."""
        answer.set_cookie(
            self._cookie,
            self._sessions.begin(name, mark, time.monotonic()),
            httponly=True,
            samesite="strict",
            secure=self._is_secure,
            path="/",
        )

    def leave(self, request: Request, answer: Response) -> None:
        self._sessions.end(request.cookies.get(self._cookie, ""))
        answer.delete_cookie(
            self._cookie, path="/", secure=self._is_secure, httponly=True, samesite="strict"
        )

    # --- inside ---

    def _end_all(self, name: str) -> None:
        self._sessions.end_all(name)
        if self.tokens is not None:
            self.tokens.end_all(name)

    def _session(self, request: HTTPConnection) -> Session | None:
        cookie = request.cookies.get(self._cookie)
        return self._sessions.find(cookie, time.monotonic()) if cookie else None

    async def _one_by_one(self, call, *values):
        """Hashing takes 64 MiB and a core: one at a time."""
        if self._waiting >= WAITING_MAX:
            raise Refusal(429, "Too many log in at once; try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(call, *values)
        finally:
            self._waiting -= 1


def new_code() -> str:
    """Eight letters in two halves: 37 bits, of which anybody may try five a minute."""
    drawn = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{drawn[:4]}-{drawn[4:]}"


def plain(code: str) -> str:
    return "".join(each for each in code.upper() if each.isalnum())[:16]
