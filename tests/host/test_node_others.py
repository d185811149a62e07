"""The port at which other hosts come in: what it does about each datagram, and what about many."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.node.channel import handshake
from pressel.node.options import HostOptions
from pressel.node.others import OtherHosts
from pressel.node.sockets import _READ_MAX


def test_the_whole_host_does_not_turn_for_what_strangers_send(tmp_path: Path) -> None:
    """They can send thousands a second, and each of its turns costs many hashes."""
    settled: list[str] = []
    ours, theirs = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = theirs.public_key().public_bytes_raw()

    async def nothing(body: bytes, host: bytes) -> bytes:
        return b""

    async def scenario() -> None:
        options = HostOptions(("127.0.0.1", 0), tmp_path, hosts=("127.0.0.1", 0), discovery=False)
        others = OtherHosts(
            ours,
            options,
            lambda *_: None,
            lambda *_: None,
            nothing,
            lambda: settled.append("turned"),
            lambda *_: None,
        )
        others.allow({public: "b"}, 0)
        await others.open()
        try:
            assert others.address is not None
            with socket.socket(type=socket.SOCK_DGRAM) as stranger:
                for _ in range(_READ_MAX):
                    forged = bytes([handshake.QUESTION, 2]) + bytes(8) + bytes(4) + public
                    data = forged + os.urandom(handshake.BYTES - len(forged))
                    stranger.sendto(data, others.address)
            while others.channel.counts.as_dict().get("forged", 0) < _READ_MAX:
                await asyncio.sleep(0.001)
        finally:
            others.close_port()
            await others.close()

    asyncio.run(asyncio.wait_for(scenario(), 20))
    assert not settled
