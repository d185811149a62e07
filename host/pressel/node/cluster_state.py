"""Takes from a host what it reports about its cluster to `pressel host status`."""

from __future__ import annotations

from collections.abc import Callable

from ptt.cluster import election_rules
from ptt.cluster.ballot import NOBODY
from ptt.host import Host

from .channel.channel import Channel
from .node_state import NodeState, PeerState


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
        state=election_rules.STATES[engine.state],
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
