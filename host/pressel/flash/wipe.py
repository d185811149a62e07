"""Empties a badge that leaves the house; its key goes first, so that no failure leaves it in the
badge."""

from __future__ import annotations

from pressel.registry.roll import Roll

from .job import identity_of
from .line import Stop
from .loader import Loader
from .messages import MESSAGES
from .port import held


def wipe_badge(port: str, registry: Roll | None, *, revoke: bool) -> tuple[str, str]:
    """The device id, and a warning or nothing. FlashError says what went wrong."""
    warning = ""
    with held(port):
        loader = Loader(port, Stop())
        try:
            device = identity_of(loader, registry)
            if revoke:
                known = registry.devices() if registry is not None else []
                if registry is not None and any(each.id == device for each in known):
                    registry.revoke(device)
                else:
                    warning = MESSAGES["not-registered"].format(device=device)
            loader.erase()
        finally:
            loader.close()
    return device, warning
