"""The report as data: bursts, their listeners, badges and the verdict, as in report.json.

Times are milliseconds. Points in time (`*_at_ms`) count from the start of the run, so that a
report can be read without the machine's clock. A figure that could not be had is null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .targets import Targets

SCHEMA = 1  # raised when a field changes its meaning; new fields do not count


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Spread(_Record):
    """Percentiles of n values; null when n is 0."""

    p50: float | None = None
    p95: float | None = None
    n: int = 0


class Gaps(_Record):
    """Holes of more than 100 ms inside a burst."""

    count: int = 0
    total_ms: float = 0.0


class Listener(_Record):
    """One burst at one badge that ought to hear it."""

    name: str
    reached: bool  # the speech was found in what its speaker played
    heard: int  # frames, by the badge's own count; so are the next three
    concealed: int
    late: int
    lost: int
    mouth_to_ear_ms: Spread
    lags_ms: list[float] = Field(repr=False)  # each measured window, in the order of the speech
    clipped_start_ms: float | None
    clipped_end_ms: float | None
    missing_ms: float | None  # audible speech that was not played, anywhere in the burst
    gaps_over_100ms: Gaps
    overlap_ms: float  # another voice at the same time
    overlap_with: list[str]
    stoi: float | None
    stoi_reason: str | None  # why there is no figure
    pesq: float | None
    pesq_reason: str | None


class Burst(_Record):
    """One talk burst, as its talker made it and its listeners heard it."""

    number: int  # from 1, in the order of the run
    talker: str
    speech: str
    queued: bool
    press_at_ms: float
    granted_at_ms: float | None
    release_at_ms: float
    access_ms: float | None  # press to grant; null when it had to queue or never got the floor
    queue_wait_ms: float | None
    audible: bool  # was anything said that could be heard?
    frames_sent: int
    mouth_to_ear_ms: Spread  # of all listeners together
    pesq_codec: float | None  # of the codec alone, with nothing in between: the best there can be
    hears_itself_ms: float  # the talker's own speaker playing the talker's voice
    listeners: list[Listener]


class Badge(_Record):
    """A badge's memory and time. Null: it gave no figure."""

    name: str
    heap_peak_bytes: int | None
    heap_bytes: int | None
    step_ms_max: float | None
    step_ms_p95: float | None
    lag_ms_max: float | None
    mailbox_dropped: int | None


class Failure(_Record):
    """One thing that is wrong, in plain words."""

    kind: Literal["correctness", "timing"]
    text: str
    burst: int | None = None
    badge: str | None = None


class Verdict(_Record):
    passed: bool
    failures: list[Failure]
    # What a reader should know beside the failures, such as a machine that was late itself.
    remarks: list[str]


class Report(_Record):
    """Everything measured in one run."""

    schema_version: int = SCHEMA
    title: str
    speech_source: str
    started_at: datetime
    duration_ms: float
    targets: Targets
    verdict: Verdict
    access_ms: Spread
    mouth_to_ear_ms: Spread
    bursts: list[Burst]
    badges: list[Badge]
