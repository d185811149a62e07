"""The talk button of one old app, as far as its words and its voice tell, as a table of rules.

The app announces a press and believes that it has the floor; here it has the floor only when the
leader has given it to the bridge. The owner does what an action means.
"""

from __future__ import annotations

from ptt.base.clock import NEVER, add, since
from ptt.base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

from .limits import BURST_END_MS

# States
QUIET = 0
ASKING = 1  # pressed: the leader is being asked; voice is kept for when it grants
TALKING = 2
REFUSED = 3  # pressed, and somebody else talks: voice is not forwarded
STATES = ("quiet", "asking", "talking", "refused")

# Triggers
TAKEN = 0  # the app says that its button is down
VOICE = 1
RELEASED = 2  # the app says that its button is up
SILENT = 3  # no voice for 650 ms
GONE = 4  # the connection is closed, or stale
GRANT = 5
REFUSE = 6  # denied, queued or revoked by the leader, or another app was first
TRIGGERS = ("taken", "voice", "released", "silent", "gone", "grant", "refuse")

ASK = "ask"
LET_GO = "let go"
BLOCK = "block"

RULES = (
    (QUIET, TAKEN, ASKING, ASK),  # a request by proxy
    (QUIET, VOICE, ASKING, ASK),  # likewise: its announcement was lost, or came 650 ms ago
    (ASKING, GRANT, TALKING, ""),
    (ASKING, REFUSE, REFUSED, BLOCK),  # told that the floor is taken
    (ASKING, RELEASED, QUIET, LET_GO),  # a short word is sent when granted
    (ASKING, SILENT, QUIET, LET_GO),
    (ASKING, GONE, QUIET, LET_GO),
    (TALKING, REFUSE, REFUSED, BLOCK),  # the floor was taken away
    (TALKING, RELEASED, QUIET, LET_GO),
    (TALKING, SILENT, QUIET, LET_GO),  # its word was lost, or its button is stuck
    (TALKING, GONE, QUIET, LET_GO),
    (REFUSED, TAKEN, ASKING, ASK),  # pressed anew: a refused app may not tell its release
    (REFUSED, RELEASED, QUIET, ""),
    (REFUSED, SILENT, QUIET, ""),
    (REFUSED, GONE, QUIET, ""),
)
_RULES = compile_rules(RULES)


class Press:
    """One app's presses, one after the other."""

    def __init__(self) -> None:
        self.state = QUIET
        self._voice_ms = 0  # last voice, or the announcement

    def fire(self, trigger: int, now_ms: int) -> str:
        """Take the trigger; the action to do, "" for none."""
        if trigger in (TAKEN, VOICE):
            self._voice_ms = now_ms
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return ""
        self.state = cell >> ACTION_BITS
        return _RULES[1][cell & ACTION_MASK]

    def may_speak(self) -> bool:
        """Does its voice belong to a burst, granted or not yet?"""
        return self.state in (ASKING, TALKING)

    def is_quiet(self) -> bool:
        return self.state == QUIET

    def is_silent(self, now_ms: int) -> bool:
        return self.state != QUIET and since(now_ms, self._voice_ms) >= BURST_END_MS

    def next_timeout_ms(self) -> int:
        """When silence ends the press, or `NEVER`."""
        return NEVER if self.state == QUIET else add(self._voice_ms, BURST_END_MS)
