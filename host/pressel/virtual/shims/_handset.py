# Runs the firmware for the host: build once, then step after step, with an eye on the heap.
# This build of MicroPython collects garbage only when a call returns to the host (after 16 KiB of
# it, or when asked to), never when memory runs out: hence a call for each module and each step.

import gc
from time import ticks_ms

import _bridge

_uncap = _bridge.uncap  # lets the heap grow, so that an error can be told when it is full

_handset = None
_used_bytes = 0  # at the last look
_peak_bytes = 0
_SPARE_BYTES = 13000  # what one step may need: its garbage must fit beside what lives
_live_bytes = 0  # the most that was left by a collection


def load(name):
    try:
        __import__(name)
        _look()
        gc.collect()
    except BaseException:
        _uncap()
        raise


def build():
    global _handset
    try:
        import app.boot

        _handset = app.boot.build()
        _look()
        gc.collect()
    except BaseException:
        _uncap()
        raise


def step():
    try:
        wait_ms = _handset.step(ticks_ms())
    except BaseException:
        _uncap()
        raise
    _look()
    return wait_ms


def interrupt(pin):
    import machine

    try:
        machine._interrupt(pin)
    except BaseException:
        _uncap()
        raise


def _look():
    global _used_bytes, _peak_bytes, _live_bytes
    used_bytes = gc.mem_alloc()
    if used_bytes > _peak_bytes:
        _peak_bytes = used_bytes
    if _live_bytes < used_bytes < _used_bytes:  # a collection ran since the last look
        _live_bytes = used_bytes
    _used_bytes = used_bytes
    if gc.mem_free() < _SPARE_BYTES:
        gc.collect()  # done when the call returns; hardware collects when memory runs out


def heap():
    return '{"heap_peak_bytes":%d,"heap_live_bytes":%d}' % (_peak_bytes, _live_bytes)
