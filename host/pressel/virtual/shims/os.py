# The build's own `os` (under its internal name), and the randomness that it lacks.

from uctypes import addressof

import _bridge
from uos import *  # noqa: F403


def urandom(count):
    data = bytes(count)
    _bridge.fill_random(addressof(data), count)
    return data
