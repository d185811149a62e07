"""Our own leader, as a process with real members."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.shared import marks
from tests.shared.keys import device_key, make_participant

from pressel.registry.store import Registry
from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.base.numbers import FRAME_SAMPLES
from ptt.multicast.listener import HEARING, Listener
from ptt.wire import messages, voice

from . import goals, many
from .contestant import Address, Contestant, Ear

PLAIN = "from pressel.node import host; host.load_library = lambda: None"
RUN = "from pressel.cli import main; main()"
JOIN_LIMIT_S = 30.0


class Badge(Ear):
    """An ear with an engine behind it, which hears everything but other people's voice."""

    def __init__(self, number: int, leader: Address, *, hears_many: bool) -> None:
        super().__init__()
        device = number.to_bytes(8, "big")
        self.engine = make_participant(device, f"B{number}".encode(), b"bench", leader, number)
        self.listener = Listener(self.engine) if hears_many else None
        self._leader = leader
        self._due_ms = 0
        self.engine.start(engine_now_ms())
        self.pump()

    def take(self, data: bytes) -> None:
        if data[1] == messages.VOICE_FRAME:
            self.frames += voice.count(data)
            return
        self.engine.receive_datagram(data, self._leader, engine_now_ms())
        self.pump()

    def hear_many(self, data: bytes) -> None:
        """A probe, or the key of what went before."""
        assert self.listener is not None
        self.listener._receive(data, data[1], engine_now_ms())
        self.pump()

    def pump(self) -> None:
        while (outgoing := self.engine.poll_transmit()) is not None:
            self.socket.sendto(bytes(outgoing.data), outgoing.destination)
        while self.engine.next_event() is not None:
            pass
        self._due_ms = self.engine.next_timeout_ms()

    def tend(self) -> None:
        now_ms = engine_now_ms()
        if self._due_ms != clock.NEVER and clock.since(now_ms, self._due_ms) >= 0:
            self.engine.handle_timeout(now_ms)
            self.pump()


class PresselHost:
    """`name`: one of `goals.PRESSEL`, `PLAIN` and `MANY`."""

    def __init__(self, work: Path, listeners: int, name: str) -> None:
        state = work / name.lower().replace(",", "").replace(" ", "-")
        is_many = name == goals.MANY
        with Registry(state) as registry:
            for number in range(1, listeners + 2):
                device = number.to_bytes(8, "big")
                registry.adopt(device.hex(), f"B{number}", device_key(device))
        process, leader = _started(state, name == goals.PLAIN)
        self._badges: list[Any] = [
            Badge(number, leader, hears_many=is_many) for number in range(1, listeners + 2)
        ]
        self.contestant = Contestant(name, process, list(self._badges))
        self._talker = self._badges[0]
        marks.use(False)
        self._pcm = array("h", bytes(2 * FRAME_SAMPLES))
        self._wait(lambda badge: badge.engine.join.node, "the members could not join")
        if is_many:
            self._send_to_many(state.with_suffix(".sock"), listeners)

    def _wait(self, is_so: Callable[[Any], object], why_not: str) -> None:
        """For all badges."""
        until_s = time.monotonic() + JOIN_LIMIT_S
        while not all(is_so(badge) for badge in self._badges):
            if time.monotonic() > until_s:
                raise TimeoutError(why_not)
            self.tend()
            self.contestant.listen(0.01)

    def _send_to_many(self, control: Path, listeners: int) -> None:
        """Until all badges have told the leader that they hear multicast."""
        change = ["settings", "set", "relay.multicast_group", "258", "--control", str(control)]
        with subprocess.Popen(
            [sys.executable, "-c", RUN, *change], stdout=subprocess.DEVNULL
        ) as process:
            while process.poll() is None:
                self.tend()
                self.contestant.listen(0.01)
        self._wait(lambda badge: badge.listener.place, "nobody was told where to listen")
        ear = many.ManyEar(self._badges[0].listener.place, self._badges, listeners)
        self.contestant.add(ear)

    def is_ready(self) -> bool:
        """Its members are there, also after others took long to begin, and hear multicast."""
        if not all(badge.engine.join.node for badge in self._badges):
            return False
        deaf = [each for each in self._badges if each.listener and each.listener.state != HEARING]
        for badge in deaf:
            badge.listener._probes = list(range(-9, 1))  # as if it had listened for long
        return not deaf

    def press(self) -> None:
        self._talker.engine.press(engine_now_ms())
        self._talker.pump()

    def speak(self) -> None:
        self._talker.engine.write_microphone(self._pcm, engine_now_ms())
        self._talker.pump()

    def release(self) -> None:
        self._talker.engine.release(engine_now_ms())
        self._talker.pump()

    def tend(self) -> None:
        for badge in self._badges:
            badge.tend()


def _started(state: Path, without_c: bool) -> tuple[subprocess.Popen[bytes], Address]:
    code = f"{PLAIN}; {RUN}" if without_c else RUN
    socket_file = state.with_suffix(".sock")
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", code, "leader", "--listen", "127.0.0.1:0", "--json"),
            *("--state", str(state), "--control", str(socket_file), "--dies-with-parent"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    return process, (ready["address"], ready["port"])
