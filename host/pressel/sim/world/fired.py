"""Which rules of the engines' tables have fired in a run, and how often: what a sweep has tried."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ptt.base.table import TRIGGER_BITS

# Those that a venue of people and hosts can reach: no update runs in it, nobody changes groups. The
# module that has the rules, and the one that looks them up.
MACHINES = {
    "floor of the leader": ("ptt.leader.floor.arbitrator", "ptt.leader.floor.arbitrator"),
    "floor of a badge": ("ptt.badge.floor", "ptt.badge.floor"),
    "join": ("ptt.badge.join", "ptt.badge.join"),
    "playout": ("ptt.media.playout", "ptt.media.playout"),
    "election": ("ptt.cluster.election_rules", "ptt.cluster.election"),
}
_COMPILED = "_RULES"  # the table there: cells and actions


class _Counted:
    """The cells of compiled rules, and how often each was looked up."""

    def __init__(self, cells: bytes) -> None:
        self._cells = cells
        self.counts = [0] * len(cells)

    def __getitem__(self, at: int) -> int:
        self.counts[at] += 1
        return self._cells[at]


class Fired:
    """Counts from now on; one at a time in a process."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        for name, (_, engine) in MACHINES.items():
            module: Any = import_module(engine)
            cells, actions = getattr(module, _COMPILED)
            if not isinstance(cells, _Counted):
                cells = _Counted(cells)
                setattr(module, _COMPILED, (cells, actions))
            cells.counts = [0] * len(cells.counts)
            self._counted[name] = cells

    def counts(self) -> dict[str, int]:
        """By `machine: state, trigger`, those that never fired too."""
        found: dict[str, int] = {}
        for name, (rules, _) in MACHINES.items():
            module: Any = import_module(rules)
            counts = self._counted[name].counts
            for state, trigger, *_ in module.RULES:
                words = f"{name}: {module.STATES[state]}, {module.TRIGGERS[trigger]}"
                found[words] = counts[state << TRIGGER_BITS | trigger]
        return found
