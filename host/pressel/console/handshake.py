"""How a browser or a command comes to speak TLS with the console, and how many may be at it.

The server beneath would wait a minute for each, and counts nobody who has not finished. Anybody can
begin, so that a handshake has as long as a request has to arrive, and there are few places.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

from pressel.errors import UsageError

from .line import CLIENTS_AN_ADDRESS_MAX, Line

HANDSHAKE_S = 10.0  # 6 KB each way by a bad radio take five
HANDSHAKES_MAX = 128  # at once; the oldest goes first: an honest one takes a few round trips

Lines = Callable[..., Line]


def context_of(certificate: Path, key: Path | None) -> ssl.SSLContext:
    """UsageError when these files are no certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ValueError) as error:  # what ssl raises is an OSError
        raise UsageError(
            f"{certificate} and {key} are no certificate and its private key (PEM, without a "
            f"passphrase): {getattr(error, 'reason', None) or error}"
        ) from error
    return context


class Handshake(asyncio.Protocol):
    """One of them, from the first byte until a `Line` goes on under it. `others`: those that are
    under way, oldest first."""

    def __init__(self, context: ssl.SSLContext, line: Line, others: dict[Handshake, None]) -> None:
        self._context = context
        self._line = line
        self._others = others
        self._transport: asyncio.Transport | None = None
        self._early = b""  # what came with the last of the handshake
        self._is_over = False  # the other side ended before the line began
        self._shaking: asyncio.Task[None] | None = None
        self.host: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.host = (transport.get_extra_info("peername") or (None,))[0]
        if self._is_one_too_many():
            transport.abort()
            return
        if len(self._others) >= HANDSHAKES_MAX:
            next(iter(self._others)).abort()
        self._others[self] = None
        transport.pause_reading()  # until TLS reads
        self._shaking = asyncio.get_running_loop().create_task(self._shake(transport))

    def _is_one_too_many(self) -> bool:
        """Its address has all its places, those of lines among them."""
        shaking = sum(each.host == self.host for each in self._others)
        return shaking + self._line.count_of(self.host) >= CLIENTS_AN_ADDRESS_MAX

    def abort(self) -> None:
        self._others.pop(self, None)
        if self._transport is not None:
            self._transport.abort()

    async def _shake(self, transport: asyncio.Transport) -> None:
        try:
            sealed = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_S,
                ssl_shutdown_timeout=HANDSHAKE_S,
            )
        except OSError:  # TLS that was refused, broken off or late
            transport.abort()
            return
        finally:
            self._others.pop(self, None)
        if sealed is None or self._is_over:
            transport.abort()
            return
        sealed.set_protocol(self._line)
        self._line.connection_made(sealed)
        if self._early and not sealed.is_closing():
            self._line.data_received(self._early)

    def data_received(self, data: bytes) -> None:
        """Under TLS, before the line is told of it."""
        self._early += data

    def eof_received(self) -> None:
        self._is_over = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        self._others.pop(self, None)


def under_tls(context: ssl.SSLContext) -> Callable[..., Handshake]:
    """What a server makes for each connection, in place of a `Line`."""
    others: dict[Handshake, None] = {}

    def begun(*given: object, **named: object) -> Handshake:
        return Handshake(context, Line(*given, **named), others)  # type: ignore[arg-type]

    return begun
