"""Which devices and other hosts may take part at a host: keeps its engines in line with the
registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pressel.errors import PresselError
from pressel.registry.store import Registry
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import DEVICES_MAX
from ptt.host import Host

from .channel.channel import host_of
from .others import OtherHosts, voters_of
from .registry_watch import RegistryWatch
from .report import Report

InThread = Callable[..., Awaitable[Any]]


class Admission:
    """Of one host. `in_thread` runs what waits for the disk, always in the same thread."""

    def __init__(
        self,
        watch: RegistryWatch,
        host: Host,
        others: OtherHosts,
        in_thread: InThread,
        report: Report,
    ) -> None:
        self._watch = watch
        self._host = host
        self._others = others
        self._in_thread = in_thread
        self._report = report
        self._told = ""
        self._is_over = False

    def obey(self) -> None:
        """Put changes of the registry into effect."""
        try:
            if not self._watch.is_new():
                return
            keys = self._watch.others()
            is_new = self._watch.directory.refresh()
        except PresselError as error:
            self._tell(str(error))
            return
        now_ms = engine_now_ms()
        leader, directory = self._host.leader, self._watch.directory
        if is_new and leader is not None:
            leader.keep_devices(directory.version, directory.records(), now_ms)
            leader.look_at_directory(now_ms)
        if leader is not None and self._others.names.keys() - {host_of(key) for key in keys}:
            leader.change_keys(now_ms)  # a host that was removed knows the old ones
        self._others.allow(keys, now_ms)
        voters = voters_of(keys, self._others.own)
        if sorted(voters) != list(self._host.election.voters.hosts):
            self._host.configure(voters, now_ms)
            self._report("voters", {"hosts": len(voters)})

    async def keep(self, number: int) -> None:
        """Write into the registry what nobody has to ask for."""
        try:
            await self._watch.keep(self._in_thread)
        except PresselError as error:
            self._tell(str(error))
            return
        self._tell("")
        self._tell_over()

    async def check(self) -> None:
        """Tell at the start what was changed behind the back of the log while the host was off."""
        try:
            await self._in_thread(self._watch.with_registry, Registry.verify)
        except PresselError as error:
            self._report("registry", {"advice": str(error)})

    async def compact(self) -> None:
        """Keep the log of this host short."""
        try:
            await self._in_thread(self._watch.with_registry, Registry.compact)
        except PresselError as error:
            self._tell(str(error))

    def _tell_over(self) -> None:
        """A leader says once that it has more devices than others can learn."""
        is_over = self._host.leader is not None and self._watch.is_over
        if is_over and not self._is_over:
            known = len(self._watch.directory.records())
            self._report("devices_over", {"known": known, "most": DEVICES_MAX})
        self._is_over = is_over

    def _tell(self, advice: str) -> None:
        """Report it once, however often it is met."""
        if advice and advice != self._told:
            self._report("registry", {"advice": advice})
        self._told = advice
