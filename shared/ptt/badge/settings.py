"""The settings that a badge has from its leader. It takes whatever is newer than what it has, puts
it in force, and says so."""

from ..base import events
from ..base.compat import TYPE_CHECKING
from ..base.defaults import AT_PLAYOUT_DELAY_MS, AT_VERSION
from ..wire import messages, refusal

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from ..media.playout import Playout

    class SettingsOwner(Protocol):
        """The participant that they are for."""

        link: Link
        playout: Playout

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Settings:
    """`version`: of those in force, 0: none from this leader."""

    obeys = {messages.SETTINGS_SNAPSHOT: "_on_settings"}

    def __init__(self, owner: "SettingsOwner") -> None:
        self._owner = owner
        self.version = 0

    def _on_settings(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """SETTINGS_SNAPSHOT."""
        owner = self._owner
        version = fields[AT_VERSION]
        if version < self.version:
            return refusal.STALE
        if version != self.version:
            self.version = version
            owner.playout.path.set_least(fields[AT_PLAYOUT_DELAY_MS])
            owner.tell(events.SETTINGS, version)
        answer = (version, messages.APPLIED_APPLIED)
        owner.send(messages.SETTINGS_ACK, answer, owner.link.address, now_ms)
        return refusal.ACCEPTED
