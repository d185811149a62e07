"""What an operator was told is done stays done, whichever leader is killed in between."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import pytest
from tests.e2e.command import until
from tests.e2e.test_nodes import Cluster

from pressel.errors import PresselError
from pressel.node import control
from pressel.node.desk.desk import OWN_COPY
from pressel.registry.store import Registry

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

ROUNDS = 6  # leaders killed
CHANGES = 8  # asked for in each round; the leader is killed in the midst of them


def test_no_acknowledged_change_is_lost_or_undone(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(tmp_path, "abc")
        added: set[str] = set()
        revoked: set[str] = set()
        tried: set[str] = set()  # revocations that may have been done

        def change(host: str, number: int) -> None:
            path, device = tmp_path / f"{host}.sock", f"{number:016x}"
            with contextlib.suppress(PresselError):  # refused, or not known whether it was done
                rights = {"groups": [1], "emergency": False, "priority": 0}
                control.ask(path, "device add", id=device, name=f"d{number}", **rights)
                added.add(device)
            if number % 3 == 0 and device in added:
                tried.add(device)
                with contextlib.suppress(PresselError):
                    control.ask(path, "device revoke", id=device)
                    revoked.add(device)

        def listed(host: str) -> dict[str, str]:
            """As the leader tells it; a standby would tell its own copy."""
            while True:
                with contextlib.suppress(PresselError):
                    reply = control.request(tmp_path / f"{host}.sock", "device list")
                    if reply.by != OWN_COPY:
                        return {each["id"]: each["state"] for each in reply.answer}

        async with contextlib.AsyncExitStack() as stack:
            for name in "abc":
                await stack.enter_async_context(cluster.started(name))
            for turn in range(ROUNDS):
                leader = await cluster.until_led()
                asker = next(name for name in "abc" if name != leader)
                for number in range(CHANGES):
                    if number == CHANGES // 2:
                        cluster.commands[leader].process.send_signal(signal.SIGKILL)
                    await asyncio.to_thread(change, asker, turn * CHANGES + number)
                # Before it comes back: what was on its disk only would come back with it.
                await cluster.until_led("abc".replace(leader, ""))
                known = await asyncio.to_thread(listed, asker)
                assert added <= known.keys(), "lost with the host that said it was done"
                assert all(known[each] == "revoked" for each in revoked)
                await stack.enter_async_context(cluster.started(leader))
            await cluster.until_led()

            def is_same() -> bool:
                states = []
                for name in "abc":
                    with Registry(cluster.state(name)) as registry:
                        states.append([(each.id, each.state) for each in registry.devices()])
                return states[0] == states[1] == states[2]

            await until(is_same, "all hosts to say the same")
            with Registry(cluster.state("a")) as registry:
                assert registry.verify() and registry.conflicts() == []
                there = {each.id: each.state for each in registry.devices()}
        assert len(added) > ROUNDS * CHANGES // 2 and revoked
        assert added <= there.keys()
        assert all(there[each] == "revoked" for each in revoked)
        assert all(there[each] == "active" for each in added - tried)

    asyncio.run(scenario())
