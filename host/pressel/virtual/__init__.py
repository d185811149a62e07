"""The virtual badge: the real firmware on real MicroPython, in a Node process of its own.

Fakes stand only where the hardware would be: `shims/` holds MicroPython modules of the badge's
names, `runtime/` the models of radio, sound and pins behind them.
"""

from .badge import BadgeCrashed, VirtualBadge
from .recording import Recording

__all__ = ["BadgeCrashed", "Recording", "VirtualBadge"]
