"""A web server of ours on a free port of this machine, for a test."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator

import uvicorn


@contextlib.contextmanager
def served(config: uvicorn.Config) -> Iterator[int]:
    """Serve in a thread until the block ends; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            yield bound.getsockname()[1]  # the socket listens: who connects early waits
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)


def fetch(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None, body: str = ""
) -> tuple[http.client.HTTPResponse, str]:
    """One answer, and its text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with contextlib.closing(line):
        line.request(method, path, body or None, headers or {})
        answer = line.getresponse()
        return answer, answer.read().decode(errors="replace")
