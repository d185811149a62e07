"""Which air a network profile means: chance, or the model of Wi-Fi channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptt.base.prng import Prng

from .network import ChanceAir, Hop
from .path import STEP_US
from .wifi_air import WifiAir


def make_air(
    profile: Mapping[str, Any], participants: int, prng: Prng, step_us: int = STEP_US
) -> Hop:
    """The air of `profile` with stations 1..`participants` on it; `step_us` as of `Path`."""
    if profile["air"] == "wifi":
        return WifiAir(profile, participants, prng)
    return ChanceAir(profile, prng, step_us)
