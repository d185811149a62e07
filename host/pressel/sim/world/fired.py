"""Which rules of the engines' tables have fired in a run, and how often: what a sweep has tried."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Those that a venue of people and hosts can reach: no update runs in it, nobody changes groups. The
# module that has the rules, and the one that looks them up.
MACHINES = {
    "floor of the leader": ("ptt.leader.floor.arbitrator", "ptt.leader.floor.arbitrator"),
    "floor of a badge": ("ptt.badge.floor", "ptt.badge.floor"),
    "join": ("ptt.badge.join", "ptt.badge.join"),
    "playout": ("ptt.media.playout", "ptt.media.playout"),
    "election": ("ptt.cluster.election_rules", "ptt.cluster.election"),
}
_COMPILED = "_RULES"  # the table there
_SHIFT = 4  # of the state in a compiled key, as in `ptt.base.table`


class _Counted(dict):
    """Compiled rules, and how often each was looked up."""

    def __init__(self, rules: dict[int, Any]) -> None:
        super().__init__(rules)
        self.counts = dict.fromkeys(rules, 0)

    def get(self, key: int, default: Any = None) -> Any:
        if key in self.counts:
            self.counts[key] += 1
            return self[key]
        return default


class Fired:
    """Counts from now on; one at a time in a process."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}
        for name, (_, engine) in MACHINES.items():
            module: Any = import_module(engine)
            counted = getattr(module, _COMPILED)
            if not isinstance(counted, _Counted):
                counted = _Counted(counted)
                setattr(module, _COMPILED, counted)
            counted.counts = dict.fromkeys(counted, 0)
            self._counted[name] = counted

    def counts(self) -> dict[str, int]:
        """By `machine: state, trigger`, those that never fired too."""
        found: dict[str, int] = {}
        for name, (rules, _) in MACHINES.items():
            module: Any = import_module(rules)
            counts = self._counted[name].counts
            for state, trigger, *_ in module.RULES:
                words = f"{name}: {module.STATES[state]}, {module.TRIGGERS[trigger]}"
                found[words] = counts[state << _SHIFT | trigger]
        return found
