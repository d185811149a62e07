"""Scenarios: who talks when, and what goes wrong meanwhile, as files in units for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ptt.base.numbers import FRAMES_PER_PACKET_MAX, STANDBYS_MAX

from .facts import Facts, Milliseconds, Percent, Range, Rate, load, names_in, read_table
from .world.plan import CALM_MS_LEAST, TWIN_CALM_MS_LEAST

_FOLDER = "scenarios"


class Speech(Facts):
    """`one`: somebody, once; `turns`: one after the other; `random`: each of the talkers after
    pauses of its own; `together`: everybody in the same instant. So many of 100 presses are with
    priority, or emergencies, which everybody may do then."""

    pattern: Literal["one", "turns", "random", "together"]
    hold_ms: Range
    gap_ms: Range | None = None
    talkers_percent: Percent | None = None
    priority_percent: Percent = 0
    emergency_percent: Percent = 0

    @model_validator(mode="after")
    def _is_whole(self) -> Speech:
        if self.pattern != "one" and (self.gap_ms is None or self.gap_ms[1] == 0):
            raise ValueError(f"the pattern '{self.pattern}' needs gap_ms above 0")
        if self.pattern == "random" and self.talkers_percent is None:
            raise ValueError("the pattern 'random' needs talkers_percent")
        return self


class VenueSettings(Facts):
    """What the venue's settings are in place of the defaults."""

    talk_ms: Annotated[int, Field(ge=1000, le=1_300_000)] | None = None
    queue_places: Annotated[int, Field(ge=1, le=128)] | None = None
    preemption: Literal[0, 1] | None = None
    multicast_group: Annotated[int, Field(ge=0, le=65535)] | None = None
    own_listeners: Annotated[int, Field(ge=0, le=255)] | None = None
    packet_frames: Annotated[int, Field(ge=0, le=FRAMES_PER_PACKET_MAX)] | None = None


class Churn(Facts):
    """Participants that go and come back, so many times a minute in percent of all."""

    per_minute_percent: Rate
    absent_ms: Range
    disk_lost_percent: Percent = 0


class Roam(Facts):
    per_minute_percent: Rate
    silent_ms: Range


class LeaderFaults(Facts):
    """The leader is killed again and again; in so many of 100 cases it resigns or stands still
    instead."""

    first_ms: Milliseconds
    first_spread_ms: Milliseconds = 0  # so much later at most
    gap_ms: Range
    absent_ms: Range
    resign_percent: Percent = 0
    pause_percent: Percent = 0
    disk_lost_percent: Percent = 0


class Partition(Facts):
    """A share of the participants is cut off from the rest, again and again; in so many of 100
    cases the leader's standbys, or some of them, are on their side, or are cut off alone."""

    first_ms: Milliseconds
    lasts_ms: Range
    gap_ms: Range
    share_percent: Percent
    one_way_percent: Percent = 0
    standby_percent: Percent = 0


class Points(Facts):
    """An access point that restarts, again and again: its share of the participants is silent."""

    first_ms: Milliseconds
    silent_ms: Range
    gap_ms: Range
    share_percent: Percent


class Disk(Facts):
    """A host's disk that takes nothing for a time, or in so many of 100 cases all very late."""

    first_ms: Milliseconds
    lasts_ms: Range
    gap_ms: Range
    slow_percent: Percent = 0
    killed_percent: Percent = 0  # of the cases: instead, power goes in the midst of a write


class Wire(Facts):
    """The channel between one host and the others stalls, again and again: what is sent waits, and
    comes all at once."""

    first_ms: Milliseconds
    lasts_ms: Range
    gap_ms: Range


class RelayFaults(Facts):
    """A standby that relays is killed, again and again; in so many of 100 cases it is slow instead,
    or slow with what it relays while it says that it has nothing to do."""

    first_ms: Milliseconds
    lasts_ms: Range
    gap_ms: Range
    slow_percent: Percent = 0
    lies_percent: Percent = 0


class Twin(Facts):
    """A second device with the identity and key of participant `of` comes and goes."""

    of: Annotated[int, Field(ge=1)] = 1
    first_ms: Milliseconds
    stays_ms: Range
    gap_ms: Range


class Calm(Facts):
    """So long before its end all that goes wrong is over. Then everybody has to come back, and some
    are called up: each of them talks once, and all the others hear it."""

    lasts_ms: Annotated[int, Field(ge=CALM_MS_LEAST, le=3_600_000)]


class Machine(Facts):
    """What befalls single machines: they stand still, their clocks are set or run at another speed,
    radios have no memory left, strangers fill the mailbox, they get another address or swap theirs,
    a link works one way only, the heap of a badge has no room for what a datagram asks."""

    pauses_per_minute_percent: Rate = 0
    pause_ms: Range = (0, 0)
    clock_steps_per_minute_percent: Rate = 0
    clock_step_ms: Milliseconds = 0
    no_memory_per_minute_percent: Rate = 0
    slews_per_minute_percent: Rate = 0
    slew_ppm: Annotated[int, Field(ge=0, le=500)] = 0
    floods_per_minute_percent: Rate = 0
    address_changes_per_minute_percent: Rate = 0
    half_open_per_minute_percent: Rate = 0
    half_open_ms: Range = (0, 0)
    address_swaps_per_minute_percent: Rate = 0
    heap_exhaustions_per_minute_percent: Rate = 0


class Scenario(Facts):
    name: str
    why: Annotated[str, Field(min_length=1)]
    duration_s: Annotated[int, Field(gt=0, le=86_400)]
    settle_s: Annotated[int, Field(ge=0)]
    drift_ppm: Annotated[int, Field(ge=0, le=500)] = 0
    standbys: Annotated[int, Field(ge=0, le=STANDBYS_MAX)] = 0  # unless others are asked for
    settings: VenueSettings | None = None
    speech: Speech | None = None
    churn: Churn | None = None
    roam: Roam | None = None
    leader: LeaderFaults | None = None
    partition: Partition | None = None
    machine: Machine | None = None
    points: Points | None = None
    disk: Disk | None = None
    wire: Wire | None = None
    relays: RelayFaults | None = None
    twin: Twin | None = None
    calm: Calm | None = None

    @model_validator(mode="after")
    def _has_time(self) -> Scenario:
        if self.settle_s >= self.duration_s:
            raise ValueError("settle_s must be less than duration_s")
        if self.calm and self.settle_s * 1000 + self.calm.lasts_ms >= self.duration_s * 1000:
            raise ValueError("settle_s and the calm must leave time before it")
        if self.calm and self.twin and self.calm.lasts_ms < TWIN_CALM_MS_LEAST:
            raise ValueError(f"with a twin the calm must last {TWIN_CALM_MS_LEAST} ms at least")
        return self

    def resolved(self) -> dict[str, Any]:
        """The facts that a run takes: whole numbers, ranges as two keys."""
        facts = self.model_dump(exclude_none=True, exclude={"drift_ppm"})
        facts["drift_ppm_max"] = self.drift_ppm
        for name, value in facts.items():
            if isinstance(value, dict):
                facts[name] = _flat(value)
        if self.machine:
            facts["machine"]["clock_step_ms_max"] = self.machine.clock_step_ms
        return facts


def _flat(table: dict[str, Any]) -> dict[str, Any]:
    """`hold_ms = (a, b)` becomes hold_ms_min and hold_ms_max."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, tuple):
            flat[f"{key}_min"], flat[f"{key}_max"] = value
        else:
            flat[key] = value
    return flat


def scenario_names() -> list[str]:
    return names_in(_FOLDER)


def load_scenario(name: str) -> Scenario:
    """A scenario by name, or the .toml file at a path; UsageError says what is wrong."""
    return load(_FOLDER, "scenario", name, read_scenario)


def read_scenario(path: Path) -> Scenario:
    return read_table(path, Scenario)
