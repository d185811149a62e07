# Counts the instructions of bytecode that steps of the firmware take, by what the badge does
# meanwhile. Needs the build that has sys.settrace, and modules in which each instruction has a line
# of its own. What is native code on a badge is not counted but noted by its calls; coders and tones
# stand still, since nobody listens.

import json
import sys

from ptt.media import dsp

_QUIET_FROM_MS = 14_500  # of a cycle: the burst is over, and what follows it
_QUIET_TO_MS = 18_000
_TONE_MS = 600  # at the start of each a tone plays
_COUNTED_MS = 800  # of each: forty frames

instructions = 0
calls = 0
natives = {}  # name -> calls so far
_passed_ms = {}  # what -> ms of it so far
spent = {}  # what -> [ms, steps, instructions, calls of functions, {native: calls}]
_natives_deep = 0  # a number: what is False for good is a constant to the build


def _note(frame, event, argument):
    global instructions, calls
    if _natives_deep:
        return None
    if event == "line":
        instructions += 1
    elif event == "call":
        if frame.f_code.co_filename.startswith("hour/"):
            return None
        instructions += 1
        calls += 1
    return _note


class _StandIns:
    pass


def begin_count():
    actions = {"copy": dsp.copy, "xor": dsp.xor}
    for name in dsp.NAMES:
        _stand_in(name, actions.get(name, _nothing))
    dsp.use(_StandIns)


def _stand_in(name, action):
    natives[name] = 0

    def stand_in(*arguments):
        natives[name] += 1
        global _natives_deep
        _natives_deep = 1
        action(*arguments)
        _natives_deep = 0

    setattr(_StandIns, name, staticmethod(stand_in))


def _nothing(*arguments):
    pass


# `what`: "talk", "listen" or "", which is idle if nothing of a burst is near.
def counted_step(handset, what, now_ms, cycle_ms, passed_ms):
    global instructions, calls
    if not what and _QUIET_FROM_MS <= cycle_ms < _QUIET_TO_MS:
        what = "idle"
    figures = spent.setdefault(what, [0, 0, 0, 0, {}])
    begun_ms = _passed_ms.get(what, 0)
    _passed_ms[what] = begun_ms + passed_ms
    if not what or begun_ms < _TONE_MS or figures[0] >= _COUNTED_MS:
        return handset.step(now_ms)
    instructions = calls = 0
    before = dict(natives)
    sys.settrace(_note)
    sleep_ms = handset.step(now_ms)
    sys.settrace(None)
    figures[0] += passed_ms
    figures[1] += 1
    figures[2] += instructions
    figures[3] += calls
    for name in natives:
        figures[4][name] = figures[4].get(name, 0) + natives[name] - before[name]
    return sleep_ms


def counted_figures():
    return json.dumps(spent)
