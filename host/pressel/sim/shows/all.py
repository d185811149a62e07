"""All shows, by name, in the order of the phases that they are about."""

from __future__ import annotations

from . import (
    bad_air,
    bad_setting,
    damaged,
    diagnosis,
    failover,
    gate,
    hundred,
    old_app,
    queue,
    relay_dies,
    restored,
    stranger,
)
from .show import Show

_MODULES = (
    old_app, damaged, failover, queue, hundred, relay_dies, bad_air, bad_setting, stranger,
    diagnosis, restored, gate,
)  # fmt: skip
SHOWS: dict[str, Show] = {each.SHOW.name: each.SHOW for each in _MODULES}
