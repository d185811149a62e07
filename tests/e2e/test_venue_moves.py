"""A venue with old apps bridged and an update running: its leader dies, another host goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import running, typed, until
from tests.e2e.stage import words
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_joining import credential
from tests.e2e.test_nodes import Cluster
from tests.e2e.test_update import FETCH_S, Operator, of_waiter, signed_release, waiter
from tests.host.legacy_client import LegacyApp

from pressel.node.desk.asker import of_user
from ptt.base import events

pytestmark = pytest.mark.e2e

WITH_BRIDGE = ("--no-discovery", "--v1-bridge")


def told(cluster: Cluster, host: str, event: str, **fields: Any) -> list[dict[str, Any]]:
    return [
        each
        for each in cluster.events(host)
        if each["event"] == event and fields.items() <= each.items()
    ]


def bridge_port(cluster: Cluster, host: str) -> int:
    port = told(cluster, host, "v1_bridge")[-1]["port"]
    assert isinstance(port, int)
    return port


@contextlib.asynccontextmanager
async def listening(cluster: Cluster, leader: str):
    """A person with a soft badge who hears what is said."""
    address = ("127.0.0.1", badges_port(cluster, leader))
    person = Person(9, address, cluster.state(leader))
    async with person.badge:
        carrying = asyncio.create_task(person.badge.carry_sound())
        await until(lambda: person.all(events.JOINED), "the listener has joined")
        yield person
        carrying.cancel()


async def heard(app: LegacyApp, person: Person) -> None:
    """What the old app says is heard by the soft badge."""
    from_s = time.monotonic()
    assert await app.talk(words(1, 2.0).pcm)
    await until(
        lambda: len([at for at in person.sound.sounded_s if at > from_s]) > 20,
        "the old app is heard",
    )


async def start_update(
    cluster: Cluster, leader: str, operator: Operator, public: str, package: Path
) -> str:
    """Trust, add and start, as an operator types them at the leader; the device."""
    state = ("--state", cluster.state(leader))
    await operator("trust", public, *state)
    await operator("add", package, *state)
    device = of_waiter(await operator.status())["device"]
    await operator("start", "--device", device, *operator.leader)
    return device


@pytest.mark.proof
def test_old_apps_and_an_update_go_on_at_the_host_that_leads_next(work: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(work, "ab")
        async with contextlib.AsyncExitStack() as stack:
            for name in "ab":
                await stack.enter_async_context(cluster.started(name, *WITH_BRIDGE))
            first = await cluster.until_led()
            second = "ab".replace(first, "")
            await until(lambda: told(cluster, first, "v1_bridge"), "the bridge of the leader")
            leader = f"127.0.0.1:{badges_port(cluster, first)}"
            state = cluster.state(first).name
            person = await stack.enter_async_context(listening(cluster, first))
            public, package = await signed_release(work)
            await stack.enter_async_context(waiter(work, leader, public, state))
            await until(
                lambda: told(cluster, first, "member_joined", name="Waiter"), "the badge", FETCH_S
            )
            app = await stack.enter_async_context(LegacyApp("Anna"))
            await app.connect("127.0.0.1", bridge_port(cluster, first))
            await heard(app, person)
            operator = Operator(work / f"{first}.sock")
            device = await start_update(cluster, first, operator, public, package)
            kept = cluster.state(second) / "updates" / "campaign.json"
            await until(kept.exists, "the standby to know of the update", FETCH_S)
            assert json.loads(kept.read_text())["badges"].keys() == {device}
            assert not told(cluster, second, "v1_bridge")

            cluster.commands[first].process.send_signal(signal.SIGKILL)
            assert await cluster.until_led(second) == second
            await until(lambda: told(cluster, second, "v1_bridge"), "the bridge of the next one")
            anna = await stack.enter_async_context(LegacyApp("Anna"))
            await anna.connect("127.0.0.1", bridge_port(cluster, second))
            await until(lambda: person.all(events.MOVED), "the listener has moved over")
            await heard(anna, person)
            await until(
                lambda: told(cluster, second, "badge_update", device=device, state="applying"),
                "the badge to have all of the release",
                FETCH_S,
            )
            there = Operator(work / f"{second}.sock")
            assert of_waiter(await there.status())["state"] == "applying"

            async with cluster.started(first, *WITH_BRIDGE):
                assert await cluster.until_led() == second
                await check_follower(work, cluster, first, second)
                await there("cancel", *there.leader)
                copy = cluster.state(first) / "updates" / "campaign.json"
                over = lambda: json.loads(copy.read_text())["is_over"]  # noqa: E731
                await until(over, "the returned one to know of that")
            assert not told(cluster, first, "v1_bridge")
            for name in "ab":
                assert "Traceback" not in cluster.commands[name].err

    asyncio.run(scenario())


async def check_follower(work: Path, cluster: Cluster, follower: str, leader: str) -> None:
    """The host that leads answers what is asked of one that stands by."""
    here = ("--control", work / f"{follower}.sock")
    status = await typed("status", "--json", *here)
    assert status.code == 0 and f"{leader} leads" in status.err
    members = {each["name"] for each in json.loads(status.out)["members"]}
    assert "B9" in members
    assert any(name.startswith("v1 bridge") for name in members)  # each host's has its own name
    assert len(json.loads(status.out)["v1_clients"]) == 1
    sent = await typed("text", "closing", "soon", *here)
    assert sent.code == 0, sent.err
    who = f"{of_user(os.getuid())} at {follower}"
    wrote = {"who": who, "verb": "text", "text": "closing soon"}
    await until(lambda: told(cluster, leader, "asked", **wrote), f"the log to name {who}")
    updates = await typed("update", "status", "--json", *here)
    assert json.loads(updates.out)["release"] == 2


@pytest.mark.proof
def test_all_that_people_began_goes_on_at_the_host_that_leads_next(work: Path) -> None:
    """Old apps are bridged and an update runs when the leader dies. The next one knows whom that
    has let in, lets in others, by code and by approval, and passes texts to old apps and back."""

    async def scenario() -> None:
        cluster = Cluster(work, "ab")
        async with contextlib.AsyncExitStack() as stack:
            for name in "ab":
                options = (*WITH_BRIDGE, "--joining", "approval")
                await stack.enter_async_context(cluster.started(name, *options))
            first = await cluster.until_led()
            second = "ab".replace(first, "")
            await until(lambda: told(cluster, first, "v1_bridge"), "the bridge of the leader")
            person = await stack.enter_async_context(listening(cluster, first))
            app = await stack.enter_async_context(LegacyApp("Anna"))
            await app.connect("127.0.0.1", bridge_port(cluster, first))
            public, package = await signed_release(work)
            address = f"127.0.0.1:{badges_port(cluster, first)}"
            folder = cluster.state(first).name
            await stack.enter_async_context(waiter(work, address, public, folder))
            await until(
                lambda: told(cluster, first, "member_joined", name="Waiter"), "the badge", FETCH_S
            )
            operator = Operator(work / f"{first}.sock")
            device = await start_update(cluster, first, operator, public, package)
            await approve(work, cluster, first, 1)

            cluster.commands[first].process.send_signal(signal.SIGKILL)
            assert await cluster.until_led(second) == second
            await until(lambda: told(cluster, second, "v1_bridge"), "the bridge of the next one")
            async with running(work / "known", *newcomer(work, cluster, second, 1)) as known:
                await known.line("joined as node")
            await approve(work, cluster, second, 2)
            await invite(work, cluster, second, 3)
            anna = await stack.enter_async_context(LegacyApp("Anna"))
            await anna.connect("127.0.0.1", bridge_port(cluster, second))
            await until(lambda: person.all(events.MOVED), "the badge has moved over")
            await heard(anna, person)
            await check_texts(work, second, anna, person)
            await until(
                lambda: told(cluster, second, "badge_update", device=device, state="applying"),
                "the badge to have all of the release",
                FETCH_S,
            )
            assert "Traceback" not in cluster.commands[second].err

    asyncio.run(scenario())


def newcomer(work: Path, cluster: Cluster, leader: str, number: int) -> tuple[str, ...]:
    """The command of a soft badge that no registry knows."""
    address = f"127.0.0.1:{badges_port(cluster, leader)}"
    own = ("--credential", credential(work, number), "--name", f"N{number}")
    return ("badge", "--leader", address, "--record", str(work / f"heard-{number}.wav"), *own)


async def approve(work: Path, cluster: Cluster, leader: str, number: int) -> None:
    """A badge asks `leader` to be let in, and its operator has it."""
    folder, state = work / f"approve-{number}", ("--state", cluster.state(leader))
    asks = (*newcomer(work, cluster, leader, number), "--ask")
    async with running(folder / "badge", *asks) as badge:
        await badge.line("pressel device approve")
        code = badge.err.split("device approve ")[1][:9]
        approved = await typed("device", "approve", code, *state)
        assert approved.code == 0, approved.err
        await badge.line("joined as node")


async def invite(work: Path, cluster: Cluster, leader: str, number: int) -> None:
    """A badge comes in by a code that `leader` gives out."""
    folder, state = work / f"invite-{number}", ("--state", cluster.state(leader))
    made = await typed("device", "invite", "--json", *state)
    assert made.code == 0, made.err
    own = newcomer(work, cluster, leader, number)
    code = json.loads(made.out)["code"]
    async with running(folder / "badge", *own, "--invite", code) as badge:
        await badge.line("joined as node")


async def check_texts(work: Path, leader: str, app: LegacyApp, person: Person) -> None:
    """The operator's text is read by the old app, and that of the old app by a badge."""
    sent = await typed("text", "closing", "--control", work / f"{leader}.sock")
    assert sent.code == 0, sent.err
    await until(lambda: any("closing" in text for text in app.chat), "the app's text")
    app.send_text("on my way")
    await until(lambda: "on my way" in str(person.all(events.TEXT)), "the badge's text")
