"""What the model of the venue's log sees of a host, and which promises a host breaks by itself."""

from __future__ import annotations

from typing import NamedTuple

from pressel.errors import PresselError
from pressel.registry.device import REVOKED

from .log_host import Host

_NONE = "unknown"  # the state of a device of which nothing is known


class Seen(NamedTuple):
    """Of a host's rows: its `own` key, and those of the hosts that it allows; entries by host and
    number; the device's state, and all that is said of it; whether it `lacks` the device's key, and
    whether all of it `verifies`."""

    own: str
    allowed: frozenset[str]
    entries: dict[tuple[str, int], tuple[bytes, bytes]]
    state: str
    said: tuple
    lacks: bool
    verifies: bool

    @property
    def has_removed(self) -> bool:
        """Whether it has entries of a host that it does not allow any more."""
        return not {host for host, _ in self.entries} <= self.allowed | {self.own}

    def split_from(self, other: Seen) -> set[str]:
        """The hosts of which both have entries of one number that differ."""
        both = self.entries.keys() & other.entries.keys()
        return {place[0] for place in both if self.entries[place] != other.entries[place]}


def look(host: Host) -> Seen:
    allowed = frozenset(each.public_key for each in host.hosts())
    chains = host.log.chains
    entries = {
        (kept.host, kept.number): (kept.signed.body, kept.signed.signature)
        for writer in chains.hosts()
        for kept in chains.rows(writer)
    }
    state, said = _NONE, ()
    for each in host.devices():
        state = each.state
        said = (state, ".".join(map(str, each.groups)), each.epoch, host.key(each.id))
    lacks = host.lacks_key()
    return Seen(host.log.own, allowed, entries, state, said, lacks, _verifies(host))


def broken_by(before: Seen, after: Seen, is_honest: bool) -> str | None:
    """The promise that a host breaks by itself. What was cut off a disk cannot verify, nor can a
    device verify whose key nobody gives: who heard a host that is removed here has erased it."""
    if before.state == REVOKED and after.state != REVOKED:
        return "revoked"
    if is_honest and not (after.verifies or (after.lacks and after.has_removed)):
        return "verified"
    taken = {host for host, _ in after.entries.keys() - before.entries.keys()}
    return "removed" if taken - before.allowed - {before.own} else None


def _verifies(host: Host) -> bool:
    try:
        host.verify()
    except PresselError:
        return False
    return True
