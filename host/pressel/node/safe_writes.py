"""Writing in the leader's name: done is what the next leader knows, whoever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pressel.errors import UnreachableError
from ptt.host import Host

from .desk.desk import On
from .desk.verb import Verb
from .log_copy import LogCopy
from .standbys import Standbys


class SafeWrites:
    """At the host whose engine is `host`."""

    def __init__(self, host: Host, log_copy: LogCopy, standbys: Standbys) -> None:
        self._host = host
        self._log_copy = log_copy
        self._standbys = standbys

    async def begin(self, verb: Verb | None = None) -> Callable[[], Awaitable[On]]:
        """Hear first what others have written. Await what this gives when all is written: it waits
        until it is safe, and says on how many hosts it is. UnreachableError when another host has
        taken over."""
        leader = self._host.leader
        await self._log_copy.caught_up()
        if self._host.leader is not leader:
            raise UnreachableError("another host has taken over; try again")

        async def end() -> On:
            on = (
                await self._log_copy.confirm(),
                len(self._host.election.voters.hosts),
            )
            await self._standbys.confirm(leader, on[0])
            if verb is not None and verb.copied:
                await self._standbys.confirm_copies(leader)
            return on

        return end
