"""Who hears multicast, as members have reported it."""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..proof.hearing import hears

if TYPE_CHECKING:
    from collections.abc import Sequence

_REPORT_MS = const(25000)  # two reports lost: whoever says nothing is taken to hear nothing


class _Ear:
    __slots__ = ("chain", "forged", "is_good", "late", "probes", "reported_ms")

    def __init__(self) -> None:
        self.chain = 0  # that it knows
        self.is_good = False  # it hears what is sent to many
        self.reported_ms = 0
        self.probes = 0  # as it reported, like what follows
        self.late = 0
        self.forged = 0


class Ears:
    """By node."""

    def __init__(self) -> None:
        self._of: dict[int, _Ear] = {}

    def on_report(self, node: int, fields: "Sequence[int]", now_ms: int) -> int:
        """MULTICAST_REPORT; returns how many more false datagrams have come to it."""
        ear = self._of.get(node)
        if ear is None:
            ear = self._of[node] = _Ear()
            ear.forged = fields[4]
        _, ear.chain, ear.probes, ear.late, forged = fields
        ear.is_good = hears(ear.probes, ear.is_good)
        ear.reported_ms = now_ms
        more = (forged - ear.forged) & 0xFFFF
        ear.forged = forged
        return more

    def on_missed(self, node: int) -> None:
        """It hears nothing, until it reports that it does."""
        ear = self._of.get(node)
        if ear is not None:
            ear.is_good = False

    def on_heard(self, node: int) -> None:
        """It hears a burst of which it gets copies."""
        ear = self._of.get(node)
        if ear is not None:
            ear.is_good = True

    def hears(self, node: int, chain: int, now_ms: int) -> bool:
        """Does it hear, and can it prove by `chain`, what is sent to many?"""
        ear = self._of.get(node)
        return ear is not None and ear.is_good and self.proves(node, chain, now_ms)

    def proves(self, node: int, chain: int, now_ms: int) -> bool:
        """Does it know `chain`, as it has reported of late?"""
        ear = self._of.get(node)
        if ear is None or ear.chain != chain:
            return False
        return age(now_ms, ear.reported_ms) < _REPORT_MS

    def report(self, node: int) -> "tuple[int, int, int] | None":
        """(probes, late, forged) as `node` said last; None: it never did."""
        ear = self._of.get(node)
        return None if ear is None else (ear.probes, ear.late, ear.forged)

    def is_anybody_there(self, now_ms: int) -> bool:
        """Has anybody reported of late?"""
        return any(age(now_ms, each.reported_ms) < _REPORT_MS for each in self._of.values())

    def forget(self, node: int) -> None:
        """It is a member no more. No error if it never reported."""
        self._of.pop(node, None)
