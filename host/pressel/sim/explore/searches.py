"""The searches that `pressel sim explore` makes: name, what is searched, how deep.

`depth` is what takes some seconds each; deeper is an option. The numbers of states at `small` are
kept in tests: a search that sees others has changed, or is not what it says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .hosts import RIVALS, SETTLED, Bounds, HostsModel
from .search import Model


@dataclass(frozen=True)
class Search:
    """One search: `why` it is there."""

    name: str
    why: str
    bounds: Bounds
    depth: int
    small: int

    @property
    def nodes(self) -> int:
        return self.bounds.hosts

    def model(self) -> Model:
        return HostsModel(self.bounds)


_TWO = Bounds(2, start=SETTLED)
_THREE = Bounds(3, start=SETTLED)
_QUIET = replace(_THREE, crashes=0, pauses=0, resignations=0)
_RIVALS = Bounds(3, start=RIVALS, same_mark=True, pauses=0, resignations=0)

SEARCHES = (
    Search("two-boot", "two hosts start, with every fault", Bounds(2), 11, 7),
    Search("two-settled", "a leader and a follower, with every fault", _TWO, 11, 7),
    Search("two-wide", "the same, two messages on a link", replace(_TWO, link=2), 9, 6),
    Search("three-boot", "three hosts start, with every fault", Bounds(3), 7, 5),
    Search("three-settled", "a leader and two followers, with every fault", _THREE, 7, 5),
    Search("three-split", "the same, a bad network only, deeper", _QUIET, 10, 7),
    Search("three-rivals", "two stand in one term, a crash; the third has one vote", _RIVALS, 7, 5),
)
