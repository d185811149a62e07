"""One radio hop by chance: delay, jitter, loss, loss bursts, spikes, reordering, duplication.

Facts come from a network profile, every draw from the world's generator. A hop keeps the order of
its datagrams, as Wi-Fi does, except where the profile says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptt.base.prng import Prng

from .. import record

_MILLION = 1_000_000
STEP_US = 1_000  # as engines count time: what reaches many nodes within one step arrives together


class Path:
    """One direction of one station's radio. `facts`: a profile's, all times in microseconds,
    chances in parts per million. Arrivals are told in multiples of `step_us`."""

    def __init__(self, facts: Mapping[str, Any], prng: Prng, step_us: int = STEP_US) -> None:
        self._prng = prng
        self._step_us = step_us
        self._apart_us = 1 if step_us == 1 else 0  # what comes in one step stays in order
        self._min_us: int = facts["delay_min_us"]
        self._spread_us: int = facts["delay_max_us"] - facts["delay_min_us"]
        self._loss_ppm: int = facts["loss_ppm"]
        self._burst_ppm: int = facts["burst_ppm"]
        self._burst_us: int = facts["burst_us"]
        self._spike_ppm: int = facts["spike_ppm"]
        self._spike_us: int = facts["spike_us"]
        self._reorder_ppm: int = facts["reorder_ppm"]
        self._duplicate_ppm: int = facts["duplicate_ppm"]
        self._corrupt_ppm: int = facts.get("corrupt_ppm", 0)
        self._bytes_per_s: int = facts["bytes_per_s"]
        self._queue_us: int = facts["queue_us"]
        self._lost_until_us = 0
        self._spike_until_us = 0
        self._last_us = 0  # arrival of the one before
        self._free_us = 0  # when the link can take the next
        self.why_lost = record.BY_NETWORK  # the last one
        self.spikes = self.overtaken = self.duplicates = self.corrupted = 0  # so far

    def calm(self) -> None:
        """From now on it does nothing but delay."""
        self._loss_ppm = self._burst_ppm = self._spike_ppm = self._corrupt_ppm = 0
        self._reorder_ppm = self._duplicate_ppm = self._bytes_per_s = 0
        self._lost_until_us = self._spike_until_us = 0

    def corrupts(self) -> bool:
        """Is the datagram that passed last to be changed? Draws only where one can be."""
        if not self._corrupt_ppm or self._prng.below(_MILLION) >= self._corrupt_ppm:
            return False
        self.corrupted += 1
        return True

    def transit(self, now_us: int, size_bytes: int) -> tuple[int, int]:
        """When a datagram sent now arrives, and when its duplicate does; -1: not at all."""
        below = self._prng.below
        if now_us < self._lost_until_us:
            self.why_lost = record.BY_BURST
            return -1, -1
        chance = below(_MILLION)
        if chance < self._loss_ppm + self._burst_ppm:
            self.why_lost = record.BY_NETWORK
            if chance >= self._loss_ppm:
                self.why_lost = record.BY_BURST
                self._lost_until_us = now_us + 1 + below(2 * self._burst_us)
            return -1, -1
        begin_us = now_us
        if self._bytes_per_s:
            begin_us = max(now_us, self._free_us)
            if begin_us - now_us > self._queue_us:
                self.why_lost = record.BY_QUEUE
                return -1, -1
            begin_us += size_bytes * _MILLION // self._bytes_per_s
            self._free_us = begin_us
        due_us = begin_us + self._min_us
        if self._spread_us:
            due_us += below(self._spread_us + 1)
        if self._spike_ppm and below(_MILLION) < self._spike_ppm:
            self._spike_until_us = now_us + below(self._spike_us + 1)
            self.spikes += 1
        if due_us < self._spike_until_us:
            due_us = self._spike_until_us
        step_us = self._step_us
        due_us = (due_us + step_us // 2) // step_us * step_us
        if self._reorder_ppm and below(_MILLION) < self._reorder_ppm:
            self.overtaken += 1
            return due_us, -1  # may overtake
        if due_us < self._last_us + self._apart_us:
            due_us = self._last_us + self._apart_us
        self._last_us = due_us
        if self._duplicate_ppm and below(_MILLION) < self._duplicate_ppm:
            self.duplicates += 1
            return due_us, due_us + step_us + below(self._min_us + 1) // step_us * step_us
        return due_us, -1
