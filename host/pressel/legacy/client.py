"""One connected old app: what is known of it, what it may still do, what waits for it."""

from __future__ import annotations

from ptt.base.clock import add, earliest, since

from . import limits, words
from .allowance import Allowance
from .app import App
from .backlog import Backlog
from .framing import Framing
from .press import Press
from .sound import Cutter


class Client:
    """`number` names the connection, `address` is the app's, `is_outgoing` says who called whom;
    `app` is what it announces of itself on the network, None when that is not known."""

    def __init__(
        self, number: int, address: str, is_outgoing: bool, rate_hz: int | None, now_ms: int
    ) -> None:
        self.number = number
        self.address = address
        self.is_outgoing = is_outgoing
        self.app: App | None = None
        self.framing = Framing()
        self.backlog = Backlog()
        self.press = Press()
        self.cutter = Cutter(rate_hz)
        self.told_taken = False  # does the app think that somebody else talks?
        self.is_heard = False  # has it sent a packet?
        self.heard_ms = now_ms  # the last packet
        self.ping_ms = now_ms  # when to ask next whether it lives
        self.bytes = Allowance(limits.BYTES_PER_S, limits.BYTES_BURST, now_ms)
        self.frames = Allowance(limits.FRAMES_PER_S, limits.FRAMES_BURST, now_ms)
        self.words = Allowance(limits.WORDS_PER_S, limits.WORDS_BURST, now_ms)
        self.texts = Allowance(limits.TEXTS_PER_S, limits.TEXTS_BURST, now_ms)
        self.faults = Allowance(limits.FAULTS_PER_S, limits.FAULTS_BURST, now_ms)

    @property
    def name(self) -> str:
        """What people call it, or its address as long as it does not announce itself."""
        return self.app.name if self.app else self.address

    def is_stale(self, now_ms: int) -> bool:
        return since(now_ms, self.heard_ms) >= limits.STALE_MS

    def is_gone(self, now_ms: int) -> bool:
        return since(now_ms, self.heard_ms) >= limits.SILENT_MS_MAX

    def tell_taken(self, is_taken: bool) -> bool:
        """Block or free the app's button, unless that is done already; False when it reads
        nothing."""
        if is_taken == self.told_taken:
            return True
        self.told_taken = is_taken
        return self.backlog.push_word(words.TAKEN if is_taken else words.RELEASED)

    def ping(self, now_ms: int) -> bool:
        """Ask whether it lives, if that is due; False when it reads nothing."""
        if since(now_ms, self.ping_ms) < 0:
            return True
        self.ping_ms = add(now_ms, limits.PING_MS)
        return self.backlog.push_word(words.PING)

    def next_timeout_ms(self) -> int:
        due_ms = earliest(self.ping_ms, add(self.heard_ms, limits.SILENT_MS_MAX))
        if not self.press.is_quiet():
            due_ms = earliest(due_ms, add(self.heard_ms, limits.STALE_MS))
        return earliest(due_ms, self.press.next_timeout_ms())
