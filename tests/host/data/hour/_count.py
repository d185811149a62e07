# Counts the instructions of bytecode that steps of the firmware take, by what the badge does
# meanwhile. Needs the build that has sys.settrace, and modules in which each instruction has a line
# of its own. What is native code on a badge is not counted but noted by its calls; coders and tones
# stand still, since nobody listens.

import json
import sys

from cryptolib import aes

from ptt.badge.voice_keys import VoiceKeys
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.media import dsp

_QUIET_FROM_MS = 14_500  # of a cycle: the burst is over, and what follows it
_QUIET_TO_MS = 18_000
_TONE_MS = 600  # at the start of each a tone plays
_COUNTED_MS = 800  # of each: forty frames

instructions = 0
calls = 0
natives = {}  # name -> calls so far
trust = [0, 0, 0]  # of tag, cipher and verification: instructions, blocks of SHA-256 and of AES
_passed_ms = {}  # what -> ms of it so far
spent = {}  # what -> [ms, steps, instructions, calls of functions, {native: calls}, trust]
_natives_deep = 0  # a number: what is False for good is a constant to the build
_trust_deep = 0
_SHA_BLOCK_BYTES = 64
_SHA_PAD_BYTES = 9  # at the least, behind what is hashed
_SHA_KEY_BYTES = 64
_SHA_OUTER_BLOCKS = 2  # a key's block and a digest
_AES_BLOCK_BYTES = 16


def _note(frame, event, argument):
    global instructions, calls
    if _natives_deep:
        return None
    if event == "line":
        instructions += 1
        if _trust_deep:
            trust[0] += 1
    elif event == "call":
        if frame.f_code.co_filename.startswith("hour/"):
            return None
        instructions += 1
        calls += 1
        if _trust_deep:
            trust[0] += 1
    return _note


class _StandIns:
    pass


def begin_count():
    actions = {"copy": dsp.copy, "xor": dsp.xor}
    for name in dsp.NAMES:
        _stand_in(name, actions.get(name, _nothing))
    dsp.use(_StandIns)
    Link.load = _watched(Link.load)
    Link.seal = _watched(Link.seal)
    Link.open = _watched(Link.open)
    VoiceKeys.encrypt = _watched(VoiceKeys.encrypt)
    VoiceKeys.decrypt = _watched(VoiceKeys.decrypt)
    _watch_blocks()


# All that runs below `function` counts as tag, cipher and verification.
def _watched(function):
    def watched(*arguments):
        global _trust_deep
        _trust_deep += 1
        result = function(*arguments)
        _trust_deep -= 1
        return result

    return watched


def _watch_blocks():
    digest = Hmac.digest_loaded

    def watch(hmac, key, end):
        inner = _SHA_KEY_BYTES + end + _SHA_PAD_BYTES + _SHA_BLOCK_BYTES - 1
        trust[1] += inner // _SHA_BLOCK_BYTES + _SHA_OUTER_BLOCKS
        return digest(hmac, key, end)

    Hmac.digest_loaded = watch
    encrypt = aes.encrypt

    def watch_aes(cipher, source, target):
        trust[2] += len(source) // _AES_BLOCK_BYTES
        return encrypt(cipher, source, target)

    aes.encrypt = watch_aes


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
    figures = spent.setdefault(what, [0, 0, 0, 0, {}, [0, 0, 0]])
    begun_ms = _passed_ms.get(what, 0)
    _passed_ms[what] = begun_ms + passed_ms
    if not what or begun_ms < _TONE_MS or figures[0] >= _COUNTED_MS:
        return handset.step(now_ms)
    instructions = calls = 0
    trust[:] = [0, 0, 0]
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
    for index, count in enumerate(trust):
        figures[5][index] += count
    return sleep_ms


def counted_figures():
    return json.dumps(spent)
