"""What the registry says now: devices for the engine, other hosts for the channel.

Read on the event loop, which SQLite never holds up for readers; what writes waits elsewhere.
"""

from __future__ import annotations

from pathlib import Path

from pressel.errors import UsageError
from pressel.registry.device import Mirrored
from pressel.registry.directory import RegistryDirectory, devices_of
from pressel.registry.store import Registry
from ptt.base.numbers import VOTERS_MAX
from ptt.cluster.ballot import mark_of
from ptt.cluster.replica import State

from .channel.channel import host_of

News = tuple[int, list[Mirrored]]  # version, devices


class RegistryWatch:
    """The registry in folder `state` of the host whose public key is `own`."""

    def __init__(self, state: Path, own: bytes) -> None:
        self._state = state
        self._own = own
        self._registry = Registry(state)
        self._there: Registry | None = None
        self._changes = -1
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
            raise UsageError(f"at most {VOTERS_MAX} hosts vote; `pressel host remove` some")
        if len({mark_of(host_of(key)) for key in (self._own, *keys)}) <= len(keys):
            raise UsageError(
                "two hosts have the same mark; on one of them delete host.key, and allow its new "
                "key on the others"
            )
        return keys

    def news_of(self, state: State) -> News | None:
        """What the leader whose `state` we keep knows of devices, if that is newer than ours."""
        news = devices_of(state)
        return news if news is not None and news[0] > self._registry.version() else None

    # --- what may wait for the disk: called outside the event loop, always in the same thread ---

    def forget_old(self) -> None:
        self._opened().forget_old()

    def follow(self, news: News) -> int | None:
        """Take the leader's devices over; how many there are, None when ours were newer by now."""
        return len(news[1]) if self._opened().mirror(*news) else None

    def close_there(self) -> None:
        """The end of what that thread has opened."""
        if self._there is not None:
            self._there.close()
            self._there = None

    def _opened(self) -> Registry:
        if self._there is None:
            self._there = Registry(self._state)
        return self._there
