"""The Wi-Fi networks that the venue's settings name by number.

A number is made when somebody gives a name and a password, and means the same for ever. Which
numbers mean something is told by the secrets beside the log's entries about settings.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pressel.errors import UsageError
from pressel.flash.usable_settings import checked_wifi
from pressel.registry import about_networks
from pressel.registry.about_networks import Networks as Known
from pressel.registry.store import Registry
from pressel.rollout.rollout import NETWORK
from ptt.base.numbers import INT_MAX
from ptt.leader.leader import Leader

from .verb import Fields

GIVEN = "network"  # the field of a request: name and password
FLASHED = 0  # the number of the network that each badge was flashed with


class Networks:
    """Those that this host knows. Whoever calls holds the turn of the settings."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, str]] = {}

    def read(self, registry: Registry) -> None:
        """What the log says; in the desk's thread."""
        self._known |= registry.networks()

    def named(self, fields: Fields) -> Any:
        """The values that a request wants; a network that comes with it gets a number."""
        values = fields["values"]
        if GIVEN not in fields or not isinstance(values, dict):
            return values
        try:
            ssid, password = map(str, fields[GIVEN])
        except (TypeError, ValueError):
            raise UsageError("a network is a name and a password") from None
        network = checked_wifi(ssid, password)
        number = 1 + secrets.randbelow(INT_MAX)  # no host that leads elsewhere takes the same
        self._known[number] = network
        return {**values, NETWORK: number}

    def check(self, was: Mapping[str, int], new: Mapping[str, int]) -> None:
        """UsageError when `new` names a network that nobody has told of."""
        number = new.get(NETWORK, FLASHED)
        if number not in (FLASHED, was.get(NETWORK)) and number not in self._known:
            raise UsageError(
                f"no host knows a Wi-Fi network {number}: give its name and password with "
                "`pressel settings wifi`; in a file, leave out wifi.network"
            )

    def tell(self, leader: Leader) -> None:
        """The engine takes them from here."""
        leader.settings.learn(
            {number: (a.encode(), b.encode()) for number, (a, b) in self._known.items()}
        )

    def secret(self, *values: Mapping[str, int]) -> bytes:
        """What lies beside an entry about these settings."""
        numbers = dict.fromkeys(each.get(NETWORK, FLASHED) for each in values)
        found: Known = {each: self._known[each] for each in numbers if each in self._known}
        return about_networks.packed(found)
