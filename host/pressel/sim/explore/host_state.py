"""One host's engine as a tuple of plain values and back, its times relative to its own clock."""

from __future__ import annotations

from ptt.base.numbers import HOST_LOST_MS
from ptt.cluster.election import Election

NOW_MS = 1 << 20  # where a host's clock stands between two actions
FAR_MS = 2 * HOST_LOST_MS  # longer ago than this is long ago
STATE, TERM, VOTE, LEADER, LEADER_TERM, STORED, HANDED = range(7)  # places of plain values
DUE = 2  # place among the ages

Values = tuple  # (plain, ages in ms, asked, granted, heard)


def dump(engine: Election, passed_ms: int = 0) -> Values:
    """The values of `engine`, whose clock has moved on by `passed_ms` from `NOW_MS`."""
    plain, ages, asked, granted, heard = engine.snapshot(NOW_MS + passed_ms)
    return (plain, _bounded(ages), asked, granted, _bounded(heard))


def load(engine: Election, values: Values) -> Election:
    """Give `engine` the values of a state."""
    engine.restore(values, NOW_MS)
    return engine


def _bounded(ages: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Times far behind or ahead are equally far, wherever they lie."""
    return tuple(None if age_ms is None else max(-FAR_MS, min(FAR_MS, age_ms)) for age_ms in ages)
