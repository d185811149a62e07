# What tags and cipher cost of a step: in one run, they are the real ones and do nothing by turns.
# For each pair of turns it also times a loop that is always the same, to measure a step by.

import _host
import _world as world

from ptt.link import link
from ptt.link.ctr import KeyStream
from ptt.link.hmac import Hmac
from ptt.media import dsp

_STEPS_A_TURN = 32  # 320 ms: 16 frames and 20 blocks of the I2S, so every turn has the same work
_WARM_TURNS = 100  # until the machine has translated what runs often

_LOOPS = 500  # about a step

_DIGEST = bytes(32)

_real = (Hmac.digest_loaded, KeyStream.make, dsp.xor, link.is_tag)
_is_real = 1
_what = ""  # this turn is of
_steps = 0  # in it so far
_spent_us = 0.0
_turns = 0
_begun_us = 0.0
_before_us = 0.0  # a step of the turn before; 0: not of this burst
pairs_us = {"talk": [], "listen": []}  # a step with the seal, one without, and the loop


def _nothing(*args):
    return _DIGEST


def before_step():
    global _begun_us
    _begun_us = _host.now_us()


def after_step(what):
    global _what, _steps, _spent_us, _before_us
    now_us = _host.now_us()
    if what != _what:  # another burst
        _what = what
        _steps = 0
        _before_us = 0.0
    if not _steps:
        _spent_us = 0.0
    _steps += 1
    _spent_us += now_us - _begun_us
    if _steps >= _STEPS_A_TURN and not world.inbox:  # nothing sealed is on its way
        _turn()


def _loop_us():
    begun_us = _host.now_us()
    value = 1
    for number in range(_LOOPS):
        value = (value * 5 + number) & 0xFFFF
    return _host.now_us() - begun_us


def _turn():
    global _steps, _turns, _is_real, _before_us
    step_us = _spent_us / _steps
    if _turns >= _WARM_TURNS and _before_us:
        whole_us, bare_us = (step_us, _before_us) if _is_real else (_before_us, step_us)
        pairs_us[_what].append((whole_us, bare_us, _loop_us()))
    _before_us = step_us
    _steps = 0
    _turns += 1
    _is_real = 1 - _is_real
    functions = _real if _is_real else (_nothing, _nothing, _nothing, _nothing)
    Hmac.digest_loaded, KeyStream.make, dsp.xor, link.is_tag = functions
