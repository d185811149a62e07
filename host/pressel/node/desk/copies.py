"""What hosts ask of one another, so that each of them has what the venue needs: the log, the
releases and the campaign."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..log_copy import COMPARE_VERB, HEADS_VERB, LOOK_VERB, PAGE_VERB, LogCopy
from ..update_copy import UpdateCopy
from .verb import LEADER, Fields, Verb


def verbs(
    log: LogCopy, updates: UpdateCopy, look: Callable[[Fields], Awaitable[bool]]
) -> tuple[Verb, ...]:
    """`look` fetches from the leader what is new of updates, and says whether this host has all."""
    return (
        Verb(PAGE_VERB, log.page, in_thread=True),
        Verb(LOOK_VERB, log.look),
        Verb(HEADS_VERB, log.heads, in_thread=True),
        Verb(COMPARE_VERB, log.compared),
        Verb("update copy", updates.copy, place=LEADER, in_thread=True),
        Verb("update piece", updates.piece, place=LEADER, in_thread=True),
        Verb("update look", look),
    )
