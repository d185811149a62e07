"""Phase 7: somebody repeats, alters and forges what badges send, and gets nowhere."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.seal import REAL
from pressel.sim.world.world import World
from ptt.wire import envelope, messages, refusal

from .names import name_of
from .show import Act, Played, Promise, Show, Tell, at_most, talk, unbroken

_BEGINS_US = 6_000_000
_EVERY_US = 100_000
_HEARD_MAX = 200  # datagrams that the forger remembers
_OWN_ADDRESS = 0x7FFF  # which no badge has
_AHEAD = 1000  # in a sequence: what nobody has sent yet
_LOSS_MOST = 0.03  # a clean network loses 1 % by two hops; ten seconds are few
_SENT_LEAST = 50

_Forgery = Callable[[bytearray, int], tuple[bytearray, int]]  # what badge sent -> data, address


def _repeat(data: bytearray, badge: int) -> tuple[bytearray, int]:
    return data, badge


def _alter(data: bytearray, badge: int) -> tuple[bytearray, int]:
    data[envelope.HEADER_BYTES] ^= 1
    return _as_new(data), badge


def _press(data: bytearray, badge: int) -> tuple[bytearray, int]:
    data[envelope.TYPE_AT] = messages.FLOOR_REQUEST
    return _as_new(data), badge


def _move(data: bytearray, badge: int) -> tuple[bytearray, int]:
    return _as_new(data), _OWN_ADDRESS


def _as_new(data: bytearray) -> bytearray:
    """With another number and the right checksum, which takes no key."""
    envelope.put32(data, envelope.SEQ_AT, envelope.seq(data) + _AHEAD)
    envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    return data


FORGERIES: tuple[tuple[str, _Forgery], ...] = (
    ("sends once more what {name} has sent", _repeat),
    ("alters what {name} has sent, and numbers it anew", _alter),
    ("asks for the floor in the name of {name}", _press),
    ("speaks as {name} from its own address", _move),
)


class Forger:
    """Hears all that badges send, has no key, and tries one forgery after the other at the
    leader."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.sent = 0
        self.refused: Counter[str] = Counter()
        self._world = world
        self._tell = tell
        self._heard: deque[tuple[bytes, int]] = deque(maxlen=_HEARD_MAX)
        self._is_sending = False
        world.record.watch(record.SENT, self._on_sent)
        world.record.watch(record.REFUSED, self._on_refused)
        world.loop.at(_BEGINS_US, self._forge)

    def _on_sent(self, now_us: int, node: int, destination: int, size: int, data: Any) -> None:
        if 1 <= node <= self._world.participants and envelope.is_sealed(data):
            self._heard.append((bytes(data), node))

    def _forge(self, _: object) -> None:
        words, forgery = FORGERIES[self.sent % len(FORGERIES)]
        heard, badge = self._heard[0]
        if self.sent < len(FORGERIES):
            self._tell(f"the forger {words.format(name=name_of(self._world, badge))}")
        data, source = forgery(bytearray(heard), badge)
        self.sent += 1
        self._is_sending = True
        self._world.nodes[0].arrive(bytes(data), source)
        self._is_sending = False
        self._world.loop.at(self._world.loop.now_us + _EVERY_US, self._forge)

    def _on_refused(self, now_us: int, node: int, reason: int, b: int, detail: Any) -> None:
        if self._is_sending and node == 0:
            self.refused[refusal.NAMES[reason]] += 1


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    forger: Forger = act.guest
    refused = sum(forger.refused.values())
    why = ", ".join(f"{count} {name}" for name, count in forger.refused.most_common())
    return [
        Promise(
            refused == forger.sent >= _SENT_LEAST,
            f"forged datagrams that the leader refused: {refused} of {forger.sent} ({why})",
        ),
        at_most("frames that were not heard", act.figure("frame_loss"), _LOSS_MOST, "of 1"),
        unbroken(played),
    ]


SHOW = Show(
    "stranger",
    "7",
    "A forger is refused",
    "Somebody on the Wi-Fi hears all that is sent and has no key. Whatever it sends is refused, "
    "and the talk goes on.",
    (
        Act(
            "A leader and six badges with the real seal, and a forger.",
            participants=6,
            seconds=20,
            seal=REAL,
            steps=(talk(5, 1, 5), talk(11, 2, 5)),
            guest=Forger,
        ),
    ),
    judge,
)
