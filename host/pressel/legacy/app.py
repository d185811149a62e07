"""An old app as it announces itself on the network: `<base64 of its name>:<device id>:`."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from .chat import plain
from .limits import DEVICE_BYTES_MAX, NAME_BYTES_MAX

# What responders put behind a name that is taken already, often by the same app before it crashed.
_DOUBLE = re.compile(r":( \(\d+\)|-\d+| #\d+)$")

BRIDGE_PREFIX = "pressel-"  # of a bridge's device id; bridges never connect to each other


@dataclass(frozen=True)
class App:
    """`device`: its id; `name`: what people call it; where it listens."""

    device: str
    name: str
    address: str
    port: int

    @property
    def is_bridge(self) -> bool:
        return self.device.startswith(BRIDGE_PREFIX)


def instance_name(name: str, device: str) -> str:
    """What an app called `name` announces."""
    return base64.b64encode(name.encode()).decode().rstrip("=") + f":{device}:"


def read_instance_name(instance: str) -> tuple[str, str]:
    """(name, device id) of an announcement; ValueError when it is not an old app's."""
    encoded, _, rest = instance.partition(":")
    device = _DOUBLE.sub(":", rest).removesuffix(":")
    if not 0 < len(device.encode(errors="replace")) <= DEVICE_BYTES_MAX or not device.isprintable():
        raise ValueError(f"no device id in '{instance}'")
    try:
        padded = encoded + "=" * (-len(encoded) % 4)
        name = base64.b64decode(padded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError(f"no name in '{instance}'") from None
    return plain(name, NAME_BYTES_MAX) or device, device
