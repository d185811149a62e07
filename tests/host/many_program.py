"""A leader and badges on real sockets with real multicast; prints what each heard, as JSON.

Run by test_soft_many.py in a network of its own: `unshare -n python -m tests.host.many_program`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "host"), str(ROOT / "shared")]

from tests.shared.keys import Directory, device_key  # noqa: E402

from pressel.block_cipher import BlockCipher  # noqa: E402
from pressel.node.sockets import Port, Timer  # noqa: E402
from pressel.soft.many import Hearer, ManySocket  # noqa: E402
from pressel.transport.udp import UdpEndpoint, address_of, engine_now_ms  # noqa: E402
from ptt.badge.participant import Participant  # noqa: E402
from ptt.base import clock, events  # noqa: E402
from ptt.base.numbers import FRAME_SAMPLES  # noqa: E402
from ptt.leader.leader import Leader  # noqa: E402
from ptt.leader.settings_in_force import Settings  # noqa: E402
from ptt.wire import messages  # noqa: E402

LEADER = ("127.0.0.1", 47800)
GROUP = 258
BADGES = 9
DEAF = 3  # this badge leaves the group in the middle of the burst
FRAME_S = 0.02


class Badge:
    """A soft badge without sound: what it would play is counted."""

    def __init__(self, number: int) -> None:
        device = bytes((0, number)) * 4
        seed, key = number + 1, device_key(device)
        self.engine = Participant(
            device, b"B%d" % number, b"test", LEADER, seed, key, BlockCipher, os.urandom
        )
        self.hearer = Hearer(self.engine)
        self.endpoint = UdpEndpoint(self.hearer, self._tell)
        self.many = ManySocket(self.hearer, self.endpoint.pump)
        self.heard: Any = None

    def _tell(self, kind: int, value: Any) -> None:
        if kind == events.HEARD:
            self.heard = value

    async def run(self) -> None:
        await self.endpoint.open(("127.0.0.1", 0))
        self.engine.start(engine_now_ms())
        self.endpoint.pump()
        following = asyncio.ensure_future(self.many.follow(lambda: LEADER))
        while not following.done():
            self.engine.read_speaker(engine_now_ms())
            self.endpoint.pump()
            await asyncio.sleep(FRAME_S)


class LeaderHost:
    """The leader's engine on a host's own socket."""

    def __init__(self) -> None:
        self.engine = Leader(1, 5, Directory(), os.urandom, Settings(2, multicast_group=GROUP))
        self.engine.voice.multicast.address_of = address_of
        self.port = Port(self._receive, self._pump)
        self.timer = Timer(self._due)
        self.kinds: dict[int, int] = {}

    def _receive(self, data: bytes, source: Any) -> None:
        self.engine.receive_datagram(data, source, engine_now_ms())

    def _due(self) -> None:
        self.engine.handle_timeout(engine_now_ms())
        self._pump()

    def _pump(self) -> bool:
        while (outgoing := self.engine.poll_transmit()) is not None:
            kind = outgoing.data[1]
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
            self.port.send(bytes(outgoing.data), outgoing.destination)
        while self.engine.next_event() is not None:
            pass
        due_ms = self.engine.next_timeout_ms()
        now_ms = engine_now_ms()
        self.timer.set(None if due_ms == clock.NEVER else max(0, clock.since(due_ms, now_ms)))
        return True


async def main() -> None:
    leader = LeaderHost()
    await leader.port.open(LEADER, "badges")
    badges = [Badge(number) for number in range(BADGES)]
    jobs = [asyncio.ensure_future(badge.run()) for badge in badges]
    while not all(badge.hearer.listener.place for badge in badges):
        await asyncio.sleep(0.1)
    for badge in badges:
        badge.hearer.listener._probes = list(range(-9, 1))  # as if it had listened for long
    while not all(badge.hearer.listener.state == 2 for badge in badges):
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    leader.kinds.clear()
    talker = badges[0]
    talker.engine.press(engine_now_ms())
    pcm = array("h", [n * 700 % 9000 - 4500 for n in range(FRAME_SAMPLES)])
    for frame in range(100):
        talker.engine.write_microphone(pcm, engine_now_ms())
        talker.endpoint.pump()
        if frame == 50:
            badges[DEAF].many.close()
        await asyncio.sleep(FRAME_S)
    talker.engine.release(engine_now_ms())
    talker.endpoint.pump()
    await asyncio.sleep(2.5)
    for job in jobs:
        job.cancel()
    found = {
        "heard": [badge.heard[2:4] if badge.heard else None for badge in badges[1:]],
        "once": leader.kinds.get(messages.MULTICAST_VOICE, 0),
        "alone": leader.kinds.get(messages.VOICE_FRAME, 0),
        "packets": leader.engine.voice.packets_in,
        "forged": [badge.hearer.listener.prover.forged for badge in badges],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    for command in ("link set lo up", "route add 239.255.0.0/16 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    asyncio.run(asyncio.wait_for(main(), 60))
