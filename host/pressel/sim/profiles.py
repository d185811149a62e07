"""Network profiles: what the air does to datagrams, as files in units for people.

A profile has either a [hop], one radio hop by chance, or a [wifi], the model of Wi-Fi channels. A
hop is from a participant to its access point or back.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pressel.errors import UsageError

from .facts import Facts, Milliseconds, Percent, Range, Rate, load, names_in, read_table
from .wifi.facts import channel_facts, network

_FOLDER = "profiles"
_PPM = 10_000  # parts per million in a percent

Share = Annotated[float, Field(ge=0, le=100)]


class BurstLoss(Facts):
    """Losses that come together: `share_percent` of the time, `mean_ms` each."""

    share_percent: Annotated[float, Field(gt=0, lt=100)]
    mean_ms: Annotated[int, Field(gt=0, le=60_000)]


class Spike(Facts):
    """A time in which everything waits: after so many of 1,000 datagrams, for up to so long."""

    per_1000: Annotated[float, Field(gt=0, le=1000)]
    up_to_ms: Annotated[int, Field(gt=0, le=60_000)]


class Bandwidth(Facts):
    """What a hop carries, and how long a datagram may queue for it."""

    kbit_per_s: Annotated[int, Field(gt=0)]
    queue_ms: Milliseconds


class Hop(Facts):
    delay_ms: Range
    loss_percent: Share = 0.0
    burst_loss: BurstLoss | None = None
    spike: Spike | None = None
    reorder_percent: Share = 0.0
    duplicate_percent: Share = 0.0
    corrupt_percent: Share = 0.0  # arrive with a flipped bit
    bandwidth: Bandwidth | None = None

    def resolved(self) -> dict[str, int]:
        """In the form that `world.path.Path` takes."""
        loss_ppm = round(self.loss_percent * _PPM)
        burst_ppm = self._burst_ppm()
        if loss_ppm + burst_ppm > 100 * _PPM:
            raise ValueError("more than everything would be lost")
        return {
            "delay_min_us": self.delay_ms[0] * 1000,
            "delay_max_us": self.delay_ms[1] * 1000,
            "loss_ppm": loss_ppm,
            "burst_ppm": burst_ppm,
            "burst_us": self.burst_loss.mean_ms * 1000 if self.burst_loss else 1,
            "spike_ppm": round(self.spike.per_1000 * 1000) if self.spike else 0,
            "spike_us": self.spike.up_to_ms * 1000 if self.spike else 0,
            "reorder_ppm": round(self.reorder_percent * _PPM),
            "duplicate_ppm": round(self.duplicate_percent * _PPM),
            "corrupt_ppm": round(self.corrupt_percent * _PPM),
            "bytes_per_s": self.bandwidth.kbit_per_s * 125 if self.bandwidth else 0,
            "queue_us": self.bandwidth.queue_ms * 1000 if self.bandwidth else 0,
        }

    def _burst_ppm(self) -> int:
        """Chance that a datagram begins a burst, such that voice at 50 packets a second loses
        `share_percent` of them in bursts: a burst of `mean_ms` takes mean_ms / 20 and its first."""
        if self.burst_loss is None:
            return 0
        share = self.burst_loss.share_percent / 100
        packets = 1 + self.burst_loss.mean_ms / 20
        return max(1, round(share / packets / (1 - share) * 1_000_000))


class Wifi(Facts):
    """Channels; signals are spread evenly over the range. The rest is as in `wifi.facts`;
    so many of 100 stations get no multicast, which is forgotten so long after a report. A foreign
    telephone that sleeps at each access point makes it hold all multicast until the DTIM beacon."""

    access_points: Annotated[int, Field(ge=1, le=64)] = 1
    signal_dbm: tuple[int, int] = (-72, -48)
    sleeping_percent: Percent = 0
    phy: Literal["b-long", "b-short", "g", "n"] = "n"
    rate_kbps: Annotated[int, Field(ge=0)] = 0
    interference_percent: Share = 0.0
    beacon_interval_ms: Annotated[float, Field(ge=20.48, le=10_000)] = 102.4
    dtim_period: Annotated[int, Field(ge=1, le=255)] = 1
    basic_rate_kbps: Annotated[int, Field(ge=0)] = 0
    multicast_loss_percent: Share = 0.0
    multicast_to_unicast: Literal[0, 1] = 0
    snooping_s: Annotated[int, Field(ge=0, le=3600)] = 0
    deaf_percent: Percent = 0
    telephone_asleep: Literal[0, 1] = 0

    @model_validator(mode="after")
    def _is_possible(self) -> Wifi:
        low, high = self.signal_dbm
        if not -100 <= low <= high <= 0:
            raise ValueError("signal_dbm: must be from -100 to 0, the weaker first")
        try:
            facts = self.resolved()
            channel_facts(facts, network(facts))
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    def resolved(self) -> dict[str, Any]:
        """In the form that `world.wifi_air.WifiAir` and the channel take."""
        low, high = self.signal_dbm
        many = {
            "basic_rate_kbps": self.basic_rate_kbps,
            "multicast_loss_ppm": round(self.multicast_loss_percent * _PPM),
            "multicast_to_unicast": self.multicast_to_unicast,
            "snooping_us": self.snooping_s * 1_000_000,
            "deaf_percent": self.deaf_percent,
            "telephone_asleep": self.telephone_asleep,
        }
        return {name: value for name, value in many.items() if value} | {
            "access_points": self.access_points,
            "signal_dbm_min": low,
            "signal_dbm_max": high,
            "sleeping_percent": self.sleeping_percent,
            "phy": self.phy,
            "rate_kbps": self.rate_kbps,
            "interference_ppm": round(self.interference_percent * _PPM),
            "beacon_interval_us": round(self.beacon_interval_ms * 1000),
            "dtim_period": self.dtim_period,
        }


class Roaming(Facts):
    """How often stations change their access point in every scenario on this profile, and for how
    long each is silent then."""

    per_minute_percent: Rate
    silent_ms: Range

    def resolved(self) -> dict[str, int]:
        low, high = self.silent_ms
        rate = self.per_minute_percent
        return {"per_minute_percent": rate, "silent_ms_min": low, "silent_ms_max": high}


class Profile(Facts):
    name: str
    why: Annotated[str, Field(min_length=1)]
    hop: Hop | None = None
    wifi: Wifi | None = None
    roam: Roaming | None = None

    @model_validator(mode="after")
    def _has_one_air(self) -> Profile:
        if (self.hop is None) == (self.wifi is None):
            raise ValueError("a profile has either a [hop] or a [wifi]")
        if self.hop:
            self.hop.resolved()
        return self

    def resolved(self) -> dict[str, Any]:
        """The facts that a run takes, in microseconds and parts per million."""
        wifi = self.wifi or Wifi()
        facts: dict[str, Any] = {"name": self.name, "why": self.why, "wifi": wifi.resolved()}
        facts["air"] = "wifi" if self.wifi else "chance"
        facts["path"] = self.hop.resolved() if self.hop else None
        facts["roam"] = self.roam.resolved() if self.roam else None
        return facts


def profile_names() -> list[str]:
    return names_in(_FOLDER)


def load_profile(name: str) -> Profile:
    """A profile by name, or the .toml file at a path; UsageError says what is wrong."""
    return load(_FOLDER, "network profile", name, read_profile)


def read_profile(path: Path) -> Profile:
    return read_table(path, Profile)
