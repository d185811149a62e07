"""A harness for what a badge is offered as a release by a leader that has every key of badges."""

from __future__ import annotations

import io
from typing import Any

from tests.shared.update_stage import SIGNER, Release, Slot

from ptt.badge import update_receiver as receiver
from ptt.link.hmac import HmacKey
from ptt.link.update_signature import SignatureCheck, signed_head
from ptt.wire import messages

KEY = HmacKey(bytes(32))
RIGHT = Release(2, {"app/boot.mpy": b"boot", "badge.mpy": b"badge"})
STEPS_MAX = 400  # 69 of a signature, and what hashes 24 KB of a manifest
REASONS = (
    messages.UPDATE_REASON_SIGNATURE,
    messages.UPDATE_REASON_MANIFEST,
    messages.UPDATE_REASON_CHIP,
)


class Nobody:
    def send_update(self, kind: int, values: tuple[Any, ...], now_ms: int) -> None:
        pass


def fuzz_release(data: bytes) -> None:
    """An even first byte: the rest are changes of a right release, each of two bytes of place and
    one that is added to it; the badge takes it only unchanged. An odd one: the rest is a manifest
    that the signer has signed; whatever it says, it is read or refused."""
    if not data:
        return
    if data[0] & 1:
        text = data[1:]
        taken = offered(text + SIGNER.sign(signed_head(0) + text))
        assert taken.state != receiver.OVER or taken.reason in REASONS
        return
    changed = bytearray(RIGHT.parts[0])
    for at in range(1, len(data) - 2, 3):
        place = (data[at] << 8 | data[at + 1]) % (len(changed) + 1)
        if place == len(changed):
            del changed[-1 - data[at + 2] % len(changed) :]
            if not changed:
                return
        else:
            changed[place] = (changed[place] + data[at + 2]) & 255
    taken = offered(bytes(changed))
    if changed == RIGHT.parts[0]:
        assert taken.state == receiver.FETCHING
    else:
        assert taken.state == receiver.OVER
        assert taken.reason == messages.UPDATE_REASON_SIGNATURE


def offered(whole: bytes) -> receiver.Receiver:
    """What became of a manifest with its signature: refused, or on with the files."""
    release = Release(2, RIGHT.files)
    release.parts[0] = whole
    offer = (2, len(whole), 0, release.tag(KEY))
    slot = Slot({receiver.MANIFEST: whole})
    verdict = None
    for _ in range(2):
        taken = receiver.Receiver(offer, KEY, b"esp32", 1, verdict, slot, Nobody(), 0)
        for _ in range(STEPS_MAX):
            if taken.state != receiver.LOOKING:
                break
            taken.step(0)
        if not taken.is_verifying():
            return taken
        check = SignatureCheck(SIGNER.public, offer[2], offer[1], io.BytesIO(whole))
        for _ in range(STEPS_MAX):
            if not check.step():
                break
        verdict = check.is_right
    raise AssertionError("it does not end")
