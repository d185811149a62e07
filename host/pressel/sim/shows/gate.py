"""Phase 9: two venues at a gate. The scorecard reads their logs, and lets one of them pass."""

from __future__ import annotations

from collections.abc import Sequence

from pressel.schema.scorecard import scorecard
from pressel.scorecard.card import BROKEN, in_words
from pressel.scorecard.card import judge as card_of
from pressel.scorecard.count import count
from pressel.sim.shift_log import ShiftLog
from pressel.sim.world.world import World

from .show import Act, Played, Promise, Show, Step, Tell, kill, talk, unbroken

_GATE = "pilot"
_OPENS_S = 1_772_450_000.0  # any day
_DAY_S = 86_400.0
_BADGES = 8
_SECONDS = 60


class Logs:
    """What hosts and badges have written down."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.log = ShiftLog(world, _OPENS_S)

    def broken(self, venue: str) -> list[str]:
        """The rules of the gate that its figures break."""
        table = scorecard()
        found = count(venue, self.log.lines, _OPENS_S, _OPENS_S + _DAY_S)
        (card,) = card_of([found], _GATE, table).venues
        return [
            in_words(each, table.rules[each.rule]) for each in card.marks if each.state == BROKEN
        ]


def judge(played: Sequence[Played]) -> list[Promise]:
    good, bad = played
    first, second = good.guest.broken("café"), bad.guest.broken("cellar")
    return [
        Promise(
            not first, f"the café at the gate '{_GATE}': {'; '.join(first) or 'nothing broken'}"
        ),
        Promise(bool(second), f"the cellar, which must not pass: {'; '.join(second) or 'passes'}"),
        unbroken(played),
    ]


def _turns() -> tuple[Step, ...]:
    return tuple(talk(5 + 4 * n, 1 + n % _BADGES, 3) for n in range(12))


SHOW = Show(
    "gate",
    "9",
    "Two venues at a gate",
    "The café is well. In the cellar much is lost, and the only host loses its power again and "
    "again. The scorecard counts what their logs say.",
    (
        Act("The café: a good network.", _BADGES, _SECONDS, _turns(), guest=Logs),
        Act(
            "The cellar: a bad one, and a loose plug.",
            _BADGES,
            _SECONDS,
            (*_turns(), *kill(14, 0, 17), *kill(30, 0, 33), *kill(46, 0, 49)),
            path={"loss_ppm": 80_000},
            guest=Logs,
        ),
    ),
    judge,
)
