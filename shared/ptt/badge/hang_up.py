"""A badge ends its private call, and repeats this until the leader has said the same."""

from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import REQUEST_RETRY_MS, REQUEST_RETRY_MS_MAX, REQUEST_TRIES_MAX

if TYPE_CHECKING:
    from typing import Protocol

    class HangUpOutput(Protocol):
        """What hanging up needs done."""

        def send_call_ended(self, group: int, now_ms: int) -> None: ...


class HangUp:
    """Ends the call with number `group`, which becomes 0 once nothing more need be sent. The leader
    answers whoever calls again meanwhile."""

    def __init__(self, output: "HangUpOutput", group: int, now_ms: int) -> None:
        self._output = output
        self.group = group
        self._tries = 0
        self._retry_ms = REQUEST_RETRY_MS
        self._say(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        if self.group and since(now_ms, self._due_ms) >= 0:
            if self._tries >= REQUEST_TRIES_MAX:
                self.group = 0  # the hang time ends it
            else:
                self._say(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return self._due_ms if self.group else NEVER

    def _say(self, now_ms: int) -> None:
        self._tries += 1
        self._due_ms = add(now_ms, self._retry_ms)
        self._retry_ms = min(self._retry_ms * 2, REQUEST_RETRY_MS_MAX)
        self._output.send_call_ended(self.group, now_ms)
