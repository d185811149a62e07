"""What every request passes before a page sees it: its host, its origin, its size; and what every
answer tells the browser to forbid.
"""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX = 24_576  # the largest form has all settings of a venue as a file: 19 KB
HEAD_BYTES_MAX = 16_384  # of a request
COMMANDS = "/api/"  # where commands on other computers ask
POLICY_VIOLATED = 1008  # of RFC 6455
_SAFE = ("GET", "HEAD")
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with less, a form has no origin to check
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Cache-Control": "no-store",
}


class Guard:
    """`hosts` are the names under which the console may be asked for: another one is a page of
    somebody else that leads here (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], scheme: str) -> None:
        self._app = app
        self._hosts = hosts
        self._scheme = scheme

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if self._may_open(scope):
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": POLICY_VIOLATED})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        why = self._why_not(scope)
        if why is not None:
            await PlainTextResponse(why[1], why[0], headers=_HEADERS)(scope, receive, send)
            return
        body = _Body(receive)

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        with contextlib.suppress(ClientDisconnect):  # nobody is there to be told
            try:
                await self._app(scope, body.receive, tell)
            except _TooMuch:
                answer = PlainTextResponse("That is too much.", 413, headers=_HEADERS)
                await answer(scope, receive, send)

    def _may_open(self, scope: Scope) -> bool:
        """A connection lasts, and any page may ask for one: its origin must be the console's."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        is_own = headers.get("origin") == f"{self._scheme}://{host}"
        return not _is_too_much(scope) and is_own and _name_of(host) in self._hosts

    def _why_not(self, scope: Scope) -> tuple[int, str] | None:
        if _is_too_much(scope):
            return 431, "That is too much."
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return 421, "The console is not known under this name; start it with --name to add one."
        if scope["method"] in _SAFE:
            return None
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            return 413, "That is too much."
        origin = headers.get("origin")
        if scope["path"].startswith(COMMANDS):
            # No page can send JSON elsewhere unasked, and browsers name the origin of what they do.
            is_plain = origin is None and headers.get("content-type") == "application/json"
            return None if is_plain else (403, "Commands ask here, and no pages.")
        if origin is None:
            is_own = headers.get("sec-fetch-site") == "same-origin"
        else:
            is_own = origin == f"{self._scheme}://{host}"
        return None if is_own else (403, "This came from another page; open the console itself.")


def _is_too_much(scope: Scope) -> bool:
    """Is its head too large? The server stops reading one that comes in pieces, and no other."""
    target = len(scope.get("raw_path") or b"") + len(scope.get("query_string") or b"")
    return target + sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES_MAX


class _TooMuch(Exception):
    """More than BODY_BYTES_MAX came, whatever the head said."""


class _Body:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0

    async def receive(self) -> Message:
        message = await self._receive()
        self._bytes += len(message.get("body", b""))
        if self._bytes > BODY_BYTES_MAX:
            raise _TooMuch
        return message


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
