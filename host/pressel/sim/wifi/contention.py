"""What senders that all have something to send cost each other: idle slots and collisions.

Bianchi, "Performance analysis of the IEEE 802.11 distributed coordination function", IEEE JSAC
18(3), 2000, with a finite number of attempts. With one sender it gives half the contention window
and no collision. Solved once a channel, never on the path of a frame.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from .phy import Phy

_ROUNDS = 200  # of the fixed point; halved steps converge far below a millionth well before


class Contention(NamedTuple):
    idle_slots: float  # before each transmission on the medium, on average
    collision: float  # chance that one sender's attempt meets another's


@lru_cache(maxsize=1024)
def contention(phy: Phy, contenders: int, attempts_max: int = 7) -> Contention:
    """`contenders` >= 1 senders with full queues, each giving up after `attempts_max` attempts."""
    windows = [min((phy.cw_min + 1) << stage, phy.cw_max + 1) for stage in range(attempts_max)]
    collision = 0.0
    sending = 0.0
    for _ in range(_ROUNDS):
        sending = _chance_to_send(windows, collision)
        collision = (collision + 1 - (1 - sending) ** (contenders - 1)) / 2
    silent = (1 - sending) ** contenders
    return Contention(silent / (1 - silent), collision)


def _chance_to_send(windows: list[int], collision: float) -> float:
    """In any one slot: attempts a frame over the slots they take (backoff and the sending)."""
    attempts = slots = 0.0
    reached = 1.0
    for window in windows:
        attempts += reached
        slots += reached * ((window - 1) / 2 + 1)
        reached *= collision
    return attempts / slots
