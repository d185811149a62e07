"""What a leader reports about bursts that are over: plain data, checked on both ends."""

from __future__ import annotations

import sys
from typing import Annotated

from pydantic import AfterValidator, BaseModel
from pydantic.dataclasses import dataclass

Kept = Annotated[str, AfterValidator(sys.intern)]  # thousands of hearings are of the same few


@dataclass(slots=True)
class HearingState:
    """What one listener heard of a burst, in frames of 20 ms. `played` were as they were spoken,
    `concealed` missing, `late` among these came after their time. `trip_ms`: its round trip to the
    leader, and `delay_ms` how late it plays what comes, as it had reported last; None: not yet.
    There are thousands in memory: it has no more than its fields."""

    name: Kept
    device: Kept
    played: int
    concealed: int
    late: int
    trip_ms: int | None = None
    delay_ms: int | None = None


class BurstState(BaseModel):
    """One burst that is over. `burst` is its number on the wire, which all logs name; `place`
    counts the bursts that this host has told of. `at` is when it began, in seconds since 1970.
    `waited_ms` is how long the talker stood in the queue before, 0 for a floor that was free.
    `cause` is why it ended. `listeners` it was relayed to, `heard` heard something, `whole` all of
    it; those that answered have an entry in `hearings`. `trip_ms` is the talker's round trip to the
    leader, None when it has not reported any; `packet_frames` how many frames went in a packet.
    `codec` is what it was spoken in, "" when another version told of it; `coded_anew` counts the
    listeners who lack that codec, for whom the leader coded it anew."""

    place: int
    burst: int
    term: int
    group: int
    talker: str
    device: str
    at: float
    waited_ms: int
    lasted_ms: int
    cause: str
    listeners: int
    heard: int
    whole: int
    hearings: list[HearingState]
    trip_ms: int | None = None
    packet_frames: int = 1
    codec: str = ""
    coded_anew: int = 0


class BurstPage(BaseModel):
    """Bursts behind a place, oldest first. `run` names the life of the host's process: places of
    another one mean nothing here. `newest` is the highest place there is."""

    run: str
    newest: int
    bursts: list[BurstState]
