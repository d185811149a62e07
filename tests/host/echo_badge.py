"""A virtual badge that runs the echo firmware of tests/host/data, and a socket to talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S

from pressel.pack import FirmwareBuild, build_firmware
from pressel.virtual import VirtualBadge

FIRMWARE = Path(__file__).parent / "data" / "echo_firmware"
BOARD = {
    "microphone": {"id": 0, "sck": 14, "ws": 15, "sd": 32},
    "speaker": {"id": 1, "sck": 26, "ws": 25, "sd": 22},
    "button": {"pin": 9, "active_low": True},
}


def build_echo(out: Path, *, source: bool = False) -> FirmwareBuild:
    return build_firmware(out, source=source, manifest=FIRMWARE / "manifest.toml", root=FIRMWARE)


class Host(asyncio.DatagramProtocol):
    """The other end: what the badge sends comes to `inbox`."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport
        self.badge: Any = None  # its address, known once it has said hello

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.badge = addr
        self.inbox.put_nowait(data)

    def send(self, text: str | bytes) -> None:
        self.transport.sendto(text if isinstance(text, bytes) else text.encode(), self.badge)

    async def receive(self) -> bytes:
        return await asyncio.wait_for(self.inbox.get(), PATIENCE_S)

    async def ask(self, text: str) -> str:
        self.send(text)
        return (await self.receive()).decode()


@contextlib.asynccontextmanager
async def echo_badge(work: Path, **options: Any) -> AsyncIterator[tuple[VirtualBadge, Host]]:
    """A badge that has greeted its host. `options` go to `VirtualBadge`."""
    work.mkdir(exist_ok=True)
    loop = asyncio.get_running_loop()
    transport, host = await loop.create_datagram_endpoint(Host, local_addr=("127.0.0.1", 0))
    firmware = build_echo(work / "firmware", source="trace" in options)
    config = {"host": transport.get_extra_info("sockname"), **options.pop("config", {})}
    options = {"limit_s": 60.0, **options}
    badge = VirtualBadge(
        "echo", firmware=firmware, board=BOARD, config=config, work=work, **options
    )
    try:
        await badge.start()
        assert await host.receive() == b"hello"
        yield badge, host
    finally:
        badge.kill()
        transport.close()
        with contextlib.suppress(RuntimeError):
            await badge.wait()


async def next_event(badge: VirtualBadge, name: str) -> dict[str, Any]:
    """The next event of that name; those before it are thrown away."""
    while True:
        event = await asyncio.wait_for(badge.events.get(), PATIENCE_S)
        if event["event"] == name:
            return event
        assert event["event"] != "ended", f"the badge has ended; wanted {name}"


async def next_record(badge: VirtualBadge, key: str) -> dict[str, Any]:
    """The next line that the firmware printed with `key` in it, as (t, record)."""
    while True:
        event = await next_event(badge, "log")
        record = json.loads(event["line"])
        if key in record:
            return {"t": event["t"], **record}
