"""The memory that the process of a leader takes with a full venue: real sockets, every badge an
engine of ours in this process: `python -m tests.budgets.leader_memory`.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from tests.shared.keys import device_key

from pressel.block_cipher import BlockCipher
from pressel.errors import PresselError
from pressel.registry.store import Registry
from pressel.transport.udp import engine_now_ms
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant

MEMBERS = 250  # the largest venue planned
MIB = 1 << 20
_STAYS_S = 3.0  # heartbeats, settings and keys are through
_LIMIT_S = 120.0  # a stuck run, not a slow machine
_STEP_S = 0.01


class Crowd:
    """`members` engines, each on a socket of its own."""

    def __init__(self, members: int, leader: tuple[str, int]) -> None:
        self._selector = selectors.DefaultSelector()
        self._leader = leader
        self.engines = {}
        for number in range(1, members + 1):
            own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            own.bind(("127.0.0.1", 0))
            own.setblocking(False)
            self._selector.register(own, selectors.EVENT_READ)
            device = device_of(number)
            self.engines[own] = Participant(
                device, b"B%d" % number, b"budget", leader, number, device_key(device),
                BlockCipher, os.urandom,
            )  # fmt: skip
        for engine in self.engines.values():
            engine.start(engine_now_ms())

    def joined(self) -> int:
        return sum(engine.join.state == JOINED for engine in self.engines.values())

    def live(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            for key, _ in self._selector.select(_STEP_S):
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    data, source = key.fileobj.recvfrom(2048)  # pyright: ignore[reportAttributeAccessIssue]
                    self.engines[key.fileobj].receive_datagram(data, source, engine_now_ms())
            for own, engine in self.engines.items():
                engine.handle_timeout(engine_now_ms())
                while engine.next_event() is not None:
                    pass
                while (out := engine.poll_transmit()) is not None:
                    with contextlib.suppress(BlockingIOError, ConnectionError):
                        own.sendto(out.data, self._leader)

    def close(self) -> None:
        for own in self.engines:
            own.close()
        self._selector.close()


def device_of(number: int) -> bytes:
    return bytes((0x60, 0, 0, 0, 0, 0)) + number.to_bytes(2, "big")


def leader_mib(members: int = MEMBERS) -> float:
    """Resident memory of the leader's process once all have joined, MiB."""
    with tempfile.TemporaryDirectory(prefix="pressel-budgets-") as work:
        with Registry(Path(work) / "state") as registry:
            for number in range(1, members + 1):
                device = device_of(number)
                registry.adopt(device.hex(), f"B{number}", device_key(device))
        with _leader(Path(work)) as (process, address):
            crowd = Crowd(members, address)
            try:
                deadline_s = time.monotonic() + _LIMIT_S
                while crowd.joined() < members:
                    if time.monotonic() > deadline_s:
                        raise PresselError(f"{crowd.joined()} of {members} members have joined")
                    crowd.live(1.0)
                crowd.live(_STAYS_S)
                return psutil.Process(process.pid).memory_info().rss / MIB
            finally:
                crowd.close()


@contextlib.contextmanager
def _leader(work: Path) -> Iterator[tuple[subprocess.Popen[str], tuple[str, int]]]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "pressel", "leader", "--listen", "127.0.0.1:0", "--json"),
            *("--state", str(work / "state"), "--control", str(work / "leader.sock")),
            "--dies-with-parent",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise PresselError("The leader ended before it was ready.")
        ready = json.loads(line)
        yield process, (ready["address"], ready["port"])
    finally:
        process.terminate()
        process.communicate(timeout=_LIMIT_S)


if __name__ == "__main__":
    print(f"{leader_mib():.1f} MiB with {MEMBERS} members")
