"""Bugs that disks bring to light which are full or slow, and wires between hosts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from tests.sim.kinds.bug import Bug, of
from tests.sim.mutants import replaced

from ptt.base.clock import since
from ptt.cluster.election import Election
from ptt.host import Host


class _Planted(AssertionError):
    """An engine that gives up."""


def _disk_is(judge: Callable[[dict[str, Any], Any, int], bool]) -> Any:
    """A host that gives up when `judge(what it asked to store and when, what it finds, now)` says
    so at its start."""
    init, poll_store, on_stored = Host.__init__, Host.poll_store, Host.on_stored
    handle_timeout = Host.handle_timeout
    bug = Bug()

    def begin(
        self: Host,
        own: bytes,
        hosts: Any,
        record: Any,
        make: Any,
        now_ms: int,
        *more: Any,
        **by: Any,
    ) -> None:
        init(self, own, hosts, record, make, now_ms, *more, **by)
        memory = bug.memory(self)
        memory["at"] = now_ms
        memory["box"] = bug.memory(make.__self__)  # what outlives the engine
        before = memory["box"].pop("asked", None)
        if before is not None and bug.strikes(judge(before, record, now_ms)):
            raise _Planted("a record that this host did not expect")

    def note_time(self: Host, now_ms: int) -> None:
        bug.memory(self)["at"] = now_ms
        handle_timeout(self, now_ms)

    def poll(self: Host) -> Any:
        record = poll_store(self)
        if record is not None:
            memory = bug.memory(self)
            memory["box"]["asked"] = {"record": record, "at": memory["at"]}
        return record

    def stored(self: Host, record: Any, now_ms: int) -> None:
        bug.memory(self)["box"].pop("asked", None)
        on_stored(self, record, now_ms)

    stack = contextlib.ExitStack()
    for name, substitute in (
        ("__init__", begin),
        ("handle_timeout", note_time),
        ("poll_store", poll),
        ("on_stored", stored),
    ):
        stack.enter_context(replaced(Host, name, substitute))
    return stack


@of("disk full")
def a_record_that_was_never_written() -> Any:
    """a host gives up that finds, seconds later, an older record than it wrote last"""
    return _disk_is(
        lambda asked, found, now_ms: found != asked["record"] and since(now_ms, asked["at"]) > 3200
    )


@of("killed while writing")
def a_record_that_nobody_confirmed() -> Any:
    """a host gives up that finds a record which it never knew to be on its disk"""
    return _disk_is(lambda asked, found, now_ms: found == asked["record"])


@of("disk slow")
def a_disk_that_takes_long() -> Any:
    """a host gives up whose disk takes more than half a second"""
    poll_store, on_stored, handle_timeout = Host.poll_store, Host.on_stored, Host.handle_timeout
    bug = Bug()

    def note_time(self: Host, now_ms: int) -> None:
        bug.memory(self)["now"] = now_ms
        handle_timeout(self, now_ms)

    def poll(self: Host) -> Any:
        record = poll_store(self)
        if record is not None:
            memory = bug.memory(self)
            memory.setdefault("asked", {})[record] = memory.get("now")
        return record

    def stored(self: Host, record: Any, now_ms: int) -> None:
        asked_ms = bug.memory(self).get("asked", {}).get(record)
        if bug.strikes(asked_ms is not None and since(now_ms, asked_ms) > 800):
            raise _Planted("this host's disk was not there in time")
        on_stored(self, record, now_ms)

    stack = contextlib.ExitStack()
    for name, substitute in (
        ("handle_timeout", note_time),
        ("poll_store", poll),
        ("on_stored", stored),
    ):
        stack.enter_context(replaced(Host, name, substitute))
    return stack


@of("wire stalled")
def many_heartbeats_of_a_host_at_once() -> Any:
    """a host gives up when six heartbeats of another come in one instant"""
    original = Election._on_heartbeat
    bug = Bug()

    def on_heartbeat(self: Election, index: int, fields: list[Any], now_ms: int) -> None:
        heard = bug.memory(self)
        if heard.get("at") != (index, now_ms):
            heard["at"], heard["count"] = (index, now_ms), 0
        heard["count"] += 1
        if bug.strikes(heard["count"] >= 6):
            raise _Planted("six heartbeats at once")
        original(self, index, fields, now_ms)

    return replaced(Election, "_on_heartbeat", on_heartbeat)
