# MicroPython's own module and what a badge's port has besides.

from uos import *  # noqa: F403


def urandom(count):
    return bytes(range(count))
