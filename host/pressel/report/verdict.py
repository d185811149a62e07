"""Judges measured figures by the targets, in words that a person can act on.

A failure is of `correctness` (something was lost, mixed or never arrived) or of `timing` (it came
late). Only the second kind can be the fault of a slow machine, and then a remark says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from .burst import Badge, Burst, Failure, Listener, Spread, Verdict
from .targets import Targets


def judge(bursts: list[Burst], badges: list[Badge], access: Spread, targets: Targets) -> Verdict:
    """All failures in the order of the run. A run without a burst fails: it showed nothing."""
    failures: list[Failure] = []
    if not bursts:
        failures.append(_wrong("nobody talked: the run holds no burst"))
    for burst in bursts:
        failures.extend(_judge_burst(burst, targets))
    failures.extend(_judge_access(bursts, access, targets))
    return Verdict(
        passed=not failures, failures=failures, remarks=list(_remarks(badges, failures, targets))
    )


def _wrong(text: str, burst: int | None = None, badge: str | None = None) -> Failure:
    return Failure(kind="correctness", text=text, burst=burst, badge=badge)


def _late(text: str, burst: int | None = None, badge: str | None = None) -> Failure:
    return Failure(kind="timing", text=text, burst=burst, badge=badge)


def _judge_burst(burst: Burst, targets: Targets) -> Iterator[Failure]:
    name = f"burst {burst.number} ({burst.talker})"
    if burst.granted_at_ms is None:
        yield _wrong(f"{name} never got the floor", burst.number, burst.talker)
    if not burst.audible:
        yield _wrong(f"{name} holds nothing audible to judge by", burst.number, burst.talker)
    if burst.hears_itself_ms > 0:
        text = f"{burst.talker} heard itself for {burst.hears_itself_ms:.0f} ms in {name}"
        yield _wrong(text, burst.number, burst.talker)
    for listener in burst.listeners:
        yield from _judge_listener(name, burst, listener, targets)
    p95 = burst.mouth_to_ear_ms.p95
    if p95 is not None and p95 > targets.mouth_to_ear_p95_ms:
        yield _late(
            f"{name} was heard {p95:.0f} ms late (p95), over {targets.mouth_to_ear_p95_ms:.0f} ms",
            burst.number,
        )


def _judge_listener(
    name: str, burst: Burst, listener: Listener, targets: Targets
) -> Iterator[Failure]:
    def wrong(text: str) -> Failure:
        return _wrong(text, burst.number, listener.name)

    if not listener.reached:
        if burst.audible or not listener.heard:
            yield wrong(f"{listener.name} did not hear {name}")
        return
    lag = listener.mouth_to_ear_ms.p50
    if lag is not None and lag < 0:
        yield wrong(f"{listener.name} heard {name} before it was said: two clocks disagree")
    if listener.overlap_ms > targets.overlap_ms:
        # What is missing under another voice may only be masked by it: that is one fault, not two.
        others = " and ".join(listener.overlap_with)
        yield wrong(f"{listener.name} heard {others} over {name} for {listener.overlap_ms:.0f} ms")
        return
    for edge, lost_ms, allowed_ms in (
        ("first", listener.clipped_start_ms, targets.clipped_start_ms),
        ("last", listener.clipped_end_ms, targets.clipped_end_ms),
    ):
        if lost_ms is not None and lost_ms > allowed_ms:
            yield wrong(f"{listener.name} missed the {edge} {lost_ms:.0f} ms of {name}")
    if burst.pesq_codec is not None and listener.pesq is not None:
        lost = burst.pesq_codec - listener.pesq
        if lost > targets.pesq_loss:
            yield _late(
                f"{listener.name} heard {name} with PESQ {listener.pesq:.2f}, {lost:.2f} below "
                "what the codec alone gives",
                burst.number,
                listener.name,
            )
    gaps = listener.gaps_over_100ms
    if gaps.count > targets.gaps_over_100ms:
        holes = "a gap" if gaps.count == 1 else f"{gaps.count} gaps"
        yield wrong(f"{listener.name} heard {holes} in {name}, {gaps.total_ms:.0f} ms in all")


def _judge_access(bursts: list[Burst], access: Spread, targets: Targets) -> Iterator[Failure]:
    if access.p95 is None or access.p95 <= targets.access_p95_ms:
        return
    slowest = max((b for b in bursts if b.access_ms is not None), key=lambda b: b.access_ms or 0.0)
    yield _late(
        f"the floor was given {access.p95:.0f} ms after the press (p95 of {access.n}), over "
        f"{targets.access_p95_ms:.0f} ms; slowest: burst {slowest.number} ({slowest.talker}), "
        f"{slowest.access_ms:.0f} ms",
        slowest.number,
    )


def _remarks(badges: list[Badge], failures: list[Failure], targets: Targets) -> Iterator[str]:
    lags = [(badge.lag_ms_max, badge.name) for badge in badges if badge.lag_ms_max is not None]
    worst_ms, worst = max(lags, default=(0.0, ""))
    if worst_ms > targets.machine_lag_ms:
        late = any(failure.kind == "timing" for failure in failures)
        advice = "the late figures may be its fault: run again with less beside it" if late else ""
        yield f"this computer itself was up to {worst_ms:.0f} ms late (at {worst})" + (
            f"; {advice}" if advice else ""
        )
    for badge in badges:
        if badge.mailbox_dropped:
            yield f"{badge.name} lost {badge.mailbox_dropped} datagrams in a full mailbox"
        if badge.heap_peak_bytes is None and badge.step_ms_max is None:
            yield f"{badge.name} gave no figures of memory and time"
