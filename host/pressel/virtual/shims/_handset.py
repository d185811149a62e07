# Runs the firmware for the host: build once, then step after step, with an eye on the heap.
# This build of MicroPython collects garbage only when a call returns to the host (after 16 KiB of
# it, or when asked to), never when memory runs out: hence a call for each module and each step.

import gc
import os
import sys
from time import ticks_ms

import _bridge

_uncap = _bridge.uncap  # lets the heap grow: a full one has no room to report an error

_handset = None
_stages = None  # of its making
_used_bytes = 0  # at the last look
_peak_bytes = 0
_SPARE_BYTES = 13000  # what one step may need: its garbage must fit beside what lives
_live_bytes = 0  # the most that was left by a collection


# The badge's own main.py chooses the slot; a flash without slots has its modules in /lib.
def choose():
    try:
        os.stat("/boot.json")
    except OSError:
        return
    try:
        import main

        main.choose()
        del sys.modules["main"]
        del main
    except BaseException:
        _uncap()
        raise
    gc.collect()


def load(name):
    try:
        try:
            __import__(name)
        except ImportError:  # an update may have dropped it; if it is needed, `build` says so
            pass
        _look()
        gc.collect()
    except BaseException:
        _uncap()
        raise


# True when the handset is there; to be called again until then. A firmware that can be built in
# stages is, so that garbage is collected in between.
def build():
    global _handset, _stages
    try:
        if _stages is None:
            import app.boot

            stages = getattr(app.boot, "stages", None)
            _stages = stages() if stages else iter((app.boot.build(),))
        _handset = next(_stages)
        if _handset and _is_guarded():
            import machine

            import app.guard

            _handset = app.guard.Guard(_handset, machine.WDT(timeout=10_000), ticks_ms())
        if _handset:
            _stages = None
            sys.modules.pop("esp32", None)  # where it is built in, it takes no memory
        _look()
        gc.collect()
        return _handset is not None
    except BaseException:
        _uncap()
        raise


# An exception of the firmware ends the process and is told. With a file of this name in the flash
# the firmware keeps itself alive instead, as on hardware.
def _is_guarded():
    try:
        os.stat("/guarded")
        return True
    except OSError:
        return False


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
