"""What the members are called, for a screen. A badge has none, and leaves these bytes of the
leader's messages alone; so this stands before the engine and reads what that is given to obey."""

from __future__ import annotations

from typing import Any

from ptt.badge.participant import Participant
from ptt.wire import codec, envelope, messages
from ptt.wire.refusal import Refused

from .words import by_number

NAMES_MAX = 512  # twice a full venue: numbers are not used again soon
_NODE, _NAME = 3, 4  # fields of FLOOR_TAKEN


class MemberNames:
    """Whoever has talked while `participant` was there, by name."""

    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        self._obey = participant.obey
        participant.obey = self._read
        self._names: dict[int, str] = {}  # by node, the one heard of last behind the others

    def of(self, node: int) -> str:
        return self._names.get(node) or by_number(node)

    def _read(self, data: Any, source: Any, now_ms: int) -> int:
        """`Session` believes `data`."""
        kind = envelope.msg_type(data)
        if kind == messages.FLOOR_TAKEN:
            self._note(data)
        elif kind == messages.WELCOME and not self._is_ours(data):
            self._names.clear()  # another leader counts its members anew
        return self._obey(data, source, now_ms)

    def _is_ours(self, data: Any) -> bool:
        return envelope.session_id(data) == self._participant.join.session

    def _note(self, data: Any) -> None:
        end = envelope.payload_end(data)
        try:
            fields = codec.decode(messages.FLOOR_TAKEN, data, envelope.HEADER_BYTES, end)
        except Refused:
            return
        node, name = fields[_NODE], bytes(fields[_NAME]).decode(errors="replace")
        if node and name:
            self._names.pop(node, None)
            self._names[node] = name
            if len(self._names) > NAMES_MAX:
                del self._names[next(iter(self._names))]
