"""What an election tells the log of its host."""

from ..base.compat import const

# Events: (kind, value), as in `ptt.base.events`, but none of a badge's.
BECAME_LEADER = const(0)  # term
LOST_LEADERSHIP = const(1)  # (term, trigger)
LEADER_IS = const(2)  # (host, term): another host leads
LEADER_LOST = const(3)  # (host, term): it was silent for too long, or resigned
ATTEMPT = const(4)  # the term that we ask about
ATTEMPT_FAILED = const(5)  # (that term, trigger)
TERM_DOUBTED = const(6)  # (host, term): it names a term that cannot be; once for each host
TERMS_USED_UP = const(7)  # term: the last one is reached, so that we do not stand any more
EVENT_NAMES = (
    "became_leader",
    "lost_leadership",
    "leader_is",
    "leader_lost",
    "attempt",
    "attempt_failed",
    "term_doubted",
    "terms_used_up",
)
