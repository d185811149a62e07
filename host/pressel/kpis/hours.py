"""The key figures of mission-critical push-to-talk (3GPP TS 22.179, KPI 1 to 4) and what goes with
them, from bursts that are over and from badges' logs.

KPI 1 is measured by a talker's own badge, as in the simulator: from the press to the permission, of
presses that found the floor free. Without its log it is reckoned, as KPI 2 to 4 always are, which
nobody in a venue can measure: see `reckoned`. What nobody knows is None, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pressel.node.burst_state import BurstState
from pressel.spread import Spread
from pressel.trace.logs import Line, passed_ms

from . import reckoned

HOUR_S = 3600
MEASURED, RECKONED = "measured", "reckoned"
SHARE = 0.95  # of the cases, within the limit: TS 22.179 asks it of KPI 1, 3 and 4
KPIS = ("kpi1", "kpi2", "kpi3", "kpi4")
# Limits in ms, and what each figure is.
LIMITS_MS = {
    "kpi1": (300, "press to the permission to talk, when nobody talks"),
    "kpi2": (1000, "press to the permission to talk, when a listener has said that it is there"),
    "kpi3": (300, "mouth to ear"),
    "kpi4": (350, "a listener that joins a running burst hears it"),
}


@dataclass
class Kpi:
    """The samples of one figure, and how many of them were `within` the limit."""

    limit_ms: int
    samples: Spread = field(default_factory=Spread)
    count: int = 0
    within: int = 0

    def add(self, sample_ms: int) -> None:
        self.samples.add(sample_ms * 1000)
        self.count += 1
        self.within += sample_ms <= self.limit_ms

    def as_json(self, name: str, how: str) -> dict[str, Any]:
        is_known = self.count > 0
        return {
            f"{name}_ms": self.samples.figures(),
            f"{name}_within": _share(self.within, self.count),
            f"{name}_kept": self.within >= SHARE * self.count if is_known else None,
            f"{name}_how": how if is_known else None,
        }


def _kpis() -> dict[str, Kpi]:
    return {name: Kpi(LIMITS_MS[name][0]) for name in KPIS}


@dataclass
class Hour:
    """`from_s` since 1970, and `to_s`. `access` is KPI 1 as badges' logs have it, `reckoned` all
    four without them; `waits` how long talkers stood in a queue."""

    from_s: int
    to_s: int
    bursts: int = 0
    talk_ms: int = 0
    cut_off: int = 0
    listeners: int = 0
    heard: int = 0
    whole: int = 0
    played: int = 0
    concealed: int = 0
    access: Kpi = field(default_factory=lambda: Kpi(LIMITS_MS["kpi1"][0]))
    reckoned: dict[str, Kpi] = field(default_factory=_kpis)
    waits: Spread = field(default_factory=Spread)

    def as_json(self) -> dict[str, Any]:
        """Figures in milliseconds and shares; None for what could not be measured."""
        frames = self.played + self.concealed
        kpis: dict[str, Any] = {}
        for name, kpi in self.reckoned.items():
            kpis |= kpi.as_json(name, RECKONED)
        if self.access.count:
            kpis |= self.access.as_json("kpi1", MEASURED)
        return {
            "from_s": self.from_s,
            "to_s": self.to_s,
            "bursts": self.bursts,
            "talk_s": round(self.talk_ms / 1000, 1),
            "cut_off": self.cut_off,
            "queue_wait_ms": self.waits.figures(),
            "heard_share": _share(self.heard, self.listeners),
            "whole_share": _share(self.whole, self.listeners),
            "lost_share": _share(self.concealed, frames),
            **kpis,
        }


def hours(bursts: Iterable[BurstState], lines: Iterable[Line]) -> list[Hour]:
    """Each hour of the clock in which somebody talked, then the whole shift. `lines` of badges'
    logs give KPI 1 for the bursts that are known."""
    known = {each.burst: each for each in bursts}
    if not known:
        return []
    access = access_ms(lines)
    found: dict[int, Hour] = {}
    shift = Hour(_hour_of(min(each.at for each in known.values())), 0)
    for burst in sorted(known.values(), key=lambda each: each.at):
        begin = _hour_of(burst.at)
        hour = found.setdefault(begin, Hour(begin, begin + HOUR_S))
        for each in (hour, shift):
            _add(each, burst, access.get(burst.burst))
    shift.to_s = max(found) + HOUR_S
    return [*found.values(), shift]


def access_ms(lines: Iterable[Line]) -> dict[int, int]:
    """By burst, from the press to the permission, of presses that nobody had to wait for."""
    pressed: dict[str, int | None] = {}
    found: dict[int, int] = {}
    for line in lines:
        if line.ms is None:
            continue
        if line.event == "pending":
            pressed[line.source] = line.ms
        elif line.event in ("queued", "denied", "lost"):
            pressed[line.source] = None
        elif line.event == "granted":
            from_ms = pressed.pop(line.source, None)
            if from_ms is not None:
                found[line.fields["lease"]] = passed_ms(from_ms, line.ms)
    return found


def _add(hour: Hour, burst: BurstState, access: int | None) -> None:
    hour.bursts += 1
    hour.talk_ms += burst.lasted_ms
    hour.cut_off += burst.cause not in ("released", "")
    hour.listeners += burst.listeners
    hour.heard += burst.heard
    hour.whole += burst.whole
    hour.played += sum(each.played for each in burst.hearings)
    hour.concealed += sum(each.concealed for each in burst.hearings)
    if burst.waited_ms:
        hour.waits.add(burst.waited_ms * 1000)
    if access is not None:
        hour.access.add(access)
    for name, samples in (
        ("kpi1", _known(reckoned.access_ms(burst))),
        ("kpi2", _known(reckoned.access_with_listener_ms(burst))),
        ("kpi3", reckoned.mouth_to_ear_ms(burst)),
        ("kpi4", reckoned.late_entry_ms(burst)),
    ):
        for sample in samples:
            hour.reckoned[name].add(sample)


def _known(sample: int | None) -> tuple[int, ...]:
    return () if sample is None else (sample,)


def _hour_of(at_s: float) -> int:
    return int(at_s // HOUR_S) * HOUR_S


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
