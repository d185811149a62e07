"""The facts of a channel: the defaults with their reasons, and the check of those that are
given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import UsageError
from .phy import CCMP_BYTES, DSSS_RATES, PHYS, TIME_UNIT_US, Phy
from .signal import PARTS

if TYPE_CHECKING:
    from typing import Any

FACTS = {
    "basic_rate_kbps": 6000,  # multicast; many access points come with 1000 and should be set
    "beacon_rate_kbps": 6000,
    "beacon_bytes": 250,  # the usual elements of a WPA2 and 802.11n network
    "beacon_interval_us": 100 * TIME_UNIT_US,  # 102.4 ms, what nearly all access points use
    "dtim_period": 1,  # beacons from one DTIM to the next
    "ap_queue_frames": 128,  # about what drivers keep a traffic class; 30 ms at 39 Mb/s
    "station_queue_frames": 32,  # dynamic transmit buffers of an ESP32 by default
    "retry_limit": 7,  # attempts in all: dot11ShortRetryLimit's default (annex C)
    "security_bytes": CCMP_BYTES,  # WPA2
    "sensitivity_gain_db": 6,  # an ESP32 hears some 9 dB more than the standard asks; 3 for fading
    "rate_margin_db": 3,  # rate control stays where about 1 frame in 300 fails
    "rate_kbps": 0,  # one unicast rate for all stations; 0: by signal
    "interference_ppm": 0,  # attempts that other networks spoil, in a million, at each receiver
    "multicast_loss_ppm": 0,  # multicast frames that a receiver loses in bursts, in a million
    "burst_end_percent": 40,  # chance that a burst ends with each frame: 2.5 of them on average
    "snooping_us": 0,  # after a station's report it is forgotten; 0: multicast goes to everybody
    "multicast_to_unicast": 0,  # 1: the access point sends a copy to each, acknowledged
}
_BEACON_INTERVAL_US_MIN = 20 * TIME_UNIT_US  # above the longest beacon: 2,304 bytes at 1 Mb/s
_MAY_BE_ZERO = (
    *("rate_kbps", "interference_ppm", "security_bytes"),
    *("multicast_loss_ppm", "snooping_us", "multicast_to_unicast"),
)


def network(given: dict[str, Any]) -> Phy:
    """The kind of network that `given["phy"]` names, 802.11n by default."""
    name = given.get("phy", "n")
    if name not in PHYS:
        raise UsageError(f'no Wi-Fi network is called "{name}"; take one of {", ".join(PHYS)}')
    return PHYS[name]


def channel_facts(given: dict[str, Any], phy: Phy) -> dict[str, int]:
    """FACTS with those that are `given` in their place; other keys are the venue's and are
    ignored."""
    facts = dict(FACTS)
    if phy.rates_kbps == DSSS_RATES:
        facts.update(basic_rate_kbps=1000, beacon_rate_kbps=1000)  # OFDM is not understood there
    facts.update((name, given[name]) for name in FACTS if name in given)
    _check(facts, phy)
    return facts


def _check(facts: dict[str, int], phy: Phy) -> None:
    for name, value in facts.items():
        if type(value) is not int:
            raise UsageError(f"the Wi-Fi fact {name} is {value!r}; give a whole number")
        least = -100 if name.endswith("_db") else 0 if name in _MAY_BE_ZERO else 1
        if value < least:
            raise UsageError(f"the Wi-Fi fact {name} is {value}; it must be {least} or more")
    if facts["beacon_interval_us"] < _BEACON_INTERVAL_US_MIN or facts["beacon_bytes"] > 2304:
        raise UsageError("beacons fill the channel; give an interval of 20480 us or more")
    if facts["interference_ppm"] > PARTS:
        raise UsageError("interference_ppm is a share of a million attempts; give at most 1000000")
    if facts["multicast_loss_ppm"] >= PARTS or facts["burst_end_percent"] > 100:
        raise UsageError(
            "bursts of loss leave some frames and end; give multicast_loss_ppm below 1000000 "
            "and burst_end_percent up to 100"
        )
    for name in ("basic_rate_kbps", "beacon_rate_kbps"):
        if facts[name] not in phy.basic_kbps:
            raise UsageError(f"{name} must be a basic rate of {phy.name}: {phy.basic_kbps}")
    if facts["rate_kbps"] not in (0, *phy.rates_kbps):
        raise UsageError(f"rate_kbps must be a rate of {phy.name}: 0 or one of {phy.rates_kbps}")
