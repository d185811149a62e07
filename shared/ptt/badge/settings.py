"""The settings that a badge has from its leader. It takes whatever is newer than what it has, whole
or not at all, puts it in force, and says so; or that it cannot.

New ones are on trial until a leader answers CONFIRM_MS later. A badge that loses its leader before
that returns to those that held before: what came last may have cut it off. What has passed its
trial may be kept over a restart: it holds until a leader is found.
"""

from ..base import events, features
from ..base.clock import age
from ..base.compat import TYPE_CHECKING
from ..base.defaults import (
    AT_LATE_PERMILLE,
    AT_PLAYOUT_DELAY_MAX_MS,
    AT_PLAYOUT_DELAY_MS,
    AT_VERSION,
    DEFAULTS,
    PLAYOUT_DELAY_MS,
)
from ..base.numbers import CONFIRM_MS, INT_MAX
from ..wire import codec, envelope, messages, refusal
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
    SETTINGS_SNAPSHOT; `sure`: of those that have passed their trial. Empty: the defaults.
    `fields`: what is in force, in the order of SETTINGS_SNAPSHOT; only where it is read whole."""

    obeys = {messages.SETTINGS_SNAPSHOT: "_on_settings"}

    def __init__(self, owner: "SettingsOwner") -> None:
        self._owner = owner
        self.version = 0
        self.told = self.sure = b""
        if features.HAS_SMOOTH_PLAYOUT:
            self.fields = list(DEFAULTS)
        self._since_ms = 0  # on trial, unless it is over

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
        told = bytes(data[HEADER_BYTES : envelope.payload_end(data)])
        if version != self.version or told != self.told:  # of one version, it is in other groups
            self.version = version
            if told != self.told:
                self.told = told
                self._since_ms = now_ms
            self._obey(fields)
        self._answer(version, messages.APPLIED_APPLIED, now_ms)
        return refusal.ACCEPTED

    def begin_with(self, told: bytes) -> None:
        """What was `sure` before the last restart. Raises `Refused` when it cannot be read."""
        fields = codec.decode(messages.SETTINGS_SNAPSHOT, told, 0, len(told))
        self.told = self.sure = told
        if features.HAS_SMOOTH_PLAYOUT:
            self._obey_roomy(fields)
        self._owner.playout.path.set_least(fields[AT_PLAYOUT_DELAY_MS])

    def on_leader_answered(self, now_ms: int) -> None:
        if self.sure is not self.told and age(now_ms, self._since_ms) >= CONFIRM_MS:
            self.sure = self.told

    def on_leader_lost(self) -> None:
        """The next one says anew what holds."""
        if self.sure is not self.told:
            fields = [0, PLAYOUT_DELAY_MS]
            if features.HAS_SMOOTH_PLAYOUT:
                fields = list(DEFAULTS)
            if self.sure:
                fields = codec.decode(messages.SETTINGS_SNAPSHOT, self.sure, 0, len(self.sure))
            self.told = self.sure
            self._obey(fields)

    def _obey(self, fields: "Any") -> None:
        if features.HAS_SMOOTH_PLAYOUT:
            self._obey_roomy(fields)
        self._owner.playout.path.set_least(fields[AT_PLAYOUT_DELAY_MS])
        self._owner.tell(events.SETTINGS, fields[AT_VERSION])

    if features.HAS_SMOOTH_PLAYOUT:

        def _obey_roomy(self, fields: "Any") -> None:
            """What only roomy badges obey; the path chooses its delay behind it."""
            self.fields = fields
            path = self._owner.playout.path
            path.most_ms = fields[AT_PLAYOUT_DELAY_MAX_MS]
            path.late_permille = fields[AT_LATE_PERMILLE]

    def _answer(self, version: int, result: int, now_ms: int) -> None:
        owner = self._owner
        owner.send(messages.SETTINGS_ACK, (version, result), owner.link.address, now_ms)
