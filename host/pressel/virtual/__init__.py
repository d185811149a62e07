"""The virtual badge: the real firmware on real MicroPython, in a Node process of its own.

Fakes stand only where the hardware would be: `shims/` holds MicroPython modules with the names that
they have on a badge, `runtime/` the models of radio, sound and pins behind them. This package loads
what it offers only on demand, since `stepped` also runs where numpy is not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .badge import VirtualBadge
    from .process import now_ms
    from .recording import Recording
    from .stepped.crash import BadgeCrashed

__all__ = ["BadgeCrashed", "Recording", "VirtualBadge", "now_ms"]

_HOMES = {
    "BadgeCrashed": ".stepped.crash",
    "Recording": ".recording",
    "VirtualBadge": ".badge",
    "now_ms": ".process",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
