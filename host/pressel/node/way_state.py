"""By which way a member gets voice, as a leader reports it: once for many, or alone, from the
leader or from a relay."""

from __future__ import annotations

from pydantic import BaseModel


class WayState(BaseModel):
    """`is_many`: it gets the next burst with all others, where enough of them do, see
    docs/relay-topology.md. `relay`: name of the host that sends to it otherwise, None: the leader;
    `relay_why`: why it was moved last. `late`, `forged`: datagrams to many that it could not
    believe."""

    is_many: bool
    why: str
    probes: int | None = None  # of the newest sixteen
    late: int = 0
    forged: int = 0
    relay: str | None = None
    relay_why: str = ""


class RelayState(BaseModel):
    """A standby as its leader knows it: `listeners` that it has been given, `load_percent` of its
    processor by its own word, `round_trip_ms` of its last answer. `serves`: it gets listeners."""

    name: str
    serves: bool
    listeners: int
    load_percent: int
    round_trip_ms: int
