"""What a frame costs where no channel is modelled: for the airtime accounts of the other
profiles."""

from __future__ import annotations

from functools import lru_cache

from .phy import CCMP_BYTES, PHYS, exchange_us, multicast_us


@lru_cache(maxsize=4096)
def airtime_us(
    phy_name: str, rate_kbps: int, payload_bytes: int, is_multicast: bool = False
) -> int:
    """The channel time of a UDP datagram under WPA2 that is sent once and undisturbed.

    KeyError for a network that phy.PHYS does not have, ValueError for an unknown rate.
    """
    cost_us = multicast_us if is_multicast else exchange_us
    return cost_us(PHYS[phy_name], rate_kbps, payload_bytes, CCMP_BYTES)
