"""What the registry says now: devices for the engine, other hosts for the channel.

It is read on the event loop, because SQLite never blocks readers; writes wait in a thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.registry.device import Mirrored
from pressel.registry.directory import RegistryDirectory, devices_of
from pressel.registry.store import Registry
from ptt.base.numbers import DEVICES_MAX, VOTERS_MAX
from ptt.cluster.ballot import mark_of
from ptt.cluster.records import ROSTER
from ptt.cluster.replica import State

from .channel.channel import host_of

InThread = Callable[..., Awaitable[Any]]
News = tuple[int, list[Mirrored]]  # version, devices


class RegistryWatch:
    """The registry in folder `state` of the host whose public key is `own`."""

    def __init__(self, state: Path, own: bytes) -> None:
        self._state = state
        self._own = own
        self._registry = Registry(state)
        self._there: Registry | None = None
        self._term = 1  # in which this host led last
        self._changes = -1
        self._roster: object = None  # the record behind `_news`
        self._news: News | None = None  # what the leader said last, whole
        self._inherited: News | None = None  # the same when we took over, until it is on our disk
        self.directory = RegistryDirectory(self._registry)

    def close(self) -> None:
        self._registry.close()

    def is_new(self) -> bool:
        """Whether somebody has changed it since `others` was asked last."""
        return self._registry.changes() != self._changes

    def others(self) -> dict[bytes, str]:
        """The other hosts: names by public key. UsageError when they cannot all be voters."""
        self._changes = self._registry.changes()
        keys = {bytes.fromhex(each.public_key): each.name for each in self._registry.hosts()}
        keys.pop(self._own, None)
        if len(keys) >= VOTERS_MAX:
            raise UsageError(
                f"at most {VOTERS_MAX} hosts may vote; remove some with `pressel host remove`"
            )
        if len({mark_of(host_of(key)) for key in (self._own, *keys)}) <= len(keys):
            raise UsageError(
                "two hosts have the same mark; on one of them delete host.key, and allow its new "
                "key on the others"
            )
        return keys

    @property
    def is_over(self) -> bool:
        """Whether there are more devices than the journal takes."""
        return len(self.directory.records()) > DEVICES_MAX

    def hear(self, state: State) -> None:
        """A standby's `state` may have changed. The list counts when its end has come: until the
        next change has come whole, too, the records are a mixture of both."""
        record = state.records.get(ROSTER << 16)
        if record is not self._roster:
            self._roster = record
            self._news = devices_of(state) or self._news

    async def keep(self, in_thread: InThread, *, follows: bool) -> int | None:
        """Forget what is too old, and, of a host that `follows`, take over the leader's devices;
        how many there are, None when none were new. `in_thread` runs what waits for the disk,
        always in the same thread."""
        await in_thread(self._forget_old)
        await in_thread(self._write_inherited)
        news = self._news if follows else None
        if news is None or news[0] <= self._registry.version():
            return None
        return await in_thread(self._follow, news)

    def inherit(self, term: int) -> None:
        """This host leads from now on, in `term`. What it has heard of the leader before it, and is
        newer than what is on our disk, holds at once, and is on our disk before `with_registry`
        does anything else."""
        self._term = term
        self.directory.refresh()
        news = None if self._news is None else self._allowed(self._news)
        if news is not None and news[0] > self.directory.version:
            self.directory.take(*news)
            self._inherited = news

    def _allowed(self, news: News) -> News:
        """`news` without those that were revoked by somebody's word: another list then, which
        others must take."""
        version, devices = news
        revoked = self._registry.revoked_for_good()
        kept = [each for each in devices if each.id not in revoked]
        return (version, devices) if len(kept) == len(devices) else (version + 1, kept)

    def with_registry(self, act: Callable[[Registry], Any]) -> Any:
        """What `act` makes of the registry, in the thread of `keep`."""
        self._write_inherited()
        return act(self._opened())

    def close_there(self) -> None:
        """The end of what `keep` has opened, in its thread."""
        if self._there is not None:
            self._there.close()
            self._there = None

    def _forget_old(self) -> None:
        self._opened().forget_old()

    def _write_inherited(self) -> None:
        news = self._inherited
        if news is not None:
            self._opened().mirror(*news)
            if self._inherited is news:  # else this host has inherited again meanwhile
                self._inherited = None

    def _follow(self, news: News) -> int | None:
        """None when ours were newer by now."""
        return len(news[1]) if self._opened().mirror(*news) else None

    def _opened(self) -> Registry:
        if self._there is None:
            self._there = Registry(self._state)
        self._there.log.term = self._term
        return self._there
