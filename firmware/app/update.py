"""Fetches a release that the leader offers into the other slot. Loaded for that, and gone after it.

Flash is written only while nobody talks and the button is up. The leader's word to apply ends in a
restart, which `main.py` and `app.trial` take over.
"""

import gc
import sys

import machine
from micropython import const

from hal import board
from hal.nvs import Nvs
from hal.store import Store
from ptt.clock import since
from ptt.compat import TYPE_CHECKING
from ptt.numbers import UPDATE_QUIET_MS
from ptt.seal.hmac import HmacKey
from ptt.update.manifest import AGAIN, DOWNGRADE
from ptt.wire import messages

from . import log
from .release import RELEASE

if TYPE_CHECKING:
    from .handset import Handset

_KEY_BYTES = const(32)
_SPARE_BYTES = const(12_000)  # of heap: more than a press and its burst need
_MODULES = (
    "app.slot_files",
    "ptt.update.receiver",
    "ptt.update.manifest",
    "ptt.update",
    "app.release",
    "hal.board",
    "hal.nvs",
    "app.update",
)


def answer(handset: "Handset", offer: tuple, now_ms: int) -> None:
    """Take `offer` (release, bytes of the manifest, flags, tag), or say why not."""
    boot = Store().load("boot")
    chip = board.load().get("chip", "").encode()
    nvs = Nvs()
    key = nvs.blob("key")
    state, reason = _refusal(offer, boot, nvs.number("release", RELEASE), len(key))
    if not state:
        try:
            handset.extras.append(Update(handset, offer, boot.get("slot", "a"), key, chip, now_ms))
            log.write(now_ms, "update begins", offer[0])
            return
        except OSError:
            state, reason = messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_FLASH
    values = (offer[0], state, reason, RELEASE, 0, chip)
    handset.participant.send_update(messages.UPDATE_STATE, values, now_ms)
    _forget()


def _refusal(offer: tuple, boot: dict, newest: int, key_bytes: int) -> "tuple[int, int]":
    """(state, reason) that answer the offer at once; state 0: it is welcome."""
    release, _, flags, _ = offer
    if boot.get("left", -1) >= 0:
        return messages.UPDATE_STATE_TRIAL, 0
    if release == RELEASE:
        return messages.UPDATE_STATE_CURRENT, 0
    reason = 0
    if key_bytes != _KEY_BYTES:
        reason = messages.UPDATE_REASON_KEY
    elif release < newest and not flags & DOWNGRADE:
        reason = messages.UPDATE_REASON_OLDER
    elif release == boot.get("failed", 0) and not flags & AGAIN:
        reason = messages.UPDATE_REASON_FELL_BACK
    return (messages.UPDATE_STATE_FAILED if reason else 0), reason


class Update:
    """One of the handset's extras; takes itself off when the update is over."""

    def __init__(
        self, handset: "Handset", offer: tuple, slot: str, key: bytes, chip: bytes, now_ms: int
    ) -> None:
        from ptt.update.receiver import Receiver

        from .slot_files import SlotFiles

        participant = handset.participant
        self._slot = "b" if slot == "a" else "a"
        self._files = SlotFiles(self._slot)
        self._receiver = Receiver(
            offer, HmacKey(key), chip, RELEASE, self._files, participant, now_ms
        )
        self._noisy_ms = now_ms
        participant.updater = self._receiver

    def step(self, handset: "Handset", now_ms: int) -> None:
        receiver = self._receiver
        if not handset.is_quiet():
            self._noisy_ms = now_ms
        receiver.is_quiet = since(now_ms, self._noisy_ms) >= UPDATE_QUIET_MS
        if not receiver.is_quiet:
            return
        if receiver.wants_apply:
            self._apply(handset, now_ms)
            return
        receiver.step(now_ms)
        if receiver.is_over():
            log.write(now_ms, "update ends", receiver.reason)
            self._end(handset)
        elif gc.mem_free() < _SPARE_BYTES:
            gc.collect()  # nobody talks: now is a good time

    def _apply(self, handset: "Handset", now_ms: int) -> None:
        from . import trial

        release, state = self._receiver.offer[0], messages.UPDATE_STATE_APPLYING
        self._files.let_go()
        trial.begin(Store(), self._slot, release)
        log.write(now_ms, "update applies", release)
        values = (release, state, 0, RELEASE, 0, b"")
        handset.participant.send_update(messages.UPDATE_STATE, values, now_ms)
        handset.send()
        machine.reset()

    def _end(self, handset: "Handset") -> None:
        self._files.let_go()
        handset.participant.updater = None
        handset.extras.remove(self)
        _forget()


def _forget() -> None:
    """Nothing of an update stays in memory."""
    for name in _MODULES:
        if sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            if package in sys.modules and hasattr(sys.modules[package], module):
                delattr(sys.modules[package], module)
