"""Phase 4: one voice reaches a hundred listeners once, by multicast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pressel.sim.world import record
from pressel.sim.world.air.network import MANY
from pressel.sim.world.world import World
from ptt.wire import messages

from .show import Act, Played, Promise, Show, Tell, at_most, talk, unbroken

_LISTENERS = 100
_AIRTIME_MOST = 10  # % of a channel: the target of docs/slo.md
_ALONE_MAX = 0.05  # of the copies without it: who is deaf for a while gets a second of them
_LOSS_MOST = 0.015  # the target is 0.01 over many runs; this is one of ten seconds


class Copies:
    """How often the leader sends voice, and to whom."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.to_all = self.to_one = 0
        world.record.watch(record.SENT, self._on_sent)

    def _on_sent(self, now_us: int, node: int, destination: int, size: int, data: Any) -> None:
        if node == 0 and destination == MANY:
            self.to_all += data[1] == messages.MULTICAST_VOICE
        elif node == 0:
            self.to_one += data[1] == messages.VOICE_FRAME


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    copies = act.guest
    return [
        Promise(
            copies.to_one <= _ALONE_MAX * copies.to_all * _LISTENERS,
            f"voice that went once to all: {copies.to_all} datagrams; to single badges: "
            f"{copies.to_one}, of {copies.to_all * _LISTENERS:,} without multicast",
        ),
        at_most("airtime", act.figure("airtime_talking_percent"), _AIRTIME_MOST, "% of a channel"),
        at_most("frames that were not heard", act.figure("frame_loss"), _LOSS_MOST, "of 1"),
        unbroken(played),
    ]


SHOW = Show(
    "hundred",
    "4",
    "A hundred listeners by multicast",
    "How many datagrams one voice takes to reach a hundred badges.",
    (
        Act(
            "A leader and 101 badges in one channel, whose access point sends multicast to all of "
            "them, at 6 Mb/s. First they try out whether it arrives.",
            participants=_LISTENERS + 1,
            seconds=37,
            settle_s=24,
            profile="many",
            wifi={"basic_rate_kbps": 6000, "beacon_rate_kbps": 6000, "deaf_percent": 0},
            settings={"multicast_group": 258},
            steps=(talk(24, 1, 10),),
            guest=Copies,
        ),
    ),
    judge,
)
