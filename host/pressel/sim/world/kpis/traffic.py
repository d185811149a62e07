"""What the run put on the network: datagrams, bytes, and the share of the air they took."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import record

if TYPE_CHECKING:
    from ..world import World

_BEFORE_US = 5_000_000  # five heartbeats of each, and half of all reports


class Traffic:
    """Reads the network's own counts."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._talking: set[int] = set()
        self._since_us = 0
        self._spans: list[tuple[int, int]] = []  # when somebody talked
        world.record.watch(record.TALKING, self._on_talking)

    def figures(self) -> dict[str, Any]:
        self._end(self._world.loop.now_us)
        network = self._world.network
        figures = {
            "datagrams": network.datagrams,
            "bytes": network.bytes,
            "airtime_percent": _rounded(network.airtime_percent()),
            "airtime_talking_percent": _rounded(network.airtime_within(self._spans)),
            "airtime_silent_percent": _rounded(network.airtime_within(self._before())),
        }
        if not self._world.standbys:
            return figures
        between = {"host_datagrams": network.wire_datagrams, "host_bytes": network.wire_bytes}
        return {**figures, **between}

    def _before(self) -> list[tuple[int, int]]:
        """The last seconds before anybody talked, when all have joined; or none."""
        first_us = self._spans[0][0] if self._spans else 0
        return [(first_us - _BEFORE_US, first_us)] if first_us > 2 * _BEFORE_US else []

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if not is_talking:
            self._talking.discard(node)
            if not self._talking:
                self._end(now_us)
            return
        if not self._talking:
            self._since_us = now_us
        self._talking.add(node)

    def _end(self, now_us: int) -> None:
        """Nobody talks any more."""
        if self._since_us and now_us > self._since_us:
            self._spans.append((self._since_us, now_us))
        self._since_us = 0
        self._talking.clear()


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 3)
