"""Situations of networks that failed once, by the number that each has in the list of them."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from tests.host.legacy_world import World
from tests.patience import PATIENCE_S
from tests.shared.venue import Venue

from pressel import mdns
from pressel.errors import PresselError
from pressel.legacy import discovery as old_apps
from pressel.legacy.app import App, instance_name, read_instance_name
from pressel.legacy.discovery import Discovery
from pressel.legacy.limits import CONNECT_AFTER_MS, CONNECT_RETRY_MS
from pressel.mdns import EVERYWHERE, Mdns
from pressel.node import control, host
from pressel.node.admission import Admission
from pressel.node.event_log import EventLog
from pressel.node.options import HostOptions
from pressel.node.registry_watch import RegistryWatch
from pressel.node.strangers import AGAIN_S, DEVICES_MAX, Strangers
from pressel.registry import database
from pressel.registry.store import Registry
from pressel.schema.sentences import sentence
from ptt.base import events


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():
            await asyncio.sleep(0.005)


class Announcing(Mdns):
    """Notes what would be announced, from which address."""

    seen: ClassVar[list[str]] = []

    def __init__(self) -> None:
        super().__init__("_test._udp.local.", 1, lambda instance, is_there: None)
        self.announced: list[str] = []

    async def _open(self, name: str, server: str, ip: str, port: int) -> None:
        if ip == EVERYWHERE and not self.seen[-1]:
            raise OSError(101, "Network is unreachable")
        self.announced.append(self.seen[-1] if ip == EVERYWHERE else ip)


@pytest.fixture
def moving(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that this machine has at each look; "" is no network. The last one stays."""
    addresses = ["", "", "10.0.0.5"]
    looks = itertools.count()
    Announcing.seen = []

    def own_address() -> str:
        Announcing.seen.append(addresses[min(next(looks), len(addresses) - 1)])
        if not Announcing.seen[-1]:
            raise OSError(101, "Network is unreachable")
        return Announcing.seen[-1]

    monkeypatch.setattr(mdns, "own_address", own_address)
    monkeypatch.setattr(mdns, "LOOK_S", 0.0)
    return addresses


async def looked(announcing: Announcing, address: str, enough: int) -> list[str]:
    told: list[str] = []
    task = asyncio.ensure_future(announcing.keep("n", "s", (address, 1), told.append))
    for _ in range(enough):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return told


def test_row_14_a_host_that_is_up_before_its_network_announces_itself_later(moving) -> None:
    announcing = Announcing()
    told = asyncio.run(looked(announcing, EVERYWHERE, 40))
    assert announcing.announced == ["10.0.0.5"]
    assert told == ["Network is unreachable"]


def test_row_38_an_address_that_changes_is_announced_anew(moving) -> None:
    moving[:] = ["10.0.0.5", "10.0.0.5", "10.0.0.9", "", "10.0.0.9", "10.0.0.5"]
    announcing = Announcing()
    told = asyncio.run(looked(announcing, EVERYWHERE, 40))
    assert announcing.announced == ["10.0.0.5", "10.0.0.9", "10.0.0.9", "10.0.0.5"]
    assert told == ["Network is unreachable"]
    named = Announcing()
    asyncio.run(looked(named, "127.0.0.1", 40))
    assert named.announced == ["127.0.0.1"]


DOUBLES = ["", " (2)", " (13)", "-2", " #2"]


@pytest.mark.parametrize("double", DOUBLES)
def test_row_37_what_a_responder_puts_behind_a_taken_name_is_not_the_device(double: str) -> None:
    assert read_instance_name(instance_name("Anna", "dev1") + double) == ("Anna", "dev1")


@pytest.mark.parametrize("device", ["dev1-2", "dev (2)", "a:b"])
def test_row_37_what_is_the_devices_own_stays(device: str) -> None:
    assert read_instance_name(instance_name("Anna", device)) == ("Anna", device)


def test_row_37_one_app_with_a_stale_announcement_is_one(monkeypatch) -> None:
    """Whichever of the two is heard of last, both places are tried, and one connection is kept."""
    places = {"": ("10.0.0.1", 9915), " (2)": ("10.0.0.66", 9915)}
    for order in (["", " (2)"], [" (2)", ""]):
        world, own = World(), instance_name("Anna", "dev1")

        def look_up(self: Any, instance: str, found: Callable[[Any], None], own: str = own) -> None:
            found(places[instance.removeprefix(own)])

        monkeypatch.setattr(old_apps.Mdns, "look_up", look_up)
        lost: list[str] = []
        discovery = Discovery(lambda app, w=world: w.bridge.found(app, w.now_ms), lost.append)
        for double in order:
            discovery._changed(own + double, True)
        world.run(CONNECT_AFTER_MS + CONNECT_RETRY_MS + 1_000)
        assert [app.address for app in world.wanted] == [
            places[each][0] for each in reversed(order)
        ]
        app = App("dev1", "Anna", *places[""])
        world.app(app.address, app)
        before = len(world.wanted)
        world.run(4_000)  # an app that answers no ping is closed
        assert len(world.wanted) == before and len(world.bridge.clients) == 1
        discovery._changed(own + " (2)", False)
        assert lost == []
        discovery._changed(own, False)
        assert lost == ["dev1"]


@pytest.mark.parametrize("is_revoked", [True, False])
def test_row_29_a_badge_that_is_not_let_in_fills_no_log(is_revoked: bool) -> None:
    venue = Venue().run(3_000)
    device = venue.badge("C").engine.device
    venue.directory.revoked.add(device)
    venue.leader.look_at_directory(venue.now_ms)
    before = len(venue.leader_events)
    venue.run(300_000)
    knocks = [value for _, kind, value in venue.leader_events[before:] if kind == events.STRANGER]
    assert len(knocks) > 100
    now_s = itertools.count(0.0, 300 / len(knocks))
    told: list[tuple[str, dict[str, Any]]] = []
    log = EventLog(
        lambda event, fields: told.append((event, fields)), lambda: None, bytes.hex,
        lambda device: "C0" if is_revoked else None, lambda: next(now_s),
    )  # fmt: skip
    for value in knocks:
        log.on_floor(events.STRANGER, value)
    assert len(told) == 1
    said = sentence(*told[0])
    assert ("was revoked" in said) == is_revoked and ("flash this badge" in said) != is_revoked
    for _ in range(20):  # to the end of the hour and beyond
        for value in knocks:
            log.on_floor(events.STRANGER, value)
    assert len(told) == 2
    assert f"({told[1][1]['times']} more times since" in sentence(*told[1])


def test_row_29_made_up_identities_fill_no_log_either() -> None:
    strangers = Strangers()
    told = [strangers.knock(number.to_bytes(8, "big"), number) for number in range(10_000)]
    assert sum(each is not None for each in told) <= DEVICES_MAX * (10_000 // AGAIN_S + 1)
    assert told[0] == 0 and strangers.knock(b"new", 30_000) == 0


def test_row_3_while_another_program_holds_the_registry_the_host_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invitation has run out, so that the host has something to write, if nothing else that it
    does at the start; the lock is given back only after the host has answered, so that one which
    waits in its event loop never does."""
    monkeypatch.setattr(host, "serve_first", lambda: None)
    monkeypatch.setattr(host, "LOOK_S", 0.01)
    state, control_at = tmp_path / "state", tmp_path / "c.sock"
    has_begun, is_locked, waits = threading.Event(), threading.Event(), threading.Event()
    forget_old, transaction = Registry.forget_old, Registry._transaction
    told: list[dict[str, Any]] = []

    def noted(self: Registry) -> None:
        has_begun.set()
        if is_locked.is_set():
            forget_old(self)

    def writing(self: Registry) -> AbstractContextManager[None]:
        if is_locked.is_set():
            waits.set()
        return transaction(self)

    def report(event: str, fields: dict[str, Any]) -> None:
        if event == "registry":
            told.append(fields)

    async def scenario() -> None:
        options = HostOptions(("127.0.0.1", 0), state, control=control_at, discovery=False)
        node = host.HostNode(options, report)
        monkeypatch.setattr(Registry, "forget_old", noted)
        monkeypatch.setattr(Registry, "_transaction", writing)
        running = asyncio.ensure_future(node.run())
        await until(has_begun.is_set)
        with Registry(state, lambda: time.time() - 900_000) as registry:
            registry.invite()
        open_invitations = sqlite3.connect(state / "registry.sqlite", isolation_level=None)
        open_invitations.execute("BEGIN IMMEDIATE")
        is_locked.set()
        await until(waits.is_set)
        for _ in range(5):
            assert (await asyncio.to_thread(control.ask, control_at, "status"))["term"] >= 1
        assert told == []
        open_invitations.execute("ROLLBACK")
        count = "SELECT COUNT(*) FROM invite"
        await until(lambda: open_invitations.execute(count).fetchone() == (0,))
        open_invitations.close()
        node._stopping.set()
        await running

    monkeypatch.setattr(database, "_BUSY_S", PATIENCE_S)
    asyncio.run(scenario())


def test_row_3_that_the_registry_is_held_is_said_once(tmp_path: Path) -> None:
    told: list[str] = []

    async def held(forget: Callable[[], None]) -> None:
        raise PresselError("cannot work with the registry: database is locked")

    watch = RegistryWatch(tmp_path, bytes(32))
    report = lambda event, fields: told.append(fields["advice"])  # noqa: E731
    admission = Admission(watch, cast(Any, None), cast(Any, None), held, report)

    async def scenario() -> None:
        for number in range(50):
            await admission.keep(number)

    asyncio.run(scenario())
    watch.close()
    assert len(told) == 1 and "locked" in told[0]
