"""Serves metrics over HTTP, in a process of its own: whoever reads them, and however slowly, never
takes time from voice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from .reading import Reading

CLIENTS_MAX = 16  # Prometheus, a second one, and somebody with a browser; more are sent away
IDLE_S = 20  # a connection that asks nothing is closed; Prometheus asks each 15 s
HEAD_BYTES_MAX = 8192  # of a request
FETCH_S = 10.0  # bursts are fetched at least so often, before the host forgets them


def application(reading: Reading) -> Starlette:
    """`/metrics`, and where to find it."""

    async def metrics(request: Request) -> Response:
        accept = request.headers.get("accept", "")
        text, content_type = await asyncio.to_thread(reading.render, accept)
        return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def where(request: Request) -> Response:
        return PlainTextResponse("Pressel's metrics are at /metrics\n")

    @contextlib.asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[None]:
        fetching = asyncio.create_task(_keep_fetching(reading))
        yield
        fetching.cancel()

    return Starlette(routes=[Route("/metrics", metrics), Route("/", where)], lifespan=living)


def settings(reading: Reading, host: str, port: int) -> uvicorn.Config:
    """How it is served at one address."""
    return uvicorn.Config(
        application(reading),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=CLIENTS_MAX + 1,  # uvicorn refuses the one that reaches it
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        http="h11",
        ws="none",
    )


async def _keep_fetching(reading: Reading) -> None:
    while True:
        await asyncio.to_thread(reading.render, "")
        await asyncio.sleep(FETCH_S)
