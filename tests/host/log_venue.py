"""Hosts whose logs of the registry are copied to each other, and what tests say to them."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pressel.registry.intake import Sent, Taken
from pressel.registry.store import Registry

ANN, BEN, CYD = "00000000000000a1", "00000000000000b2", "00000000000000c3"
TERM_MAX = 10_000


class Venue:
    """Hosts with these letters, which allow each other."""

    def __init__(self, folder: Path, hosts: str) -> None:
        self.folder = folder
        self.at = {host: Registry(folder / host) for host in hosts}
        self.keys = {host: registry.own_key() for host, registry in self.at.items()}
        for host, other in itertools.permutations(hosts, 2):
            self.at[host].allow_host(other, self.keys[other])

    def lead(self, host: str, term: int) -> Registry:
        self.at[host].log.term = term
        return self.at[host]

    def hear(
        self, host: str, source: str, spoilt: Callable[[list[Sent]], list[Sent]] = list
    ) -> Taken:
        """`host` takes over what `source` gives, which `spoilt` may change."""
        here, there = self.at[host], self.at[source]
        known = {each: (head.index, head.hash) for each, head in here.heads().items()}
        sent: list[Sent] = []
        while (page := there.page(known)).sent:
            sent += page.sent
            for each in page.sent:
                entry = each.signed.entry()
                known[entry.host] = entry.index, each.signed.hash()
            if not page.more:
                break
        taken = here.take(spoilt(sent), {}, lambda term: term <= TERM_MAX)
        if taken.lacking:
            keys = there.page(known, taken.lacking).keys
            taken = here.take([], keys, lambda term: True)
        return taken

    def meet(self) -> None:
        """All hear of each other."""
        for _ in range(2):
            for host, source in itertools.permutations(self.at, 2):
                taken = self.hear(host, source)
                assert not taken.refused and not taken.lacking

    def agree(self) -> None:
        """All say the same of all devices, with the same keys, and it is what their logs say."""
        said = [facts(registry) for registry in self.at.values()]
        assert all(each == said[0] for each in said), said
        for registry in self.at.values():
            assert registry.verify()


def facts(registry: Registry) -> list[tuple]:
    return [
        (each.id, each.name, each.groups, each.entitlements, each.state, each.epoch,
         registry.key(each.id))
        for each in registry.devices() if each.state != "pending"
    ]  # fmt: skip


def sql(registry: Registry, statement: str) -> list:
    with closing(sqlite3.connect(registry.file)) as db, db:
        return db.execute(statement).fetchall()


def compact(registry: Registry, tail: int = 0) -> None:
    """Whatever there is to gain: all that counts is said again, and the rest is dropped."""
    with registry._change():
        for number in range(registry.log.chains.count(registry.log.own) + 2 * tail + 2):
            registry.log.note("settings set", "venue", {"done": 1}, str(number))  # half of it goes
    assert registry.compact(0, tail)
