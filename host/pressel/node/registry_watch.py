"""What the registry says now: devices for the engine, other hosts for the channel.

It is read on the event loop, because SQLite never blocks readers; writes wait in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.registry.database import write_aside
from pressel.registry.directory import RegistryDirectory
from pressel.registry.store import Registry
from ptt.base.numbers import DEVICES_MAX, VOTERS_MAX
from ptt.cluster.ballot import mark_of

from .channel.channel import host_of

_SHUT_LIMIT_S = 10.0  # a disk that is busy with a backup

InThread = Callable[..., Awaitable[Any]]


class RegistryWatch:
    """The registry in folder `state` of the host whose public key is `own`."""

    def __init__(self, state: Path, own: bytes) -> None:
        self._state = state
        self._own = own
        self._registry = Registry(state)
        self._there: Registry | None = None
        self._term = 1  # in which this host led last
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

    async def keep(self, in_thread: InThread) -> None:
        """Forget what is too old. `in_thread` runs what waits for the disk, always in the same
        thread."""
        await in_thread(self._forget_old)

    def lead(self, term: int) -> None:
        """This host leads from now on, in `term`, with what is on its disk."""
        self._term = term
        self.directory.refresh()

    def with_registry(self, act: Callable[[Registry], Any]) -> Any:
        """What `act` makes of the registry, in the thread of `keep`."""
        return act(self._opened())

    async def put_back(self, in_thread: InThread) -> bool:
        """Give the registry its file again if somebody has deleted it; whether that was so.
        PresselError when it cannot be. Nobody writes meanwhile: the thread waits."""
        if self._registry.is_in_place():
            return False
        loop = asyncio.get_running_loop()
        is_shut, is_there = asyncio.Event(), threading.Event()
        waits = asyncio.ensure_future(
            in_thread(self._wait_shut, lambda: loop.call_soon_threadsafe(is_shut.set), is_there)
        )
        try:
            async with asyncio.timeout(_SHUT_LIMIT_S):
                await is_shut.wait()
            content = self._registry.content()
            aside = await asyncio.to_thread(write_aside, self._registry.file, content)
            self._registry.take_place(aside)
        except TimeoutError:
            raise UsageError("the disk is too slow to put the registry back") from None
        except OSError as error:
            raise UsageError(f"cannot put the registry back: {error.strerror}") from error
        finally:
            is_there.set()
            await waits
        return True

    def _wait_shut(self, tell: Callable[[], object], is_there: threading.Event) -> None:
        self.close_there()
        tell()
        is_there.wait()

    def close_there(self) -> None:
        """The end of what `keep` has opened, in its thread."""
        if self._there is not None:
            self._there.close()
            self._there = None

    def _forget_old(self) -> None:
        self._opened().forget_old()

    def _opened(self) -> Registry:
        if self._there is None:
            self._there = Registry(self._state)
        self._there.log.term = self._term
        return self._there
