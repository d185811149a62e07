"""Which devices have used up a budget, so that somebody can be told: an honest badge that is held
off looks broken, and one that floods looks honest.

Only devices that have proved their key get here. Bounded by `HELD_OFF_MAX`.
"""

from ..base.clock import age
from ..base.compat import const
from ..base.numbers import HELD_OFF_MAX, HELD_OFF_TELL_MS
from ..wire import messages

JOINS = const(0)
SPEECH = const(1)
PRESSES = const(2)
TEXTS = const(3)
UPDATES = const(4)
OTHERS = const(5)  # heartbeats, reports, acknowledgements, keys

_OF_KIND = {
    messages.ANSWER: JOINS,
    messages.VOICE_FRAME: SPEECH,
    messages.FLOOR_REQUEST: PRESSES,
    messages.FLOOR_RELEASE: PRESSES,
    messages.TEXT_MESSAGE: TEXTS,
    messages.UPDATE_WANT: UPDATES,
    messages.UPDATE_STATE: UPDATES,
}


class Held:
    """How often and when a device was held off for one reason."""

    __slots__ = ("last_ms", "times", "told_ms")

    def __init__(self, now_ms: int) -> None:
        self.times = 0
        self.last_ms = now_ms
        self.told_ms = now_ms


class HeldOff:
    """By device and reason, the one that was held off longest ago first."""

    def __init__(self) -> None:
        self._held: dict[tuple[bytes, int], Held] = {}
        self._news: list[tuple[bytes, int]] = []

    def note(self, device: bytes, kind: int, now_ms: int) -> None:
        """A message of this kind was refused, since `device` has sent too many."""
        key = device, _OF_KIND.get(kind, OTHERS)
        held = self._held.pop(key, None)
        if held is None or age(now_ms, held.told_ms) >= HELD_OFF_TELL_MS:
            held = held or Held(now_ms)
            held.told_ms = now_ms
            if len(self._news) < HELD_OFF_MAX:
                self._news.append(key)
        held.times += 1
        held.last_ms = now_ms
        self._held[key] = held
        if len(self._held) > HELD_OFF_MAX:
            del self._held[next(iter(self._held))]

    def news(self) -> "list[tuple[bytes, int]]":
        """Devices and reasons to be told of, each once in `HELD_OFF_TELL_MS` at most."""
        news, self._news = self._news, []
        return news

    def all(self) -> "list[tuple[bytes, int, Held]]":
        return [(device, why, held) for (device, why), held in self._held.items()]
