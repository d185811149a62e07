"""What a leader keeps of one member's keys."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import (
    CONTROL_BURST,
    CONTROL_PER_S,
    FLOOR_BURST,
    FLOOR_PER_S,
    TEXT_BURST,
    TEXT_PER_S,
    UPDATE_BURST,
    UPDATE_PER_S,
    VOICE_BURST,
    VOICE_PER_S,
)
from ..link.replay import ReplayWindow
from ..wire import messages
from .budget import Budget

if TYPE_CHECKING:
    from ..link.derive import SessionKeys

_FLOOR_KINDS = (messages.FLOOR_REQUEST, messages.FLOOR_RELEASE, messages.CALL_ENDED)
_UPDATE_KINDS = (messages.UPDATE_WANT, messages.UPDATE_STATE)


class Session:
    """One member's keys, the numbers that have come under them, and what it may still say."""

    __slots__ = (
        "_control",
        "_floor",
        "_text",
        "_update",
        "_voice",
        "before",
        "device_key",
        "following",
        "former",
        "keys",
        "made_ms",
        "number",
        "own_nonce",
        "rekeyed",
        "replay",
        "switched_ms",
    )

    def __init__(self, number: int, device_key: bytes, keys: "SessionKeys", now_ms: int) -> None:
        self.number = number
        self.device_key = device_key
        self.keys = keys
        self.former: SessionKeys | None = None  # before a change, for what is still on its way
        self.following: SessionKeys | None = None  # offered by REKEYED, not used by the member yet
        self.before: SessionKeys | None = None  # of the term before: it has not moved over yet
        self.own_nonce = b""  # of the last REKEY
        self.rekeyed = b""  # the challenge in answer to it
        self.replay = ReplayWindow()
        self.made_ms = now_ms  # since when the keys are in use
        self.switched_ms = now_ms
        self._voice = Budget(VOICE_PER_S, VOICE_BURST)
        self._floor = Budget(FLOOR_PER_S, FLOOR_BURST)
        self._text = Budget(TEXT_PER_S, TEXT_BURST)
        self._update = Budget(UPDATE_PER_S, UPDATE_BURST)
        self._control = Budget(CONTROL_PER_S, CONTROL_BURST)

    def may_say(self, kind: int, now_ms: int) -> bool:
        """Is another message of this kind within what a member may say?"""
        if kind == messages.VOICE_FRAME:
            return self._voice.take(now_ms)
        if kind in _FLOOR_KINDS:
            return self._floor.take(now_ms)
        if kind == messages.TEXT_MESSAGE:
            return self._text.take(now_ms)
        if kind in _UPDATE_KINDS:
            return self._update.take(now_ms)
        return self._control.take(now_ms)
