"""What one run hands to the report: the sound of every badge, and what its script and logs say.

Plain data on one time base: every `*_ms` time is a monotonic millisecond of the machine that ran
it (`time.monotonic_ns() / 1e6`). How the run was made is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .timeline import PcmTimeline


@dataclass(frozen=True)
class BadgeStats:
    """A badge's own figures, as in the virtual badge's event "stats"; None where it gave none."""

    heap_peak_bytes: int | None = None
    heap_bytes: int | None = None
    step_ms_max: float | None = None
    step_ms_p95: float | None = None
    lag_ms_max: float | None = None  # how late the host's timers fired: the machine's fault
    mailbox_dropped: int | None = None  # datagrams lost because the badge's mailbox was full

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> BadgeStats:
        """Take the known fields of an event; others are ignored, missing ones stay None."""
        return cls(**{name: event.get(name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class BadgeRun:
    """One badge: unique name, what its microphone heard and its speaker played in the whole run."""

    name: str
    microphone: PcmTimeline
    speaker: PcmTimeline
    stats: BadgeStats = field(default_factory=BadgeStats)


@dataclass(frozen=True)
class ListenerFrames:
    """What one listening badge counted of one burst, in frames of 20 ms."""

    name: str
    heard: int
    concealed: int = 0
    late: int = 0
    lost: int = 0


@dataclass(frozen=True)
class BurstRun:
    """One talk burst: a press of the button, and what came of it.

    `t_granted_ms` is None when the floor was never given. `queued` says that the badge was told to
    wait first; then there is a waiting time instead of an access time, and speech counts only from
    the grant on. [`first_ms`, `last_ms`) is the time in which the talker's microphone heard the
    speech (the events "spoke"). `listeners` names every badge that ought to hear the burst; the
    talker is not among them.
    """

    talker: str
    t_press_ms: float
    t_granted_ms: float | None
    t_release_ms: float
    first_ms: float
    last_ms: float
    frames_sent: int
    listeners: tuple[ListenerFrames, ...]
    queued: bool = False
    speech: str = ""  # what is said, for people

    @property
    def judged_ms(self) -> tuple[float, float]:
        """The part of the speech that the system owes: said with the button down, and, after a
        wait in the queue, with the floor held. Empty (equal ends) when there is none."""
        held_from = self.t_press_ms
        if self.queued and self.t_granted_ms is not None:
            held_from = self.t_granted_ms
        start = max(self.first_ms, held_from)
        return start, max(start, min(self.last_ms, self.t_release_ms))


@dataclass(frozen=True)
class RunData:
    """A whole run. `remarks` are shown as they are; `targets` are in targets.py, not here."""

    title: str
    speech_source: str
    started_at: datetime  # aware
    badges: tuple[BadgeRun, ...]
    bursts: tuple[BurstRun, ...]
    remarks: tuple[str, ...] = ()

    def badge(self, name: str) -> BadgeRun:
        """Raises ValueError for a name that no badge of this run has."""
        for badge in self.badges:
            if badge.name == name:
                return badge
        known = ", ".join(badge.name for badge in self.badges) or "none"
        raise ValueError(f"no badge is called {name!r}; this run has: {known}")

    @property
    def span_ms(self) -> tuple[float, float]:
        """From the first to the last recorded sample or button edge; (0, 0) when empty."""
        lines = [line for b in self.badges for line in (b.microphone, b.speaker) if len(line.pcm)]
        starts = [line.t0_ms for line in lines] + [b.t_press_ms for b in self.bursts]
        ends = [line.end_ms for line in lines] + [b.t_release_ms for b in self.bursts]
        return (min(starts), max(ends)) if starts else (0.0, 0.0)
