"""The searches that `pressel sim explore` makes: name, what is searched, how deep.

With the given `depth` each takes some seconds; deeper is an option. The numbers of states at
`small` are kept in tests: a search that sees others has changed, or is not what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import floor, log, spread, trial
from .floor import FloorModel
from .hosts import RIVALS, SETTLED, Bounds, HostsModel
from .log import LogModel
from .search import Model
from .spread import SpreadModel
from .trial import TrialModel


@dataclass(frozen=True)
class Search:
    """One search: `why` it is there."""

    name: str
    why: str
    bounds: Bounds | floor.Bounds | log.Bounds | spread.Bounds | trial.Bounds
    depth: int
    small: int

    @property
    def nodes(self) -> int:
        """Hosts; 0: it is about none of them."""
        return self.bounds.hosts if isinstance(self.bounds, (Bounds, floor.Bounds)) else 0

    @property
    def badges(self) -> int:
        """0: it is not about a floor."""
        return self.bounds.badges if isinstance(self.bounds, floor.Bounds) else 0

    def model(self) -> Model:
        match self.bounds:
            case floor.Bounds():
                return FloorModel(self.bounds)
            case log.Bounds():
                return LogModel(self.bounds)
            case spread.Bounds():
                return SpreadModel(self.bounds)
            case trial.Bounds():
                return TrialModel(self.bounds)
        return HostsModel(self.bounds)


_TWO = Bounds(2, start=SETTLED)
_THREE = Bounds(3, start=SETTLED)
_QUIET = replace(_THREE, crashes=0, pauses=0, resignations=0)
_RIVALS = Bounds(3, start=RIVALS, same_mark=True, pauses=0, resignations=0)

_TALKS = floor.Bounds(start=floor.TALKS, link=2)
_VOICE = replace(_TALKS, is_listening=True)
_AGAIN = floor.Bounds(start=floor.AGAIN, link=4, is_listening=True)
_NEXT = floor.Bounds(start=floor.TALKS, takeovers=1)
_RESTART = replace(_NEXT, takeovers=2, same_address=True)

_LONG = trial.Bounds(changes=4, losses=2, moves=2, restarts=2, link=3)
_MORE = spread.Bounds(relays=3, listeners=5, fails=3, losses=2)

_SPLIT = log.Bounds()
_GONE = log.Bounds(logs=3, leads=1, changes=1, removals=1, undos=1)
_DISK = log.Bounds(leads=1, changes=1, compactions=1, turns=1)

SEARCHES = (
    Search("two-boot", "two hosts start, with every fault", Bounds(2), 11, 7),
    Search("two-settled", "a leader and a follower, with every fault", _TWO, 11, 7),
    Search("two-wide", "the same, two messages on a link", replace(_TWO, link=2), 9, 6),
    Search("three-boot", "three hosts start, with every fault", Bounds(3), 7, 5),
    Search("three-settled", "a leader and two followers, with every fault", _THREE, 7, 5),
    Search("three-split", "the same, a bad network only, deeper", _QUIET, 10, 7),
    Search("three-rivals", "two stand in one term, a crash; the third has one vote", _RIVALS, 7, 5),
    Search("floor-idle", "two presses of each", floor.Bounds(presses=2, link=2), 9, 7),
    Search("floor-beats", "A talks, B waits; heartbeats", replace(_TALKS, has_beats=True), 6, 5),
    Search("floor-voice", "A talks, B waits; what is heard", _VOICE, 7, 5),
    Search("floor-again", "A talks a second time; B has not heard the first", _AGAIN, 7, 5),
    Search("floor-first", "a takeover from the first press on", floor.Bounds(takeovers=1), 8, 6),
    Search("floor-next", "A talks, B waits; a takeover", _NEXT, 6, 4),
    Search("floor-rivals", "the same, two takeovers", replace(_NEXT, takeovers=2), 5, 4),
    Search("floor-restart", "the same, all leaders at one address", _RESTART, 5, 4),
    Search("trial", "settings, one of which cuts the badge off", trial.Bounds(), 16, 16),
    Search("trial-long", "the same, more of all that happens", _LONG, 10, 6),
    Search("relays", "two relays and four listeners", spread.Bounds(), 16, 16),
    Search("relays-three", "three relays and five listeners", _MORE, 8, 5),
    Search("log-split", "the venue's log on two hosts that both lead", _SPLIT, 7, 4),
    Search("log-removal", "the same on three hosts, one of which is removed", _GONE, 5, 3),
    Search("log-disk", "two hosts, a checkpoint, a disk that is turned back", _DISK, 6, 4),
)
