"""What everything in the venue stands on: one time, one chance, one network, one record.

It does not know who is on it. Nodes, people and their machines are handed a stage, and the world
and its checkers look at all of them together.
"""

from __future__ import annotations

from typing import Any

from ptt.base.prng import Prng
from ptt.leader.settings_in_force import Settings

from . import keys
from .air.airs import make_air
from .air.network import Network
from .air.path import STEP_US
from .late import LateLink
from .local_clock import PERIOD_MS, LocalClock
from .loop import EventLoop
from .record import Record
from .seal import Seal, StandInLink, kind_of


class Stage:
    """`spec`: as of `World`; with "smooth", badges have the smooth playout; with "late", counters
    begin near their ends. `send(source,
    destination, data)` puts a datagram on the network."""

    def __init__(self, spec: Any, loop: EventLoop) -> None:
        self.spec = spec
        self.participants: int = spec["participants"]
        wanted: int | None = spec.get("standbys")
        self.standbys: int = spec["scenario"].get("standbys", 0) if wanted is None else wanted
        is_v1 = spec["protocol"] == "v1"  # whose nodes do not count time in whole milliseconds
        # A second device with the identity of node `twin_of`; 0: there is none.
        self.twin_of: int = spec["scenario"].get("twin", {}).get("of", 0)
        self.twin = self.participants + self.standbys + 1 if self.twin_of and not is_v1 else 0
        self.is_smooth: bool = spec.get("smooth", False)
        self.is_late: bool = spec.get("late", False)
        settings = spec["scenario"].get("settings") or {}
        self.hears_many = settings.get("multicast_group", 0) > 0
        self.hears_relays = settings.get("own_listeners", 0) > 0
        self.seal = Seal(kind_of(spec), keys.CheapCipher, LateLink if self.is_late else StandInLink)
        self.loop = loop
        self.prng = _chance(spec["seed"])
        self.record = Record(loop)
        self.note = self.record.note
        step_us = 1 if is_v1 else STEP_US
        air = make_air(spec["profile"], max(self.participants, self.twin), self.prng, step_us)
        self.network = Network(loop, self.record, air, in_one_go=not is_v1)
        self.send = self.network.send

    def orders(self) -> dict[str, Any]:
        """What the operator has decided, as a leader takes it: settings, and who may do what."""
        scenario = self.spec["scenario"]
        speech, wanted = scenario.get("speech") or {}, scenario.get("settings") or {}
        found: dict[str, Any] = {}
        if wanted:
            found["settings"] = Settings(1, **wanted)
        if speech.get("priority_percent") or speech.get("emergency_percent"):
            found["roster"] = keys.EntitledRoster()
        return found

    def new_clock(self, drift_ppm: int) -> LocalClock:
        """A clock that began long ago; one in eight is about to wrap."""
        if self.is_late:
            ends_ms = self.spec["scenario"]["duration_s"] * 1000
            return LocalClock(PERIOD_MS - 1 - self.prng.below(ends_ms), drift_ppm)
        if self.prng.below(8) == 0:
            return LocalClock(PERIOD_MS - 1 - self.prng.below(20_000), drift_ppm)
        return LocalClock(self.prng.below(PERIOD_MS), drift_ppm)

    def new_drift_ppm(self) -> int:
        """Of one crystal."""
        limit: int = self.spec["scenario"].get("drift_ppm_max", 0)
        return self.prng.below(2 * limit + 1) - limit


def _chance(seed: int) -> Prng:
    prng = Prng(seed * 2_654_435_761 + 97)  # neighbouring seeds must not give similar runs
    for _ in range(8):
        prng.below(2)  # xorshift's first numbers still show the seed
    return prng
