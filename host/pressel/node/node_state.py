"""What a host reports about its cluster to `pressel host status`: plain data, checked on both
ends."""

from __future__ import annotations

from pydantic import BaseModel

ON_DUTY = "on duty"
RESIGNED = "resigned"
DRAINING = "draining"
DRAINED = "drained"


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
    those above, `left` what a host that drains has still to do."""

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
    duty: str = ON_DUTY
    left: list[str] = []
