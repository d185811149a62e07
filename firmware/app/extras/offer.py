"""Takes the release that the leader offers, or says why not. Loaded only for that."""

from micropython import const

from hal import board
from hal.nvs import Nvs
from hal.store import Store
from ptt.base.compat import TYPE_CHECKING
from ptt.wire import messages

from .. import log
from ..release import RELEASE

if TYPE_CHECKING:
    from ..handset import Handset
    from .update import Update

_KEY_BYTES = const(32)
_SIGNER_BYTES = const(56)
_SIGNER = "/signer.key"  # as in ptt.link.update_manifest
_DOWNGRADE = const(1)  # as in ptt.link.update_manifest, which is not loaded to say no
_AGAIN = const(2)
_IMAGE = "/rom/"  # where MicroPython mounts a ROMFS image, which no update can write
_ROM = b"romfs"  # reported to the leader instead of the chip


def answer(handset: "Handset", offer: tuple, now_ms: int) -> "Update | None":
    """Begin to fetch `offer` (release, bytes of the manifest, flags, tag), or say why not."""
    boot = Store().load("boot")
    chip = board.load().get("chip", "").encode()
    if __file__[0 : len(_IMAGE)] == _IMAGE:
        chip = _ROM
    nvs = Nvs()
    key = nvs.blob("key")
    slot = boot.get("slot", "a")
    state, reason = _refusal(offer, boot, nvs.number("release", RELEASE), len(key), chip)
    public = b""
    if not state:
        public = _signer(slot)
        if len(public) != _SIGNER_BYTES:
            state, reason = messages.UPDATE_STATE_FAILED, messages.UPDATE_REASON_SIGNER
    if state:
        values = (offer[0], state, reason, RELEASE, 0, chip)
        handset.participant.offers.send_update(messages.UPDATE_STATE, values, now_ms)
        return None
    from .update import Update

    update = Update(offer, slot, key, chip, RELEASE, public, now_ms)
    handset.participant.offers.updater = update
    log.write(now_ms, "update begins", offer[0])
    return update


def _signer(slot: str) -> bytes:
    """The key that came with the release that runs: flashed, or signed by the key before."""
    try:
        with open(slot + _SIGNER, "rb") as file:
            return file.read(_SIGNER_BYTES + 1)
    except OSError:
        return b""


def _refusal(
    offer: tuple, boot: dict, newest: int, key_bytes: int, chip: bytes
) -> "tuple[int, int]":
    """(state, reason) that answer the offer at once; state 0: it is welcome."""
    release, _, flags, _ = offer
    if boot.get("left", -1) >= 0:
        return messages.UPDATE_STATE_TRIAL, 0
    if release == RELEASE:
        return messages.UPDATE_STATE_CURRENT, 0
    reason = 0
    if chip == _ROM:
        reason = messages.UPDATE_REASON_CHIP
    elif key_bytes != _KEY_BYTES:
        reason = messages.UPDATE_REASON_KEY
    elif release < newest and not flags & _DOWNGRADE:
        reason = messages.UPDATE_REASON_OLDER
    elif release == boot.get("failed", 0) and not flags & _AGAIN:
        reason = messages.UPDATE_REASON_FELL_BACK
    return (messages.UPDATE_STATE_FAILED if reason else 0), reason
