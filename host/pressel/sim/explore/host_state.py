"""One host's engine as a tuple of plain values and back, its times relative to its own clock.

What the state of an engine does not look at is left out, so that equal futures are equal tuples.
"""

from __future__ import annotations

from ptt.base import clock
from ptt.base.numbers import HOST_LOST_MS
from ptt.cluster import election
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election

NOW_MS = 1 << 20  # where a host's clock stands between two actions
FAR_MS = 2 * HOST_LOST_MS  # longer ago than this is long ago
PLAIN = (
    "state", "term", "vote", "leader", "leader_term", "_stored", "_handed", "_held",
    "_promised", "_over_term", "_tries",
)  # fmt: skip
STATE, TERM, VOTE, LEADER, LEADER_TERM, STORED, HANDED = range(7)  # places among them
DUE = 2  # place among the times
_TIMES = ("_heard_ms", "_promised_ms", "_due_ms", "_close_ms")
_COUNTING = (election.PRE_CANDIDATE, election.CANDIDATE)

Values = tuple  # (plain, times, asked, granted, heard)


def dump(engine: Election, passed_ms: int = 0) -> Values:
    """The values of `engine`, whose clock has moved on by `passed_ms` from `NOW_MS`."""
    now_ms = NOW_MS + passed_ms
    voters = engine.voters
    heard_ms, promised_ms, due_ms, close_ms = (
        _relative(getattr(engine, name), now_ms) for name in _TIMES
    )
    is_promised = engine._promised != NOBODY and promised_ms > NOW_MS
    is_follower = engine.leader not in (NOBODY, engine.own)
    is_counting = engine.state in _COUNTING
    plain = tuple(
        NOBODY if name == "_promised" and not is_promised else getattr(engine, name)
        for name in PLAIN
    )
    times = (
        heard_ms if is_follower else NOW_MS,
        promised_ms if is_promised else NOW_MS,
        due_ms,
        close_ms if is_counting else NOW_MS,
    )
    heard = (NOW_MS,) * len(voters.hosts)
    if engine.state == election.LEADER:
        heard = tuple(_relative(then_ms, now_ms) for then_ms in voters.heard_ms)
    counts = (voters.asked, voters.granted) if is_counting else (0, 0)
    return (plain, times, *counts, heard)


def load(engine: Election, values: Values) -> Election:
    """Give `engine` the values of a state."""
    plain, times, voters = values[0], values[1], engine.voters
    for name, value in zip(PLAIN, plain, strict=True):
        setattr(engine, name, value)
    engine._heard_ms, engine._promised_ms, engine._due_ms, engine._close_ms = times
    voters.asked, voters.granted, voters.heard_ms = values[2:]
    return engine


def _relative(then_ms: int, now_ms: int) -> int:
    if then_ms == clock.NEVER:
        return then_ms
    return NOW_MS - max(-FAR_MS, min(FAR_MS, now_ms - then_ms))
