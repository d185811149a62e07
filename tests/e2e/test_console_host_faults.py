"""Faults of hosts and of what lies between them, planted into a running venue of real processes:
the console of each host, and its bundle, name the cause, and stop when it is mended."""

from __future__ import annotations

import asyncio
import contextlib
import html
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest
from tests.e2e.command import running, until
from tests.e2e.network import Network, network, why_not
from tests.e2e.stage import words
from tests.e2e.tap import Seen, Tap, tapped
from tests.e2e.test_console_talk import PASSWORD, console
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_namespaces import Crowd
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.host.console_stage import Browser
from tests.host.test_runbook import small_disk

from pressel.bundle.pseudonyms import FILE as NAMES
from pressel.console import host_reader
from pressel.demo.venue import STATE, run_badges, run_leader
from pressel.doctor.checks import FREE_BYTES_MIN
from ptt.base import events

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

FOUND_S = 20.0
LOOK_S = 0.5
SLOW_S = 0.04  # each way: a round trip of twice as much is too long for a relay
DEAF = 4  # badges at the access point that swallows multicast
PROBED_S = 60.0  # sixteen probes take sixteen seconds, on an idle machine
FAULTS = ("No sign of", "is slow or busy", "Multicast does not arrive", "Something is wrong")


@contextlib.contextmanager
def seen_at(work: Path, control: Path) -> Iterator[Browser]:
    """The console beside a host, with somebody who is logged in."""
    work.mkdir(exist_ok=True)
    with console(work, control) as address:
        browser = Browser(int(address.rpartition(":")[2]))
        assert browser.post("/login", name="Mia", password=PASSWORD)[0] == 303
        yield browser


async def says(browser: Browser, *wanted: str) -> None:
    """Both the live page and the bundle say all of it, and name no other fault."""

    def look() -> None:
        for path in ("/", "/bundle"):
            end_s = time.monotonic() + FOUND_S
            while True:
                status, text = browser.open("/") if path == "/" else browser.post(path)
                shown = html.unescape(text).partition('<script type="application/json"')[0]
                missing = [each for each in wanted if each not in shown]
                wrong = [each for each in FAULTS if each in shown and each not in str(wanted)]
                if status == 200 and not missing and not wrong:
                    break
                assert time.monotonic() < end_s, (path, status, missing, wrong, shown)
                time.sleep(LOOK_S)

    await asyncio.to_thread(look)


def test_hosts_that_are_split_say_so_on_both_sides(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(tmp_path, "abc")
        async with (
            tapped(f"127.0.0.1:{cluster.ports['a']}") as to_a,
            tapped(f"127.0.0.1:{cluster.ports['b']}") as to_b,
            cluster.started("a", knows="b"),
            cluster.started("b", knows="a"),
            cluster.started(
                "c", "--no-discovery", "--peer", to_a.address, "--peer", to_b.address, knows=""
            ),
        ):
            await cluster.until_led()
            with contextlib.ExitStack() as stack:
                pages = {
                    name: stack.enter_context(
                        seen_at(tmp_path / f"console-{name}", tmp_path / f"{name}.sock")
                    )
                    for name in "abc"
                }
                for page in pages.values():
                    await says(page)
                to_a.cut()
                to_b.cut()
                await until(lambda: cluster.leader("ab"), "those two have a leader")
                for name in "ab":
                    await says(pages[name], "No sign of host")
                await says(
                    pages["c"], "No leader", "No sign of hosts", "The hosts are split",
                    "reaches 1 of 3",
                )  # fmt: skip
                to_a.mend()
                to_b.mend()
                await cluster.until_led()
                for page in pages.values():
                    await says(page)

    asyncio.run(scenario())


def _slow(tap: Tap) -> None:
    loop = asyncio.get_running_loop()

    def passes(seen: Seen) -> Iterable[bytes]:
        loop.call_later(SLOW_S, tap.send, seen.who, seen.is_up, seen.data)
        return ()

    tap.passes = passes


@contextlib.asynccontextmanager
async def talking(cluster: Cluster, leader: str) -> AsyncIterator[None]:
    """One person talks, and another hears it."""
    address = "127.0.0.1", badges_port(cluster, leader)
    people = [  # in a thread: the tap must not stand still while the registry writes
        await asyncio.to_thread(Person, number, address, cluster.state(leader)) for number in (1, 2)
    ]
    async with contextlib.AsyncExitStack() as stack:
        for each in people:
            await stack.enter_async_context(each.badge)
            stack.callback(asyncio.create_task(each.badge.carry_sound()).cancel)
        await until(lambda: all(each.all(events.JOINED) for each in people), "both are in")
        people[0].badge.press()
        await until(lambda: people[1].sound.sounded_s, "one hears the other")
        yield


def test_a_relay_behind_a_slow_line_is_named(tmp_path: Path) -> None:
    """People talk on: the leader does its work."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with (
            tapped(f"127.0.0.1:{cluster.ports['b']}") as wire,
            cluster.started("a", "--no-discovery", "--peer", wire.address, knows=""),
            cluster.started("b", knows=""),
        ):
            leader = await cluster.until_led()
            await cluster.ask(leader, "settings", "set", "relay.own_listeners", "1")
            with seen_at(tmp_path / "console", tmp_path / f"{leader}.sock") as page:
                await says(page)
                _slow(wire)
                await says(page, "is slow or busy")
                async with talking(cluster, leader):
                    await says(page, "is slow or busy")
                wire.mend()
                await says(page)

    asyncio.run(scenario())


def test_an_access_point_that_swallows_multicast_is_named(tmp_path: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)

    async def scenario(net: Network) -> None:
        net.add("a", "10.77.0.1")
        net.add("deaf", "10.77.0.12")
        place = lambda name: (net.inside(name), "10.77.0.1")  # noqa: E731
        async with cluster_of(tmp_path, "a", place) as cluster:
            await cluster.ask("a", "settings", "set", "relay.multicast_group", "258")
            program = (*net.inside("deaf"), sys.executable, "-m", "tests.e2e.crowd_program")
            folder, port = tmp_path / "crowd", badges_port(cluster, "a")
            told = (cluster.state("a"), "10.77.0.1", port, 1, DEAF, folder)
            async with running(folder, *map(str, told), command=program) as command:
                crowd = Crowd(command)
                await until(
                    lambda: crowd.state and crowd.state["hears_many"] == DEAF,
                    "all hear multicast", PROBED_S,
                )  # fmt: skip
                with seen_at(tmp_path / "console", tmp_path / "a.sock") as page:
                    await says(page)
                    net.swallow_multicast("deaf")
                    await says(page, "Multicast does not arrive at computers")

    with network() as net:
        asyncio.run(scenario(net))


def test_a_full_disk_is_named_while_people_talk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle is made all the same, though who is who finds no room."""
    monkeypatch.setattr(host_reader, "EXAMINED_S", LOOK_S)

    async def scenario(disk: Path) -> None:
        async with (
            run_leader(disk) as leader,
            run_badges(("Ann", "Ben"), leader.address, tmp_path, (f"disk/{STATE}",)) as badges,
        ):
            with seen_at(disk / STATE, leader.control) as page:
                await says(page)
                (disk / STATE / NAMES).unlink()
                _fill(disk / "others")
                await says(page, "Something is wrong with this host's disk")
                await badges[0].press_and_speak(words(1, 1.0).pcm)
                assert (await badges[1].wait_for("heard")).value
                bundle = await asyncio.to_thread(page.post, "/bundle")
                assert "Who is who was not written down" in bundle[1]
                (disk / "others").unlink()
                await says(page)

    with small_disk(tmp_path / "disk", FREE_BYTES_MIN + (64 << 20)) as disk:
        asyncio.run(scenario(disk))


def test_a_full_disk_of_a_standby_is_named_on_the_leaders_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And on its own, where it is called this host's."""
    monkeypatch.setattr(host_reader, "EXAMINED_S", LOOK_S)

    async def scenario(disk: Path) -> None:
        cluster = Cluster(tmp_path, "ab")
        async with cluster.started("a", knows="b"), cluster.started("b", knows="a"):
            if await cluster.until_led() == "b":
                await cluster.ask("b", "host", "resign")
                await until(lambda: cluster.leader() == "a", "the other one leads")
            with (
                seen_at(tmp_path / "console", tmp_path / "a.sock") as leaders,
                seen_at(tmp_path / "console-b", tmp_path / "b.sock") as own,
            ):
                await says(leaders)
                _fill(disk / "others")
                await says(leaders, "Something is wrong with host", "'s disk")
                await says(own, "Something is wrong with this host's disk")
                (disk / "others").unlink()
                await says(leaders)

    with small_disk(tmp_path / "state-b", FREE_BYTES_MIN + (64 << 20)) as disk:
        asyncio.run(scenario(disk))


def _fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as out:
        free = os.statvfs(file.parent)
        os.posix_fallocate(out.fileno(), 0, free.f_bavail * free.f_bsize)
        while out.write(bytes(4096)):
            pass
