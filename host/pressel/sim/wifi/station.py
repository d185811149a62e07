"""One station at an access point: its signal, its queue, what its frames cost and how they fare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .phy import Phy, ack_us, mpdu_bytes, ppdu_us
from .signal import PARTS, best_rate, loss_parts

if TYPE_CHECKING:
    from typing import Protocol

    class Random(Protocol):
        def below(self, limit: int) -> int: ...


_SIZES_MAX = 64  # sizes remembered a station; voice comes in three


class Queue:
    """Frames of one sender that are not yet off the air."""

    __slots__ = ("frames_max", "waiting")

    def __init__(self, frames_max: int) -> None:
        self.waiting = 0
        self.frames_max = frames_max


class Station:
    """`rssi_dbm` holds both ways; `facts` are those of the channel."""

    def __init__(self, phy: Phy, facts: dict[str, int], rssi_dbm: int) -> None:
        self.queue = Queue(facts["station_queue_frames"])
        self.is_asleep = False
        self._is_in_burst = False  # of losses of multicast
        end, lost = facts["burst_end_percent"] * PARTS // 100, facts["multicast_loss_ppm"]
        self._burst_ends = end  # chances of a million, by Gilbert's model
        self._burst_begins = min(PARTS, lost * end // (PARTS - lost))
        self._phy = phy
        self._facts = facts
        self._unicast: dict[int, tuple[int, int, int]] = {}
        self._multicast: dict[int, int] = {}
        self.rate_kbps = 0
        self._signal_dbm = 0
        self.set_rssi(rssi_dbm)

    def set_rssi(self, rssi_dbm: int) -> None:
        facts = self._facts
        self._signal_dbm = rssi_dbm + facts["sensitivity_gain_db"]
        self.rate_kbps = facts["rate_kbps"] or best_rate(
            self._phy.rates_kbps, self._signal_dbm, facts["rate_margin_db"]
        )
        self._unicast.clear()
        self._multicast.clear()

    def unicast_costs(self, payload_bytes: int) -> tuple[int, int, int]:
        """(DIFS and data us, SIFS and ACK us, frames lost in a million) at the present signal."""
        costs = self._unicast.get(payload_bytes)
        if costs is None:
            phy, rate = self._phy, self.rate_kbps
            size = mpdu_bytes(phy, payload_bytes, self._facts["security_bytes"])
            costs = (
                phy.difs_us + ppdu_us(phy, rate, size),
                phy.sifs_us + ack_us(phy, rate),
                self._lost(rate, size),
            )
            _remember(self._unicast, payload_bytes, costs)
        return costs

    def multicast_loss(self, payload_bytes: int) -> int:
        """Frames at the basic rate lost in a million."""
        lost = self._multicast.get(payload_bytes)
        if lost is None:
            size = mpdu_bytes(self._phy, payload_bytes, self._facts["security_bytes"], False)
            lost = self._lost(self._facts["basic_rate_kbps"], size)
            _remember(self._multicast, payload_bytes, lost)
        return lost

    def is_in_burst(self, prng: Random) -> bool:
        """Is this multicast frame lost with others? Asked once a frame."""
        if self._burst_begins:
            change = self._burst_ends if self._is_in_burst else self._burst_begins
            if prng.below(PARTS) < change:
                self._is_in_burst = not self._is_in_burst
        return self._is_in_burst

    def _lost(self, rate_kbps: int, size_bytes: int) -> int:
        """By weak signal or by a neighbour's frame, whichever comes first."""
        weak = loss_parts(rate_kbps, self._signal_dbm, size_bytes)
        foreign = self._facts["interference_ppm"]
        return weak + foreign - weak * foreign // 1_000_000


def _remember(known: dict, key: int, value: object) -> None:
    if len(known) >= _SIZES_MAX:
        known.clear()
    known[key] = value
