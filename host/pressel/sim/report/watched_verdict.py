"""Does it change anything for voice that somebody looks at the console, and does memory stay flat?
Judged by the run that nobody watches and the one that all watch, on the same machine."""

from __future__ import annotations

from typing import Any, NamedTuple

from ptt.base.numbers import FRAME_MS

Record = dict[str, Any]

RATIO_MAX = 1.25  # of 27 presses in three minutes, 95 of 100 is the second longest: that varies
SLACK_MS = FRAME_MS  # nobody notices less; ratios of short times are noise
SLACK_LOST = 0.002
LATE_MS = FRAME_MS  # of the machine, 99 of 100: then it measures its load and not the console
SLOPE_MAX_MIB_HOUR = 6.0  # 1 GB in a week
CONSOLE_KEEPS_MIB = 6.0  # of hearings, which takes 160 bursts to 250 listeners to fill


class Line(NamedTuple):
    """`holds` is None where the runs do not tell."""

    holds: bool | None
    text: str


def verdict(records: list[Record]) -> list[Line]:
    """Each promise in a line of words."""
    alone, watched = records
    late_ms = max(each["late_ms_p99"] for each in records)
    voice = [
        _times("access time", alone["access_ms"], watched["access_ms"]),
        _times("mouth to ear", alone["mouth_to_ear_ms"], watched["mouth_to_ear_ms"]),
        _lost(alone["frame_loss"], watched["frame_loss"]),
    ]
    if late_ms > LATE_MS:
        why = f"not told: the machine itself was {late_ms:.0f} ms late, so run it idle"
        voice = [Line(None, f"{each.text.partition(':')[0]}: {why}") for each in voice]
    broken = sum(len(each["violations"]) for each in records)
    failed = len(watched["failed"])
    return [
        *voice,
        Line(not broken, f"promises: {broken or 'none'} broken"),
        Line(not failed, f"pages: {failed or 'none'} failed of {watched['pages']}"),
        _memory("leader", watched),
        _memory("console", watched, CONSOLE_KEEPS_MIB),
    ]


def _times(name: str, alone: dict[str, float], watched: dict[str, float]) -> Line:
    before_ms, now_ms = alone["p95"], watched["p95"]
    holds = now_ms <= max(before_ms * RATIO_MAX, before_ms + SLACK_MS)
    ratio = f" ({now_ms / before_ms:.2f} times)" if before_ms else ""
    return _line(holds, f"{name}, 95 of 100: {now_ms:.0f} after {before_ms:.0f} ms{ratio}")


def _lost(before: float, now: float) -> Line:
    holds = now <= max(before * RATIO_MAX, before + SLACK_LOST)
    return _line(holds, f"frames lost or late: {now:.2%} after {before:.2%}")


def _memory(who: str, record: Record, kept_mib: float = 0.0) -> Line:
    slope = record.get(f"{who}_slope_mib_hour")
    if slope is None:
        return Line(None, f"{who}'s memory: not told: that takes 20 minutes and more")
    grown = record.get(f"{who}_growth_mib")
    if slope > SLOPE_MAX_MIB_HOUR and grown is not None and grown <= kept_mib:
        fills = f"it has grown by {grown:.1f} MiB, of {kept_mib:.0f} in which it keeps bursts"
        return Line(None, f"{who}'s memory: not told: {fills}; a longer run tells")
    return _line(slope <= SLOPE_MAX_MIB_HOUR, f"{who}'s memory: {slope:+.1f} MiB an hour")


def _line(holds: bool, text: str) -> Line:
    return Line(holds, f"{text}: {'as it should be' if holds else 'too much'}")
