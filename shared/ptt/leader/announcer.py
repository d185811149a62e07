"""A leader that has taken over tells each member, until it has heard it."""

from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import ANNOUNCE_RETRY_MS, ANNOUNCE_RETRY_MS_MAX

if TYPE_CHECKING:
    from collections.abc import Callable


class Announcer:
    """Tells each member that this leader leads now, until it is heard. `send(node, now_ms)`."""

    def __init__(self, send: "Callable[[int, int], None]") -> None:
        self._send = send
        self._due: dict[int, tuple[int, int]] = {}  # node -> (when to say it again, the next wait)

    def __len__(self) -> int:
        """Members that have not moved over."""
        return len(self._due)

    def snapshot(self) -> "tuple[int, ...]":
        """Their nodes."""
        return tuple(sorted(self._due))

    def start(self, node: int, now_ms: int) -> None:
        """Tell it now, and again until `heard`."""
        self._due[node] = (add(now_ms, ANNOUNCE_RETRY_MS), 2 * ANNOUNCE_RETRY_MS)
        self._send(node, now_ms)

    def restore(self, nodes: "tuple[int, ...]", now_ms: int) -> None:
        """Be as these values say: these members have not moved over, and are told now."""
        self._due = {node: (now_ms, ANNOUNCE_RETRY_MS_MAX) for node in nodes}

    def heard(self, node: int) -> None:
        """The member has moved over, or is gone."""
        if node in self._due:
            del self._due[node]

    def handle_timeout(self, now_ms: int) -> None:
        for node in sorted(self._due):
            due_ms, wait_ms = self._due[node]
            if since(now_ms, due_ms) >= 0:
                self._due[node] = (add(now_ms, wait_ms), min(2 * wait_ms, ANNOUNCE_RETRY_MS_MAX))
                self._send(node, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for due_ms, _ in self._due.values():
            due = earliest(due, due_ms)
        return due
