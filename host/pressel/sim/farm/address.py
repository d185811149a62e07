"""Where a scheduler is, as people write it and as Dask wants it."""

from __future__ import annotations

from pressel.errors import UsageError
from pressel.transport.udp import parse_address

PORT = 8786  # Dask's own
_SCHEME = "tls://"


def scheduler_at(text: str) -> str:
    """ "tls://HOST" or "tls://HOST:PORT", with its port; UsageError when it is none."""
    scheme, rest = text[: len(_SCHEME)], text[len(_SCHEME) :]
    try:
        host, port = parse_address(rest, PORT)
    except ValueError:
        host, port = "", 0
    if scheme != _SCHEME or not port or rest.startswith(":"):
        raise UsageError(
            f"'{text}' is no address of a scheduler; write it like tls://192.0.2.7:{PORT}"
        )
    return f"{_SCHEME}{host}:{port}"
