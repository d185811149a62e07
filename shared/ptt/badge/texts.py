"""Texts of others, which the leader passes on."""

from ..base import events
from ..base.compat import TYPE_CHECKING
from ..wire import messages, refusal

if TYPE_CHECKING:
    from typing import Any, Protocol

    from .groups import Groups

    class TextsOwner(Protocol):
        """The participant that reads."""

        groups: Groups

        def tell(self, kind: int, value: object) -> None: ...


class Texts:
    """Each is shown once."""

    obeys = {messages.TEXT_MESSAGE: "_on_text"}

    def __init__(self, owner: "TextsOwner") -> None:
        self._owner = owner
        self.shown_writer = -1  # of the last text shown, to recognize the network's repetitions
        self._shown_number = -1

    def _on_text(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """TEXT_MESSAGE."""
        group, number, kind, writer, name, text = fields
        if not self._owner.groups.is_told(group):
            return refusal.FIELD
        if writer == self.shown_writer and number == self._shown_number:
            return refusal.STALE
        self.shown_writer = writer
        self._shown_number = number
        self._owner.tell(events.TEXT, (kind, writer, name, text))
        return refusal.ACCEPTED
