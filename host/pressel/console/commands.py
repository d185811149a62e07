"""What commands on other computers ask: they log in with an account's password, get a token, and
with it ask the host behind the console whatever the account's role covers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from pressel.errors import PresselError, UsageError
from pressel.json_text import read_json
from pressel.node.control import Reply
from pressel.node.desk.verb import FOR

from .accounts import may
from .door import Door, Refusal
from .guard import COMMANDS
from .rights import HERE_ONLY, NEEDED
from .tokens import DAY_S, Tokens

Ask = Callable[..., Reply]  # may block
_BEARER = "Bearer "
_NAMED = frozenset({"ask", "verb", "path"})  # what a request is made of, and no verb's field


class Commands:
    """`ask` asks the host. `authority`: the certificate of the venue's own authority, PEM; "" when
    the console has another's."""

    def __init__(self, ask: Ask, door: Door, tokens: Tokens, authority: str) -> None:
        self._ask = ask
        self._door = door
        self._tokens = tokens
        self._authority = authority

    def routes(self) -> list[Route]:
        return [
            Route(COMMANDS + "authority", self._tell_authority),
            Route(COMMANDS + "login", self._told(self._login), methods=["POST"]),
            Route(COMMANDS + "logout", self._told(self._logout), methods=["POST"]),
            Route(COMMANDS + "ask", self._told(self._answer), methods=["POST"]),
        ]

    async def _tell_authority(self, request: Request) -> Response:
        if not self._authority:
            return PlainTextResponse("The certificate is not of the venue's own authority.", 404)
        return PlainTextResponse(self._authority)

    def _told(
        self, act: Callable[[Request], Awaitable[dict[str, Any]]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return JSONResponse(await act(request))
            except Refusal as refusal:
                words = str(refusal).rstrip(".")
                return JSONResponse({"error": words, "exit": 1}, refusal.status)
            except PresselError as error:
                return JSONResponse({"error": str(error), "exit": error.exit_code}, 200)
            except (ValueError, KeyError, TypeError):
                exit_code = UsageError.exit_code
                return JSONResponse({"error": "not understood", "exit": exit_code}, 400)

        return answer

    async def _login(self, request: Request) -> dict[str, Any]:
        told = await _object(request)
        days = told["days"]
        if type(days) is not int:
            raise TypeError(days)
        name = str(told["name"])
        mark = await self._door.log_in(request, name, str(told["password"]))
        token = await asyncio.to_thread(self._tokens.make, name, mark, days)
        role = await asyncio.to_thread(self._door.accounts.role, name)
        return {"answer": {"token": token, "role": role, "life_s": days * DAY_S}}

    async def _logout(self, request: Request) -> dict[str, Any]:
        await self._who(request)
        await asyncio.to_thread(self._tokens.end, _token(request))
        return {"answer": True}

    async def _answer(self, request: Request) -> dict[str, Any]:
        told = await _object(request)
        name, role = await self._who(request)  # as it is when all has come
        verb, fields = told["ask"], dict(told["fields"])
        if not _NAMED.isdisjoint(fields):
            raise ValueError("a field that names something else")
        if verb in HERE_ONLY:
            raise UsageError(f"{verb} is asked on the host itself: {HERE_ONLY[verb]}")
        needed = NEEDED[verb]
        if not may(role, needed):
            raise Refusal(403, f"your account may {role}; this needs the role {needed}")
        fields[FOR] = name  # whatever they say
        reply = await asyncio.to_thread(self._ask, verb, **fields)
        return {"answer": reply.answer, "by": reply.by, "on": list(reply.on)}

    async def _who(self, request: Request) -> tuple[str, str]:
        """Name and role of whose token it is. Refusal for none."""
        token = await asyncio.to_thread(self._tokens.find, _token(request))
        role, accounts = None, self._door.accounts
        if token is not None and await asyncio.to_thread(accounts.mark, token.name) == token.mark:
            role = await asyncio.to_thread(accounts.role, token.name)
        if token is None or role is None:
            raise Refusal(401, "you are not logged in any more; run: pressel login")
        return token.name, role


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix(_BEARER)


async def _object(request: Request) -> dict[str, Any]:
    told = read_json(await request.body())
    if not isinstance(told, dict):
        raise TypeError("no object")
    return told
