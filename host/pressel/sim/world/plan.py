"""Turns a scenario into what happens when: every press, fault and cut of one run, from its seed.

A step is (time in us, action, node, measure); actions are methods of `World`. The plan knows how
many participants there are, but not what they run, so that old and new apps get the same script.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptt.base.numbers import JOINS_MS
from ptt.base.prng import Prng
from ptt.wire.messages import LANE_EMERGENCY, LANE_PRIORITY, LANE_ROUTINE

Step = tuple  # (at_us, action, node, measure)

_S = 1_000_000
_MS = 1_000
_FLOOD_MAX = 40  # datagrams of a stranger at once: several mailboxes of a badge
CALM_JOIN_MS = 14_000  # all are members again: memberships end after 5 s, searches slow down to 2 s
CALLED_UP = 5  # of the participants, once all is calm
_CALLED_MS = 700  # a word each
_CALLED_GAP_MS = 1300  # a tail, and a listener's delay
TWIN_JOIN_MS = CALM_JOIN_MS + JOINS_MS  # two with one identity use up what it may join in a minute
_CALLS_MS = CALLED_UP * (_CALLED_MS + _CALLED_GAP_MS)
CALM_MS_LEAST = CALM_JOIN_MS + _CALLS_MS
TWIN_CALM_MS_LEAST = TWIN_JOIN_MS + _CALLS_MS


def calm_join_ms(scenario: Mapping[str, Any]) -> int:
    """From the beginning of the calm until all must be members again."""
    return TWIN_JOIN_MS if scenario.get("twin") else CALM_JOIN_MS


class Plan:
    """`steps` in order of time, for participants 1..`participants`."""

    def __init__(
        self,
        scenario: Mapping[str, Any],
        participants: int,
        prng: Prng,
        roam: Mapping[str, Any] | None = None,
        standbys: int = 0,
    ) -> None:
        """`roam`: what a network profile adds to every scenario."""
        self._calm_join_ms = calm_join_ms(scenario)
        self._count = participants
        self._standbys = standbys
        self._prng = prng
        calm = scenario.get("calm")
        self._end_us: int = scenario["duration_s"] * _S  # of speech and faults
        if calm:
            self._end_us -= calm["lasts_ms"] * _MS
        self._from_us: int = scenario["settle_s"] * _S
        self.steps: list[Any] = []
        speech = scenario.get("speech") or {}
        self._emergency_percent: int = speech.get("emergency_percent", 0)
        self._priority_percent: int = speech.get("priority_percent", 0)
        for what in (
            "speech", "churn", "roam", "leader", "partition", "machine", "points", "disk", "wire",
            "relays", "twin", "calm",
        ):  # fmt: skip
            facts = scenario.get(what)
            if facts:
                getattr(self, "_plan_" + what)(facts)
        if roam:
            self._plan_roam(roam)
        self.steps.sort(key=lambda step: step[0])

    # --- speech ---

    def _plan_speech(self, facts: Mapping[str, Any]) -> None:
        pattern = facts["pattern"]
        if pattern == "one":
            self._talk(self._from_us, 1 + self._prng.below(self._count), self._hold_us(facts))
        elif pattern == "turns":
            self._take_turns(facts)
        elif pattern == "together":
            self._press_together(facts)
        else:
            self._press_at_random(facts)

    def _take_turns(self, facts: Mapping[str, Any]) -> None:
        """Somebody talks, a pause, somebody else talks: a conversation in good order."""
        at_us = self._from_us
        while at_us < self._end_us:
            hold_us = self._hold_us(facts)
            self._talk(at_us, 1 + self._prng.below(self._count), hold_us)
            at_us += hold_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _press_together(self, facts: Mapping[str, Any]) -> None:
        """Everybody in the same instant, again and again."""
        at_us = self._from_us
        while at_us < self._end_us:
            for node in range(1, self._count + 1):
                self._talk(at_us, node, self._hold_us(facts))
            at_us += self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _press_at_random(self, facts: Mapping[str, Any]) -> None:
        """Each of the talkers after pauses of its own."""
        talkers = max(1, self._count * facts["talkers_percent"] // 100)
        for node in self._choose(talkers):
            at_us = self._from_us + self._prng.below(facts["gap_ms_max"]) * _MS
            while at_us < self._end_us:
                hold_us = self._hold_us(facts)
                self._talk(at_us, node, hold_us)
                at_us += hold_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _talk(self, at_us: int, node: int, hold_us: int) -> None:
        if at_us + hold_us <= self._end_us:
            lane = self._lane()
            self.steps.append((at_us, "talk", node, (hold_us, lane) if lane else hold_us))

    def _lane(self) -> int:
        if self._happens(self._emergency_percent):
            return LANE_EMERGENCY
        return LANE_PRIORITY if self._happens(self._priority_percent) else LANE_ROUTINE

    def _hold_us(self, facts: Mapping[str, Any]) -> int:
        return self._between(facts["hold_ms_min"], facts["hold_ms_max"]) * _MS

    # --- faults ---

    def _plan_churn(self, facts: Mapping[str, Any]) -> None:
        for at_us in self._times(facts["per_minute_percent"]):
            node = 1 + self._prng.below(self._count)
            absent_us = self._between(facts["absent_ms_min"], facts["absent_ms_max"]) * _MS
            keeps_disk = 0 if self._prng.below(100) < facts["disk_lost_percent"] else 1
            self.steps.append((at_us, "crash", node, keeps_disk))
            self.steps.append((at_us + absent_us, "start", node, 0))

    def _plan_roam(self, facts: Mapping[str, Any]) -> None:
        for at_us in self._times(facts["per_minute_percent"]):
            silent_us = self._between(facts["silent_ms_min"], facts["silent_ms_max"]) * _MS
            self.steps.append((at_us, "roam", 1 + self._prng.below(self._count), silent_us))

    def _plan_leader(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        if facts.get("first_spread_ms"):
            at_us += self._prng.below(facts["first_spread_ms"] * _MS)
        while at_us < self._end_us:
            is_gentle = self._prng.below(100) < facts["resign_percent"]
            keeps_disk = 0 if self._prng.below(100) < facts["disk_lost_percent"] else 1
            is_paused = self._happens(facts.get("pause_percent", 0))
            fault = "pause" if is_paused else "resign" if is_gentle else "crash"
            self.steps.append((at_us, fault, 0, keeps_disk))
            absent_us = self._between(facts["absent_ms_min"], facts["absent_ms_max"]) * _MS
            self.steps.append((at_us + absent_us, "resume" if is_paused else "start", 0, 0))
            at_us += absent_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_partition(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us:
            size = max(1, self._count * facts["share_percent"] // 100)
            away = frozenset(self._choose(size))
            if self._standbys and self._happens(facts.get("standby_percent", 0)):
                first = self._count + 1
                standbys = frozenset(
                    range(first + self._prng.below(self._standbys), first + self._standbys)
                )
                away = standbys if self._prng.below(3) == 0 else away | standbys
            kind = 0
            if self._prng.below(100) < facts["one_way_percent"]:
                kind = 1 + self._prng.below(2)
            self.steps.append((at_us, "cut", kind, away))
            lasts_us = self._between(facts["lasts_ms_min"], facts["lasts_ms_max"]) * _MS
            self.steps.append((at_us + lasts_us, "heal", 0, 0))
            at_us += lasts_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_machine(self, facts: Mapping[str, Any]) -> None:
        """Pauses, clock steps and radios without memory; node 0 is the leader."""
        for at_us in self._times(facts["pauses_per_minute_percent"]):
            node = self._prng.below(self._count + 1)
            lasts_us = self._between(facts["pause_ms_min"], facts["pause_ms_max"]) * _MS
            self.steps.append((at_us, "pause", node, 0))
            self.steps.append((at_us + lasts_us, "resume", node, 0))
        for at_us in self._times(facts["clock_steps_per_minute_percent"]):
            ahead_ms = self._prng.below(2 * facts["clock_step_ms_max"] + 1)
            node = self._prng.below(self._count + 1)
            self.steps.append((at_us, "step_clock", node, ahead_ms - facts["clock_step_ms_max"]))
        for at_us in self._times(facts["no_memory_per_minute_percent"]):
            node = 1 + self._prng.below(self._count)
            self.steps.append((at_us, "lose_memory", node, 1 + self._prng.below(8)))

        for at_us in self._times(facts.get("slews_per_minute_percent", 0)):
            ppm = self._prng.below(2 * facts["slew_ppm"] + 1) - facts["slew_ppm"]
            self.steps.append((at_us, "slew_clock", self._prng.below(self._count + 1), ppm))
        for at_us in self._times(facts.get("floods_per_minute_percent", 0)):
            node = 1 + self._prng.below(self._count)
            self.steps.append((at_us, "flood", node, 1 + self._prng.below(_FLOOD_MAX)))
        for at_us in self._times(facts.get("address_changes_per_minute_percent", 0)):
            self.steps.append((at_us, "readdress", 1 + self._prng.below(self._count), 0))
        for at_us in self._times(facts.get("half_open_per_minute_percent", 0)):
            node, is_down = 1 + self._prng.below(self._count), self._prng.below(2)
            lasts_us = self._between(facts["half_open_ms_min"], facts["half_open_ms_max"]) * _MS
            self.steps.append((at_us, "half_open", node, (is_down, lasts_us)))
        for at_us in self._times(facts.get("address_swaps_per_minute_percent", 0)):
            one, other = self._choose(2)
            self.steps.append((at_us, "swap_address", one, other))
        for at_us in self._times(facts.get("heap_exhaustions_per_minute_percent", 0)):
            self.steps.append((at_us, "exhaust_heap", 1 + self._prng.below(self._count), 0))

    def _plan_points(self, facts: Mapping[str, Any]) -> None:
        size = max(1, self._count * facts["share_percent"] // 100)
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us:
            silent_us = self._between(facts["silent_ms_min"], facts["silent_ms_max"]) * _MS
            self.steps.append((at_us, "restart_point", silent_us, tuple(self._choose(size))))
            at_us += silent_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_disk(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us:
            place = self._prng.below(self._standbys + 1)
            host = self._count + place if place else 0
            lasts_us = self._between(facts["lasts_ms_min"], facts["lasts_ms_max"]) * _MS
            fault = "slow_disk" if self._happens(facts["slow_percent"]) else "fill_disk"
            if self._happens(facts.get("killed_percent", 0)):
                fault = "kill_writing"
            self.steps.append((at_us, fault, host, lasts_us))
            at_us += lasts_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_wire(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us:
            place = self._prng.below(self._standbys + 1)
            host = self._count + place if place else 0
            lasts_us = self._between(facts["lasts_ms_min"], facts["lasts_ms_max"]) * _MS
            self.steps.append((at_us, "stall_wire", host, lasts_us))
            at_us += lasts_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_relays(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us and self._standbys:
            host = self._count + 1 + self._prng.below(self._standbys)
            lasts_us = self._between(facts["lasts_ms_min"], facts["lasts_ms_max"]) * _MS
            drawn = self._prng.below(100)
            if drawn < facts["slow_percent"]:
                self.steps.append((at_us, "slow_relay", host, lasts_us))
            elif drawn < facts["slow_percent"] + facts["lies_percent"]:
                self.steps.append((at_us, "let_relay_lie", host, lasts_us))
            else:
                self.steps.append((at_us, "crash", host, 1))
                self.steps.append((at_us + lasts_us, "start", host, 0))
            at_us += lasts_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_twin(self, facts: Mapping[str, Any]) -> None:
        at_us = self._from_us + facts["first_ms"] * _MS
        while at_us < self._end_us:
            stays_us = self._between(facts["stays_ms_min"], facts["stays_ms_max"]) * _MS
            self.steps.append((at_us, "twin_comes", 0, 0))
            self.steps.append((at_us + stays_us, "twin_goes", 0, 0))
            at_us += stays_us + self._between(facts["gap_ms_min"], facts["gap_ms_max"]) * _MS

    def _plan_calm(self, facts: Mapping[str, Any]) -> None:
        """What goes wrong is over; later some talk, one after the other."""
        self.steps.append((self._end_us, "calm", 0, 0))
        at_us = self._end_us + self._calm_join_ms * _MS
        for node in self._choose(min(self._count, CALLED_UP)):
            self.steps.append((at_us, "talk", node, _CALLED_MS * _MS))
            at_us += (_CALLED_MS + _CALLED_GAP_MS) * _MS

    # --- draws ---

    def _happens(self, percent: int) -> bool:
        """Draws only where there can be one, so that older scenarios keep their runs."""
        return percent > 0 and self._prng.below(100) < percent

    def _times(self, per_minute_percent: int) -> list[int]:
        """So many times a minute, in percent of the participants, at random."""
        if not per_minute_percent:
            return []
        span_us = self._end_us - self._from_us
        count = per_minute_percent * self._count * span_us // (100 * 60 * _S)
        return [
            self._from_us + self._prng.below(span_us // _MS) * _MS for _ in range(max(1, count))
        ]

    def _between(self, low: int, high: int) -> int:
        return low + self._prng.below(high - low + 1)

    def _choose(self, count: int) -> list[int]:
        """`count` different participants."""
        nodes = list(range(1, self._count + 1))
        for n in range(count):
            other = n + self._prng.below(len(nodes) - n)
            nodes[n], nodes[other] = nodes[other], nodes[n]
        return nodes[:count]
