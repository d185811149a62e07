"""The model of the venue's log: hosts with whole registries that write about one device, take over
what others have written, remove one another, and compact their chains.

Each host that has led once goes on writing as if it led still: the worst split there is. What
becomes of a host by an action depends only on that host and on whom it hears, so it is worked out
once, however many states of the whole it is part of.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import NamedTuple

from pressel.errors import PresselError
from pressel.registry.device import ACTIVE
from pressel.registry.intake import Taken

from .log_host import DEVICE, Host, Rows
from .log_sight import Seen, broken_by, look
from .search import Action, State

PROMISES = {
    "revoked": "a device that a host knows as revoked never takes part there again",
    "verified": "after whatever happens each host's log verifies",
    "one chain": "two hosts have the same entries of each host, as far as both have them",
    "told": "two entries of one number are met only by naming the host that has written both",
    "whole": "a host that lacks a device's key is given it by one that has the same entries",
    "honest": "what hosts have written in good faith is refused nowhere",
    "removed": "nothing is taken any more of a host that was removed, whoever passes it on",
    "alike": "hosts that have the same entries, and allow the same hosts, say the same of a device",
}
_SAID = {
    "lead": "host {} leads in the next term",
    "group": "host {} gives the device other groups",
    "rotate": "host {} gives the device another key",
    "revoke": "host {} revokes the device",
    "hear": "host {} hears what host {} has",
    "remove": "host {} removes host {}",
    "undo": "host {} undoes what host {} has written",
    "compact": "host {} compacts its chain",
    "turn": "the disk of host {} is turned back",
}


@dataclass(frozen=True)
class Bounds:
    """`logs`: hosts; how often somebody begins to lead (`leads`), groups or key are changed
    (`changes`), the device is revoked (`revocations`), a host removed (`removals`), its entries
    undone (`undos`), a chain compacted (`compactions`), and a disk turned back to what it was in
    the beginning (`turns`)."""

    logs: int = 2
    leads: int = 2
    changes: int = 2
    revocations: int = 1
    removals: int = 0
    undos: int = 0
    compactions: int = 0
    turns: int = 0


class _After(NamedTuple):
    """What an action makes of a host: its rows' key, and the promise that it breaks."""

    rows: bytes
    broken: str | None


class LogModel:
    """A state is (hosts, budget, what was broken). A host: (key of its rows, the term in which it
    led last, how often its disk was turned back)."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._hosts = [Host(number) for number in range(bounds.logs)]
        self._keys = [host.log.own for host in self._hosts]
        self._shelf: dict[bytes, Rows] = {}
        self._seen: dict[bytes, Seen] = {}
        self._after: dict[tuple, _After] = {}
        self._first = self._met()

    def initial(self) -> State:
        """The first host leads, and all know the device."""
        bounds = self.bounds
        hosts = tuple((key, int(number == 0), 0) for number, key in enumerate(self._first))
        budget = (
            bounds.leads, bounds.changes, bounds.revocations, bounds.removals, bounds.undos,
            bounds.compactions, bounds.turns,
        )  # fmt: skip
        return (hosts, budget, None)

    def actions(self, state: State) -> Iterator[Action]:
        hosts, (leads, changes, revocations, removals, undos, compactions, turns), _ = state
        newest = max(term for _, term, _ in hosts)
        for number, (key, term, _) in enumerate(hosts):
            seen = self._seen[key]
            if leads and term < newest:
                yield ("lead", number)
            if term and seen.state == ACTIVE:
                if changes:
                    yield ("group", number)
                    yield ("rotate", number)
                if revocations:
                    yield ("revoke", number)
            if compactions and term:
                yield ("compact", number)
            if turns and key != self._first[number]:
                yield ("turn", number)
        for one, other in permutations(range(len(hosts)), 2):
            if self._allows(hosts, one, other):
                if self._allows(hosts, other, one):
                    yield ("hear", one, other)
                if removals:
                    yield ("remove", one, other)
            elif undos and self._has_written(hosts, one, other):
                yield ("undo", one, other)

    def step(self, state: State, action: Action) -> State:
        hosts, budget, broken = state
        name, number, *others = action
        key, term, turned = hosts[number]
        if name == "lead":
            after = _After(key, None)
            term = max(each[1] for each in hosts) + 1
        elif name == "turn":
            after, turned = _After(self._first[number], None), turned + 1
        else:
            source = hosts[others[0]][0] if name == "hear" else budget[_COSTS[name]]
            is_honest = not any(each[2] for each in hosts)
            asked = (name, key, term, turned, *others, source, is_honest)
            if asked not in self._after:
                self._after[asked] = self._worked_out(state, action, is_honest)
            after = self._after[asked]
        hosts = _put(hosts, number, (after.rows, term, turned))
        if name in _COSTS:
            budget = _put(budget, _COSTS[name], budget[_COSTS[name]] - 1)
        return (hosts, budget, broken or after.broken or self._differing(hosts))

    def broken(self, state: State) -> str | None:
        return state[-1] and f"{state[-1]}: {PROMISES[state[-1]]}"

    def words(self, state: State, action: Action) -> str:
        name, *about = action
        text = _SAID[name].format(*(each + 1 for each in about))
        after = self.step(state, action)[0]
        shown = " | ".join(self._shown(key) for key, _, _ in after)
        return f"{text:38} {shown}"

    # --- one host ---

    def _worked_out(self, state: State, action: Action, is_honest: bool) -> _After:
        hosts, budget, _ = state
        name, number, *others = action
        host = self._put_back(hosts, number)
        before = self._seen[hosts[number][0]]
        broken = None
        try:
            if name == "hear":
                source = self._put_back(hosts, others[0])
                there = self._seen[hosts[others[0]][0]]
                broken = _misheard(host.hear(source), before, there, is_honest)
                key = self._keep(host)
                broken = broken or _still_lacks(self._seen[key], there)
            else:
                getattr(self, "_" + name)(host, budget, *others)
                key = self._keep(host)
        except PresselError as error:
            raise AssertionError(f"{_SAID[name]}: {error}") from error
        return _After(key, broken or broken_by(before, self._seen[key], is_honest))

    def _group(self, host: Host, budget: tuple) -> None:
        host.set_groups(DEVICE, (1, 2 + budget[_COSTS["group"]], 20 + host.number))

    def _rotate(self, host: Host, budget: tuple) -> None:
        host.rotate(DEVICE, host.key_of(budget[_COSTS["rotate"]]))

    def _revoke(self, host: Host, budget: tuple) -> None:
        host.revoke(DEVICE)

    def _remove(self, host: Host, budget: tuple, other: int) -> None:
        host.remove_host(_name(other))

    def _undo(self, host: Host, budget: tuple, other: int) -> None:
        host.undo(self._keys[other], 0, is_dry=False)

    def _compact(self, host: Host, budget: tuple) -> None:
        host.crowd()
        assert host.compact(0, 0), "a chain is not compacted, half of which would go"

    # --- promises ---

    def _differing(self, hosts: tuple) -> str | None:
        """The promise that two hosts break together."""
        is_honest = not any(turned for _, _, turned in hosts)
        for one, other in combinations(hosts, 2):
            here, there = self._seen[one[0]], self._seen[other[0]]
            is_alike = here.allowed | {here.own} == there.allowed | {there.own}
            if here.entries == there.entries:
                if is_alike and here.said != there.said and not here.lacks | there.lacks:
                    return "alike"
            elif is_honest and here.split_from(there):
                return "one chain"
        return None

    # --- inside ---

    def _met(self) -> tuple[bytes, ...]:
        """The keys of the hosts' rows when all allow each other, and know the device."""
        for one, other in permutations(range(len(self._hosts)), 2):
            self._hosts[one].allow_host(_name(other), self._keys[other])
        first = self._hosts[0]
        first.adopt(DEVICE, "Ann", first.key_of(0))
        for one, other in [*permutations(self._hosts, 2)] * 2:
            one.hear(other)
        return tuple(map(self._keep, self._hosts))

    def _keep(self, host: Host) -> bytes:
        """The key under which the host's rows are found again."""
        rows = host.rows()
        key = hashlib.blake2b(marshal.dumps(rows, 2), digest_size=16).digest()
        if key not in self._shelf:
            self._shelf[key] = rows
            self._seen[key] = look(host)
        return key

    def _put_back(self, hosts: tuple, number: int) -> Host:
        key, term, turned = hosts[number]
        host = self._hosts[number]
        host.put_back(self._shelf[key])
        host.log.term, host.turned = max(term, 1), turned
        return host

    def _allows(self, hosts: tuple, one: int, other: int) -> bool:
        return self._keys[other] in self._seen[hosts[one][0]].allowed

    def _has_written(self, hosts: tuple, one: int, other: int) -> bool:
        """Whether `one` has entries of `other`."""
        return (self._keys[other], 1) in self._seen[hosts[one][0]].entries

    def _shown(self, key: bytes) -> str:
        seen = self._seen[key]
        counts = Counter(host for host, _ in seen.entries)
        lengths = "+".join(str(counts[host]) for host in self._keys)
        return f"{seen.state} {','.join(map(str, seen.said[1:3]))} {lengths}"


# Where in the budget stands how often it may be done.
_COSTS = {
    name: at
    for at, names in enumerate(
        (("lead",), ("group", "rotate"), ("revoke",), ("remove",), ("undo",), ("compact",),
         ("turn",))
    )
    for name in names
}  # fmt: skip


def _misheard(taken: Taken, here: Seen, there: Seen, is_honest: bool) -> str | None:
    """The promise that was broken when one host heard another."""
    if is_honest and (taken.refused or taken.altered or taken.doubted):
        return "honest"
    named = {*taken.refused, *taken.doubted, *([here.own] if taken.regained else ())}
    # Of a host that was removed nothing is looked at.
    return "told" if here.split_from(there) & (here.allowed | {here.own}) - named else None


def _still_lacks(here: Seen, there: Seen) -> str | None:
    is_same = here.entries == there.entries
    return "whole" if is_same and here.lacks and not there.lacks else None


def _name(number: int) -> str:
    """By which all others know a host."""
    return f"host {number + 1}"


def _put(values: tuple, at: int, value: object) -> tuple:
    return (*values[:at], value, *values[at + 1 :])
