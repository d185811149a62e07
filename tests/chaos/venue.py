"""Three hosts and some badges as processes of their own, and the ways between them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from tests.chaos.clocks import Clocks
from tests.chaos.disks import Disks
from tests.chaos.way import Way
from tests.e2e.command import Command, running
from tests.e2e.test_nodes import Cluster, free_port

from pressel.registry.device import KEY_BYTES
from pressel.sim.profiles import load_profile
from pressel.soft.credential import Credential, register
from ptt.base.prng import Prng

HOSTS = "abc"
SOFT_BADGES = 4
_PROFILE = "busy"


class Badge:
    """Soft badge `number`, and the file of its records."""

    def __init__(self, number: int, folder: Path, way: Way) -> None:
        self.number = number
        self.way = way
        self.records = folder / f"badge-{number}.jsonl"
        self.credential = Credential(
            bytes((2, 0, 0, 0, 0, 0, 0, number)), secrets.token_bytes(KEY_BYTES)
        )
        self.process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"badge-{number}.err"
        self._front: Any = None
        self._boots = 0

    async def start(self) -> None:
        self._front = self._front or await self.way.open()
        facts = {
            "number": self.number,
            "device": self.credential.device.hex(),
            "key": self.credential.key.hex(),
            "leader": self._front,
            "records": str(self.records),
            "boot": self._boots,
            "seed": 1 + self.number * 1000 + self._boots,
        }
        self._boots += 1
        with self._log.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.badge"], stdin=subprocess.PIPE, stderr=err
            )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(facts).encode() + b"\n")
        self.process.stdin.close()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


class Venue:
    """In `folder`; use it in an `async with`. `notes`: records of what was done to hosts."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        states = [folder / f"state-{name}" for name in HOSTS]
        self.disks = Disks(states, folder)
        self.clocks = Clocks(HOSTS, folder)
        self.cluster = Cluster(folder, HOSTS)
        self.ports = {name: free_port() for name in HOSTS}
        self.prng = Prng(seed)
        path = load_profile(_PROFILE).resolved()["path"]
        hosts = [("127.0.0.1", port) for port in self.ports.values()]
        self.badges = [
            Badge(number, folder, Way(hosts, path, seed * 100 + number))
            for number in range(1, SOFT_BADGES + 1)
        ]
        self.handset_way = Way(hosts, path, seed * 100)
        self._handset_file = folder / "handset.json"
        self.commands: list[tuple[str, Command]] = []
        self.notes: list[tuple[int, int, int, int, int, Any]] = []
        self._stack = contextlib.AsyncExitStack()
        self._handset: contextlib.AsyncExitStack | None = None
        self._handset_command: Command | None = None
        self._handset_starts = 0
        self._front: Any = None

    def number_of(self, host: str) -> int:
        """As the simulator counts nodes: the first host, badges, the other hosts."""
        place = HOSTS.index(host)
        return 0 if place == 0 else SOFT_BADGES + place

    def processes(self) -> dict[str, psutil.Process]:
        """Those that run now, and what they have started, by name."""
        found = {f"badge {each.number}": psutil.Process(each.process.pid)
                 for each in self.badges if each.process is not None}  # fmt: skip
        families = {f"host {name}": self.cluster.commands[name].family() for name in HOSTS}
        if self._handset_command is not None:
            families["handset"] = self._handset_command.family()
        for name, family in families.items():
            found |= {f"{name} {n}" if n else name: each for n, each in enumerate(family)}
        return found

    def note(self, kind: int, node: int, a: int) -> None:
        self.notes.append((time.monotonic_ns() // 1000, kind, node, a, 0, None))

    async def __aenter__(self) -> Venue:
        for badge in self.badges:
            register(badge.credential, f"B{badge.number}", self.cluster.state(HOSTS[0]))
        own = Credential(bytes((2, 0, 0, 0, 0, 0, 1, 0)), secrets.token_bytes(KEY_BYTES))
        register(own, "handset", self.cluster.state(HOSTS[0]))
        self._handset_file.write_text(
            json.dumps({"device": own.device.hex(), "key": own.key.hex()}), "ascii"
        )
        for name in HOSTS:
            await self.start_host(name)
        await self.cluster.until_led()
        for badge in self.badges:
            await badge.start()
        await self.start_handset()
        return self

    async def __aexit__(self, *exception: object) -> None:
        for badge in self.badges:
            badge.kill()
            badge.way.close()
        for name in HOSTS:
            self.signal_host(name, signal.SIGCONT)
            self.disks.mend(self.cluster.state(name))
        if self._handset is not None:
            await self._handset.aclose()
        await self._stack.aclose()
        self.handset_way.close()
        self.disks.close()

    # --- hosts ---

    async def start_host(self, name: str) -> None:
        preloaded = [each for each in (self.disks.library, self.clocks.library) if each is not None]
        os.environ |= {
            "LD_PRELOAD": ":".join(map(str, preloaded)),
            "CHAOS_CLOCK": str(self.clocks.file(name)),
        }
        try:
            listen = ("--no-discovery", "--listen", f"127.0.0.1:{self.ports[name]}")
            await self._stack.enter_async_context(self.cluster.started(name, *listen))
        finally:
            del os.environ["LD_PRELOAD"], os.environ["CHAOS_CLOCK"]
        self.commands.append((name, self.cluster.commands[name]))

    def is_up(self, name: str) -> bool:
        return self.cluster.commands[name].process.poll() is None

    def signal_host(self, name: str, number: signal.Signals) -> None:
        if name in self.cluster.commands and self.is_up(name):
            self.cluster.commands[name].process.send_signal(number)

    def leading(self) -> str | None:
        """The one that last said that it leads, of those that are up."""
        return next((name for name in HOSTS if self.is_up(name) and self.cluster.leads(name)), None)

    # --- the badge that runs the firmware ---

    async def start_handset(self) -> None:
        if self._handset_starts == 0:
            self._front = await self.handset_way.open()
        self._handset_starts += 1
        self._handset = contextlib.AsyncExitStack()
        leader = f"127.0.0.1:{self._front[1]}"
        self._handset_command = await self._handset.enter_async_context(
            running(
                self.folder / f"handset-{self._handset_starts}", "badge", "--virtual",
                "--leader", leader, "--name", "handset", "--credential", self._handset_file,
            )
        )  # fmt: skip

    async def kill_handset(self) -> None:
        if self._handset is not None:
            await self._handset.aclose()
            self._handset = self._handset_command = None


def leads_of(told: dict[str, Any]) -> tuple[int, int] | None:
    """LEADS as the simulator records it, (1 or 0, term); None: it is another event."""
    if told["event"] == "became_leader":
        return 1, int(told["term"])
    return (0, 0) if told["event"] == "lost_leadership" else None
