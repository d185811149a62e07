"""What is kept of the last burst of each talk group, and of the one before: its end comes late, is
asked for again, or is reported on, while the next one is under way."""

from .compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Generic, Protocol, TypeVar

    class Leased(Protocol):
        """What is kept of a burst."""

        @property
        def lease(self) -> int: ...

    Burst = TypeVar("Burst", bound=Leased)
else:
    Burst = None
    Generic = {Burst: object}  # at run time there is no typing


class LastBursts(Generic[Burst]):
    """Two of each group at most."""

    def __init__(self) -> None:
        self._last: dict[int, Burst] = {}  # by group
        self._before: dict[int, Burst] = {}
        self._all: list[tuple[int, Burst]] = []  # made when they change, as it is read more often

    def last(self, group: int) -> "Burst | None":
        """The last one; None: it has ended, or there was none."""
        return self._last.get(group)

    def of(self, group: int, lease: int) -> "Burst | None":
        """The one under `lease`; None: nothing is kept of it."""
        burst = self._last.get(group)
        if burst is not None and burst.lease == lease:
            return burst
        burst = self._before.get(group)
        return burst if burst is not None and burst.lease == lease else None

    def last_ones(self) -> "list[tuple[int, Burst]]":
        """(group, burst) of those that `last` gives, by group."""
        return [(group, self._last[group]) for group in sorted(self._last)]

    def all(self) -> "list[tuple[int, Burst]]":
        """(group, burst) of all, by group; those before the last ones first. Not to be changed."""
        return self._all

    def begin(self, group: int, burst: "Burst") -> "Burst | None":
        """`burst` follows the last one of its group. Returns what is kept no longer."""
        forgotten = self._end(group)
        self._last[group] = burst
        self._change()
        return forgotten

    def end(self, group: int) -> "Burst | None":
        """The last one becomes the one before. Returns what is kept no longer."""
        forgotten = self._end(group)
        self._change()
        return forgotten

    def clear(self) -> None:
        """Nothing is kept."""
        self._last = {}
        self._before = {}
        self._change()

    def _end(self, group: int) -> "Burst | None":
        last = self._last.pop(group, None)
        if last is None:
            return None
        forgotten = self._before.get(group)
        self._before[group] = last
        return forgotten

    def _change(self) -> None:
        before = [(group, self._before[group]) for group in sorted(self._before)]
        self._all = before + self.last_ones()
