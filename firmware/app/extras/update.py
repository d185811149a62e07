"""Fetches a release into the slot that does not run. Loaded only for that.

Flash is written only while nobody talks and the button is up. The leader's order to apply leads to
a restart, after which `main.py` and `trial` take over.
"""

import gc

import machine
from micropython import const

from hal.store import Store
from ptt.base.clock import since
from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import UPDATE_QUIET_MS
from ptt.link.hmac import HmacKey
from ptt.wire import messages, refusal

from .. import log
from ..modules import forget

if TYPE_CHECKING:
    from typing import Any

    from ..handset import Handset

_SPARE_BYTES = const(12_000)  # of heap: more than a press and its burst need
_ROOM_BYTES = const(5000)  # beside all that is loaded: a step with a chunk
_TALK_BYTES = const(7500)  # with less, speech would make a badge collect garbage all the time
_MODULES = (  # in this order: to fetch, and to look at the signature
    ("ptt.link.update_manifest", "ptt.badge.update_receiver", "app.extras.slot_files"),
    ("ptt.link.lms", "ptt.link.update_signature"),
)


class Update:
    """What `updates` steps until the update is over."""

    def __init__(
        self,
        offer: tuple,
        slot: str,
        key: bytes,
        chip: bytes,
        running: int,
        public: bytes,
        now_ms: int,
    ) -> None:
        self._offer = offer
        self._running = running
        self._slot = "b" if slot == "a" else "a"
        self._key = key
        self._chip = chip
        self._public = public
        self._loaded = 0  # of the modules that it needs
        self._files: Any = None  # what has to be closed
        self._receiver: Any = None  # once they are there
        self._is_proving = False  # a `SignatureCheck` is in its place: the manifest is there
        self.is_right: bool | None = None  # what came of that
        self._is_applying = False
        self._is_failing = False  # it lets go in the next step: in this one there is no memory
        self._is_over = False  # it has let go
        self._noisy_ms = now_ms

    def on_message(self, kind: int, fields: list, data: "Any", now_ms: int) -> int:
        """For the participant, while there is no receiver."""
        return refusal.STALE

    def _load(self, handset: "Handset", now_ms: int) -> None:
        """Load one module per step, so that garbage never piles up."""
        gc.collect()
        needed = _MODULES[self._is_proving]
        if self._loaded < len(needed):
            __import__(needed[self._loaded])
            self._loaded += 1
            return
        if gc.mem_free() < _ROOM_BYTES:
            raise MemoryError
        offer = self._offer
        if self._is_proving:
            from ptt.link.update_signature import SignatureCheck

            self._files = open(self._slot + "/update.txt", "rb")  # as in update_receiver
            self._receiver = SignatureCheck(self._public, offer[2], offer[1], self._files)
            return
        from ptt.badge.update_receiver import Receiver

        from .slot_files import SlotFiles

        offers = handset.participant.offers
        self._files = SlotFiles(self._slot)
        self._receiver = offers.updater = Receiver(
            offer,
            HmacKey(self._key),
            self._chip,
            self._running,
            self.is_right,
            self._files,
            offers,
            now_ms,
        )

    def step(self, handset: "Handset", now_ms: int) -> bool:
        """True when it is over, which then did not lead to a restart."""
        receiver = self._receiver
        is_quiet = since(now_ms, self._noisy_ms) >= UPDATE_QUIET_MS
        gives_room = self._is_failing or handset.radio.starved > 0
        if not handset.is_quiet():
            self._noisy_ms = now_ms
            if is_quiet and not self._is_applying:  # somebody begins to talk amid it
                gc.collect()
                gives_room = gives_room or gc.mem_free() < _TALK_BYTES
            is_quiet = False
        if gives_room:  # it is offered again
            if self._is_over:  # a step later there is memory to tell it
                log.write(now_ms, "update fails")
                return True
            self._is_over = self._is_failing = True
            self._let_go(handset, None)
            return False
        if receiver is not None and not self._is_proving:
            receiver.is_quiet = is_quiet
        if not is_quiet:
            return False
        try:
            return self._go_on(handset, now_ms)
        except (OSError, MemoryError):  # the badge goes on as it was
            self._is_failing = True
            return False

    def _go_on(self, handset: "Handset", now_ms: int) -> bool:
        """One small thing. True when nothing is left to do."""
        receiver = self._receiver
        if self._is_applying:
            self._apply(handset, now_ms)
        elif receiver is None:
            self._load(handset, now_ms)
        elif self._is_proving:
            if not receiver.step():
                self.is_right = receiver.is_right
                self._let_go(handset, self)
                self._is_proving = False
        elif receiver.wants_apply:  # in the next step, in the room that fetching leaves
            self._is_applying = True
            self._let_go(handset, self)
        else:
            receiver.step(now_ms)
            if receiver.is_over():
                log.write(now_ms, "update ends", receiver.reason)
                self._let_go(handset, None)
                return True
            if receiver.is_verifying():
                self._let_go(handset, self)
                self._is_proving = True
            if gc.mem_free() < _SPARE_BYTES:
                gc.collect()  # nobody talks: now is a good time
        return False

    def _apply(self, handset: "Handset", now_ms: int) -> None:
        from .trial import begin

        release = self._offer[0]
        begin(Store(), self._slot, release)
        gc.collect()
        try:
            log.write(now_ms, "update applies", release)
            values = (release, messages.UPDATE_STATE_APPLYING, 0, self._running, 0, b"")
            handset.participant.offers.send_update(messages.UPDATE_STATE, values, now_ms)
            handset.send()
        except MemoryError:  # the new release tells it, too; a crash here would be held against it
            pass
        machine.reset()

    def _let_go(self, handset: "Handset", updater: "Any") -> None:
        """Close files and unload the modules of what was done last; `updater` hears the leader from
        now on."""
        if self._files is not None:
            if self._is_proving:
                self._files.close()
            else:
                self._files.let_go()
        self._files = self._receiver = None
        self._loaded = 0
        handset.participant.offers.updater = updater
        forget(*_MODULES[self._is_proving], "app.extras", "ptt.badge", "ptt.link")
        gc.collect()
