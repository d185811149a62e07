"""How often each kind of fault has struck in a run: what the script and chance really did."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from . import record

if TYPE_CHECKING:
    from .world import World

_RECOVERIES = {
    record.RESUMED,
    record.RESTARTED,
    record.HEALED,
    record.ROAMED,
    record.CALMED,
    record.TWIN_LEFT,
}
_CUTS = ("cut", "cut, unheard", "cut, deaf")
_HALVES = ("half-open link, up", "half-open link, down")


class Struck:
    """Counts by the name of the kind."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._faults: Counter[str] = Counter()
        self._lost = [0] * len(record.LOSSES)
        world.record.watch(record.FAULT, self._on_fault)
        world.record.watch(record.LOST, self._on_lost)

    def _on_fault(self, now_us: int, node: int, fault: int, measure: int, detail: Any) -> None:
        if fault not in _RECOVERIES:
            self._faults[self._name(node, fault, measure)] += 1

    def _name(self, node: int, fault: int, measure: int) -> str:
        name = record.FAULTS[fault]
        if fault == record.CUT:
            return _CUTS[measure]
        if fault == record.HALF_OPEN:
            return _HALVES[measure]
        is_host = node in self._world.nodes and self._world.nodes[node].is_wired
        if fault == record.CRASHED and not measure:
            name += " without its disk"
        return f"host {name}" if is_host and fault not in _OF_HOSTS else name

    def _on_lost(self, now_us: int, node: int, a: int, reason: int, detail: Any) -> None:
        self._lost[reason] += 1

    def counts(self) -> dict[str, int]:
        """By name, those that have struck."""
        lost = {f"lost: {record.LOSSES[n]}": count for n, count in enumerate(self._lost)}
        found = {**self._faults, **lost, **self._world.network.struck()}
        return {name: found[name] for name in sorted(found) if found[name]}


_OF_HOSTS = {  # nobody else has a disk, or a wire to others
    record.DISK_FULL,
    record.DISK_SLOW,
    record.KILLED_WRITING,
    record.WIRE_STALLED,
    record.RELAY_SLOW,
    record.RELAY_LIES,
    record.POINT_RESTARTED,
}
