"""What a host reports about its cluster to `pressel host status`: plain data, checked on both
ends."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from ptt.cluster import election
from ptt.cluster.ballot import NOBODY
from ptt.host import Host

from .channel.channel import Channel


class PeerState(BaseModel):
    """Another host; `silent_ms` is None when it was never heard."""

    name: str
    host: str
    address: str | None
    silent_ms: int | None


class NodeState(BaseModel):
    """A host at one moment. `leader` is a name, None when nobody is known to lead; `convergence_ms`
    how long the last search for a leader took; `keeps_term` of which leader it has the state;
    `hosts_address` is None while no port is open for other hosts. `duty` is a word of
    `pressel.node.desk.duty`, `left` what a host that drains has still to do."""

    host: str
    state: str
    term: int
    leader: str | None
    quorum: int
    badges_address: str
    hosts_address: str | None
    peers: list[PeerState]
    keeps_term: int
    elections: dict[str, int]
    convergence_ms: int | None
    channel: dict[str, int]
    duty: str = "on duty"
    left: list[str] = []


def take_state(
    host: Host,
    channel: Channel,
    name_of: Callable[[bytes], str],
    addresses: tuple[str, str | None],
    now_ms: int,
) -> NodeState:
    """The state of `host` at `now_ms`; `addresses` are those for badges and for hosts."""
    engine = host.election
    leader = engine.leader if engine.hears_leader(now_ms) else NOBODY
    peers = []
    for other in channel.hosts():
        at = channel.address_of(other)
        peers.append(
            PeerState(
                name=name_of(other),
                host=other.hex(),
                address=f"{at[0]}:{at[1]}" if at else None,
                silent_ms=channel.silent_ms(other, now_ms),
            )
        )
    return NodeState(
        host=host.own.hex(),
        state=election.STATES[engine.state],
        term=engine.term,
        leader=None if leader == NOBODY else name_of(leader),
        quorum=engine.voters.quorum,
        badges_address=addresses[0],
        hosts_address=addresses[1],
        peers=peers,
        keeps_term=host.replica.term,
        elections=engine.counts.as_dict(),
        convergence_ms=None if engine.convergence_ms < 0 else engine.convergence_ms,
        channel=channel.counts.as_dict(),
    )
