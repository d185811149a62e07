"""Several that watch one leader, each told of all that people say; see `ptt.leader.watch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ptt.leader.watch import Watch


class Watchers:
    """`is_apart`: a recording is sent in that group; nobody is told of such a burst, and what is
    said of one that nobody knows means nothing to anybody."""

    def __init__(
        self, *watchers: Watch, is_apart: Callable[[int], bool] = lambda group: False
    ) -> None:
        self._watchers = watchers
        self._is_apart = is_apart

    def queued(self, node: int, request: int, now_ms: int) -> None:
        for each in self._watchers:
            each.queued(node, request, now_ms)

    def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
        if self._is_apart(group):
            return
        for each in self._watchers:
            each.begun(group, lease, talker, request, now_ms)

    def ended(self, lease: int, cause: int, now_ms: int) -> None:
        for each in self._watchers:
            each.ended(lease, cause, now_ms)

    def coded_anew(self, group: int, lease: int, talker: int, codec: int, nodes: list[int]) -> None:
        for each in self._watchers:
            each.coded_anew(group, lease, talker, codec, nodes)

    def reported(self, lease: int, node: int, played: int, concealed: int, late: int) -> None:
        for each in self._watchers:
            each.reported(lease, node, played, concealed, late)

    def settled(self, counts: tuple[int, int, int, int]) -> None:
        for each in self._watchers:
            each.settled(counts)
