# The build's own `os` (under its internal name), and the randomness that it lacks.

import _bridge
from uctypes import addressof
from uos import *  # noqa: F403


def urandom(count):
    data = bytes(count)
    _bridge.fill_random(addressof(data), count)
    return data
