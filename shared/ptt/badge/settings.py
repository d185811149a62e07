"""The settings that a badge has from its leader. It takes whatever is newer than what it has, whole
or not at all, puts it in force, and says so; or that it cannot.

What was in force last may be kept over a restart: it holds until a leader is found.
"""

from ..base import events
from ..base.compat import TYPE_CHECKING
from ..base.defaults import AT_PLAYOUT_DELAY_MS, AT_VERSION
from ..base.numbers import INT_MAX
from ..wire import envelope, messages, refusal
from ..wire.envelope import HEADER_BYTES

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..base.compat import Buffer
    from ..link.link import Link
    from ..media.playout import Playout

    class SettingsOwner(Protocol):
        """The participant that they are for."""

        link: Link
        playout: Playout

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Settings:
    """`version`: of those in force, 0: none from this leader. `told`: the payload of their
    SETTINGS_SNAPSHOT; empty while the defaults hold."""

    obeys = {messages.SETTINGS_SNAPSHOT: "_on_settings"}

    def __init__(self, owner: "SettingsOwner") -> None:
        self._owner = owner
        self.version = 0
        self.told = b""

    def discard(self, data: "Buffer", now_ms: int) -> None:
        """A SETTINGS_SNAPSHOT holds a value that this build cannot do: the old ones stay."""
        version = envelope.get32(data, HEADER_BYTES)
        if 0 < version <= INT_MAX:
            self._answer(version, messages.APPLIED_REFUSED, now_ms)

    def _on_settings(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """SETTINGS_SNAPSHOT."""
        version = fields[AT_VERSION]
        if version < self.version:
            return refusal.STALE
        if version != self.version:
            self.version = version
            self.obey(fields, bytes(data[HEADER_BYTES : envelope.payload_end(data)]))
            self._owner.tell(events.SETTINGS, version)
        self._answer(version, messages.APPLIED_APPLIED, now_ms)
        return refusal.ACCEPTED

    def obey(self, fields: "list", told: bytes) -> None:
        """Put in force what was `told`: from now on, or as before the last restart."""
        self.told = told
        self._owner.playout.path.set_least(fields[AT_PLAYOUT_DELAY_MS])

    def _answer(self, version: int, result: int, now_ms: int) -> None:
        owner = self._owner
        owner.send(messages.SETTINGS_ACK, (version, result), owner.link.address, now_ms)
