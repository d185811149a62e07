"""The stepped badge: the virtual badge in virtual time, for a simulator that moves the clock.

Standard library only and Python 3.9, since the simulator's core also runs on PyPy.
"""

from .badge import SteppedBadge
from .frames import FailSends, Fault, Pin, Press, Release, Sound, Speak, Stepped
from .kit import Kit

__all__ = [
    "FailSends",
    "Fault",
    "Kit",
    "Pin",
    "Press",
    "Release",
    "Sound",
    "Speak",
    "Stepped",
    "SteppedBadge",
]
