"""Takes the release that the leader offers, or says why not. Loaded for that, and gone after it."""

import sys

from micropython import const

from hal import board
from hal.nvs import Nvs
from hal.store import Store
from ptt.base.compat import TYPE_CHECKING
from ptt.wire import messages

from . import log
from .release import RELEASE

if TYPE_CHECKING:
    from .handset import Handset

_KEY_BYTES = const(32)
_DOWNGRADE = const(1)  # as in ptt.link.update_manifest, which is not loaded to say no
_AGAIN = const(2)
_MODULES = ("hal.board", "hal.nvs", "app.offer")


def answer(handset: "Handset", offer: tuple, now_ms: int) -> None:
    """Take `offer` (release, bytes of the manifest, flags, tag), or say why not."""
    boot = Store().load("boot")
    chip = board.load().get("chip", "").encode()
    nvs = Nvs()
    key = nvs.blob("key")
    state, reason = _refusal(offer, boot, nvs.number("release", RELEASE), len(key))
    if not state:
        from .update import Update

        slot = boot.get("slot", "a")
        update = Update(offer, slot, key, chip, RELEASE, now_ms)
        handset.extras.append(update)
        handset.participant.updater = update
        log.write(now_ms, "update begins", offer[0])
    else:
        values = (offer[0], state, reason, RELEASE, 0, chip)
        handset.participant.send_update(messages.UPDATE_STATE, values, now_ms)
    for name in _MODULES:
        if sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            if hasattr(sys.modules[package], module):
                delattr(sys.modules[package], module)


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
    elif release < newest and not flags & _DOWNGRADE:
        reason = messages.UPDATE_REASON_OLDER
    elif release == boot.get("failed", 0) and not flags & _AGAIN:
        reason = messages.UPDATE_REASON_FELL_BACK
    return (messages.UPDATE_STATE_FAILED if reason else 0), reason
