"""Pages that stay open and say what is new: how many there may be, and when each says something."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from pressel.console.door import Door, Visitor

STREAMS_MAX = 64  # live pages that are open at once
STREAMS_EACH_MAX = 16  # of one account
RENEW_S = 1.0  # a talker's seconds count up
ALIVE_S = 15.0  # a stream says something so often, so that nobody takes it for dead


class Streams:
    """`door` says again and again whether a visitor may still see them."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._open: Counter[str] = Counter()  # by account

    def answer(
        self, request: Request, visitor: Visitor, shown: Callable[[Visitor], Awaitable[str]]
    ) -> Response:
        """What `shown` gives, whenever it changes, until its visitor may see it no more. Who does
        not take it is not waited for, see `line`."""
        open_now = self._open
        if open_now.total() >= STREAMS_MAX or open_now[visitor.name] >= STREAMS_EACH_MAX:
            return PlainTextResponse("Too many pages are open.", 503)

        async def news() -> AsyncIterator[str]:
            self._open[visitor.name] += 1
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
                self._open[visitor.name] -= 1
                self._open += Counter()  # those of whom none is open are forgotten

        return StreamingResponse(news(), media_type="text/event-stream")
