# An hour of mixed talk for the real handset in virtual time, and what each step took from the heap.
#
# Garbage is collected only between two calls from the host, so `run` returns often. Figures: bytes
# that live at the end of each cycle (what is kept), and bytes that a step makes while a burst runs
# (churn), those of log lines and of the fakes apart.

import gc
import json
import sys
from array import array

import _host
import _leader as leader
import _world as world

STEP_MS = 10  # a tick of the port
CYCLE_MS = 20_000
TALK_MS = 3000
LISTEN_AT_MS = 9000
LISTEN_FRAMES = 200
SPARE_BYTES = 13_000  # what the next step may need
_BUTTON = 0
_ANSWERS = (0, 0, 0, 0, leader.QUEUE, leader.DENY, leader.SILENCE, 0)
_REVOKED = 7  # of the eight
_WARM_CYCLES = 10  # every kind of cycle and fault has come, and tables have grown
_STEPS_A_CALL = 100

_handset = None
_stages = None
_cycle = 0
_cycle_ms = 0  # within the cycle
_burst = {"talk": [0, 0, 0], "listen": [0, 0, 0]}  # frames, bytes, most of one step
_log_bytes = 0
_live = []  # bytes after each cycle
_peak_bytes = 0
_steps = 0
_log = None
_seal = None  # measures time instead of memory, where it is wanted
_count = None  # counts instructions instead, where that is wanted


# It takes memory to report an exception: without any, MicroPython goes on for ever.
def _told(action, *args):
    try:
        return action(*args)
    except BaseException:
        _host.uncap()
        raise


def load(name):
    _told(__import__, name)
    gc.collect()


# True when the handset is there.
def build(cycles):
    return _told(_build, cycles)


# From now on it measures the time of steps, not their memory.
def watch_seal():
    global _seal
    load("_seal")
    _seal = sys.modules["_seal"]


# From now on it counts what steps execute, not their memory.
def count():
    global _count
    load("_count")
    _count = sys.modules["_count"]
    _count.begin_count()


# Steps until a collection is wanted or a cycle has ended (True).
def run():
    return _told(_run)


def _build(cycles):
    global _handset, _stages, _log, _live
    if _stages is None:
        _live = array("i", [0] * cycles)
        world.on_send = leader.heard
        import app.boot

        _stages = app.boot.stages()
    _handset = next(_stages)
    if _handset is not None:
        _stages = None
        log = sys.modules["app.log"]
        _log = log.write
        log.write = _write
        sys.modules.pop("esp32", None)
    gc.collect()
    return _handset is not None


# Notes separately what a log line takes: events are not frames.
def _write(now_ms, event, value=None):
    global _log_bytes
    before = gc.mem_alloc()
    if event == "crash":
        _log(now_ms, event, value)
    else:
        json.dumps({"ms": now_ms, "event": event, "value": value})
    made = gc.mem_alloc() - before
    _log_bytes += made
    if world.measuring:
        world.fake_bytes += made


def _run():
    global _cycle, _cycle_ms, _steps, _peak_bytes
    left = _STEPS_A_CALL
    while left:
        left -= 1
        _act(_cycle_ms)
        _step()
        _steps += 1
        world.now_ms += STEP_MS
        _cycle_ms += STEP_MS
        if _cycle_ms == CYCLE_MS:
            _cycle_ms = 0
            break
        used = gc.mem_alloc()
        if used > _peak_bytes:
            _peak_bytes = used
        if gc.mem_free() < SPARE_BYTES:
            break
    gc.collect()
    return _cycle_ms == 0


# Garbage is gone: what lives now is kept.
def mark():
    global _cycle
    _live[_cycle] = gc.mem_alloc()
    _cycle += 1


def _act(ms):
    kind = _cycle % 8
    if ms == 0:
        leader.answer = _ANSWERS[kind]
        leader.gone = False
        world.rssi_dbm = -80 if _cycle % 7 == 6 else -50
        world.pins[_BUTTON] = 0
    elif ms == 500 and _cycle % 9 == 3:
        world.sends_to_fail = 20  # 0.4 s of voice
    elif ms == 1000:
        if kind == 4:
            leader.grant()
        elif kind == _REVOKED:
            leader.revoke()
    elif ms == TALK_MS:
        world.pins[_BUTTON] = 1
    elif ms == 8000:
        leader.answer = leader.GRANT
    elif ms == 14_000 and _cycle % 10 == 5:
        leader.gone = True
    elif ms == 18_500:
        leader.gone = False
    since_ms = ms - LISTEN_AT_MS
    if since_ms == 0:
        leader.begin_burst()
    if 0 <= since_ms < LISTEN_FRAMES * 20 and since_ms % 20 == 0:
        number = since_ms // 20
        if number % 17 != 5 and number > 2:
            leader.say(number, number == LISTEN_FRAMES - 1)
        elif number <= 2:
            leader.say(number, False)


def _step():
    floor = _handset.participant.floor
    if floor.may_send():
        taken = _burst["talk"]
    elif floor.talker:
        taken = _burst["listen"]
    else:
        taken = None
    if _count is not None:
        what = "talk" if taken is _burst["talk"] else "listen" if taken else ""
        _count.counted_step(_handset, what, world.now_ms, _cycle_ms, STEP_MS)
        return
    if taken is None:
        _handset.step(world.now_ms)
        return
    if _seal is not None:
        _seal.before_step()
        _handset.step(world.now_ms)
        _seal.after_step("talk" if taken is _burst["talk"] else "listen")
        return
    world.measuring = True
    world.fake_bytes = 0
    before = gc.mem_alloc()
    _handset.step(world.now_ms)
    made = gc.mem_alloc() - before - world.fake_bytes
    world.measuring = False
    taken[0] += 1
    taken[1] += made
    if made > taken[2]:
        taken[2] = made


def seal_report():
    return json.dumps(_seal.pairs_us)


def count_report():
    return _count.counted_figures()


def report():
    live = _live[min(_WARM_CYCLES, len(_live) - 1) :]
    radio = _handset.radio
    import micropython

    micropython.qstr_info()  # printed, for `hour.py`
    return json.dumps(
        {
            "steps": _steps,
            "cycles": _cycle,
            "live_first": live[0],
            "live_last": live[-1],
            "live_least": min(live),
            "live_most": max(live),
            "peak": _peak_bytes,
            "free": gc.mem_free(),
            "talk": _burst["talk"],
            "listen": _burst["listen"],
            "voice_packets": leader.voice_packets,
            "played_frames": world.played_frames,
            "lost_samples": world.lost_samples,
            "starved": _handset.speaker.starved,
            "no_memory": radio.no_memory,
            "refusals": [_handset.participant.refusals[reason] for reason in range(23)],
            "state": _handset.participant.join.state,
        }
    )
