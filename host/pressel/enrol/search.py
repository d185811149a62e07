"""Finds a leader on this network for a newcomer without its address: it sends HELLO to all."""

from __future__ import annotations

import os
import secrets
import socket
import time

from pressel import __version__
from pressel.block_cipher import BlockCipher
from pressel.errors import UnreachableError
from pressel.transport.udp import Address, engine_now_ms
from ptt.badge.participant import Participant
from ptt.wire import envelope, messages, refusal

from .client import Newcomer

LIMIT_S = 5.0  # a badge says HELLO some five times meanwhile
_LOOK_S = 0.2
_DATAGRAM_BYTES_MAX = 1500


def find_leader(everybody: Address, newcomer: Newcomer) -> Address:
    """The address of the first leader that answers at the broadcast address `everybody`."""
    engine = Participant(
        newcomer.device,
        newcomer.name.encode(),
        f"soft {__version__}".encode(),
        everybody,
        secrets.randbits(30),
        newcomer.key,
        BlockCipher,
        os.urandom,
    )
    deadline_s = time.monotonic() + LIMIT_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as air:
        air.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        air.settimeout(_LOOK_S)
        engine.start(engine_now_ms())
        while time.monotonic() < deadline_s:
            engine.handle_timeout(engine_now_ms())
            while (outgoing := engine.poll_transmit()) is not None:
                air.sendto(bytes(outgoing.data), outgoing.destination)
            try:
                data, source = air.recvfrom(_DATAGRAM_BYTES_MAX)
            except TimeoutError:
                continue
            if envelope.check_whole(data) == refusal.ACCEPTED and data[1] == messages.CHALLENGE:
                return source
    raise UnreachableError("no leader answers on this network; name its address with --leader")
