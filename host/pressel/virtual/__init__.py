"""The virtual badge: the real firmware on real MicroPython, in a Node process of its own.

Fakes stand only where the hardware would be: `shims/` holds MicroPython modules of the badge's
names, `runtime/` the models of radio, sound and pins behind them.
"""

from .badge import VirtualBadge
from .process import BadgeCrashed, now_ms
from .recording import Recording

__all__ = ["BadgeCrashed", "Recording", "VirtualBadge", "now_ms"]
