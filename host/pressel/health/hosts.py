"""Which hosts of the venue do not reach each other, as one of them sees it. It knows no HTML."""

from __future__ import annotations

from pressel.node.node_state import NodeState
from pressel.node.standbys import HEARD_MS

from .todo import Todo, some

_ON_THE_WAY = "the cable or the switch between them is broken"


def of_the_cluster(told: NodeState | None, leads_somebody: bool) -> list[Todo]:
    """`told` is the host's own answer, None when it gave none; `leads_somebody`: it knows who
    leads, or leads itself."""
    if told is None:
        return []
    gone = [p.name for p in told.peers if p.silent_ms is None or p.silent_ms >= HEARD_MS]
    if not gone:
        return []
    title = f"No sign of {'host' if len(gone) == 1 else 'hosts'} {some(sorted(gone))}"
    if leads_somebody:
        text = f"It is off, or {_ON_THE_WAY}. Those that reach each other go on."
        if len(gone) > 1:
            text = text.replace("It is", "They are")
        return [Todo(title, text, "warn")]
    reached, all_hosts = 1 + len(told.peers) - len(gone), 1 + len(told.peers)
    text = (
        f"The hosts are split: this one reaches {reached} of {all_hosts}, itself included, and "
        f"{told.quorum} are needed to lead. Either the others are off, or {_ON_THE_WAY}; then "
        "they may lead without this one."
    )
    return [Todo(title, text, "bad")]
