"""Serves the console, with limits on whoever comes."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from .commands import Commands
from .door import Door
from .guard import HEAD_BYTES_MAX
from .handshake import context_of, under_tls
from .host_reader import HostReader
from .line import Line
from .pages.site import site
from .pages.streams import STREAMS_MAX
from .talk import MESSAGE_BYTES_MAX, Talk

CLIENTS_MAX = STREAMS_MAX + 128  # connections; a browser opens six
IDLE_S = 20  # a connection that asks nothing is closed
QUEUE_MESSAGES = 32  # of one connection that have come and are not read yet: half a second of sound


def settings(
    host: HostReader,
    door: Door,
    names: frozenset[str],
    state: Path,
    certificate: Path | None = None,
    key: Path | None = None,
    talk: Talk | None = None,
    commands: Commands | None = None,
) -> uvicorn.Config:
    """How it is served under `names`, for the host whose folder is `state`; over TLS where there is
    a certificate. Without `talk` nobody talks from the pages, and without `commands` no command
    asks from another computer. UsageError when the certificate is none."""
    scheme = "http" if certificate is None else "https"
    tls = None if certificate is None else under_tls(context_of(certificate, key))
    return uvicorn.Config(
        site(host, door, state, names, scheme, talk, commands),
        log_level="warning",
        lifespan="off",  # there is nothing to begin or end
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CLIENTS_MAX,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
        http=tls or Line,  # type: ignore[arg-type]
        ws="none" if talk is None else "websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_max_queue=QUEUE_MESSAGES,
        ws_per_message_deflate=False,  # sound does not shrink
    )
