"""An extra of every badge: answers the releases that a leader offers, and steps the updates that
follow.

It loads the code for that when one begins and unloads it when it is over.
"""

from ptt.base import events
from ptt.base.compat import TYPE_CHECKING

from ..modules import forget

if TYPE_CHECKING:
    from typing import Protocol

    from ..handset import Handset

    class Task(Protocol):
        """A trial or an update; `step` says whether it is over."""

        def step(self, handset: "Handset", now_ms: int) -> bool: ...


class Updates:
    """`task` is what runs now."""

    task: "Task | None" = None

    def step(self, handset: "Handset", now_ms: int) -> None:
        if self.task is not None and self.task.step(handset, now_ms):
            self.task = None
            forget("app.extras.trial")

    def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None:
        if event[0] != events.UPDATE or not handset.is_quiet():
            return  # it is offered again
        try:
            from .offer import answer

            self.task = answer(handset, handset.participant.offers.offered, now_ms) or self.task
        except MemoryError:  # there may be more when it is offered again
            pass
        forget("app.extras.offer", "app.extras.update", "app.extras", "hal.board", "hal.nvs")
