"""Phase 0: the old app and Pressel in the same situation, and a run that can be repeated."""

from __future__ import annotations

from collections.abc import Sequence

from .show import Act, Played, Promise, Show, talk, unbroken

_STEPS = tuple(talk(at_s, badge, 2.0) for at_s in (5.0, 9.0) for badge in (1, 2, 3))


def _act(opening: str, protocol: str) -> Act:
    return Act(opening, participants=5, seconds=18, steps=_STEPS, protocol=protocol)


def judge(played: Sequence[Played]) -> list[Promise]:
    old, new, again = played
    both_ms = old.figure("double_talk_ms") or 0
    ours_ms = new.figure("double_talk_ms")
    return [
        Promise(both_ms > 0, f"the old app's listeners heard two voices at once: {both_ms:g} ms"),
        Promise(ours_ms == 0, f"with Pressel they heard two voices at once: {ours_ms:g} ms"),
        Promise(new.digest == again.digest, "the same seed gave the same run, record by record"),
        unbroken([new, again]),
    ]


SHOW = Show(
    "old-app",
    "0",
    "The old app beside Pressel",
    "Three press in the same instant, twice. The old app lets them talk into each other.",
    (
        _act("The old app: five phones, of which three press at once.", "v1"),
        _act("Pressel: the same people press the same buttons.", "v2"),
        _act("Once more, to see whether the same happens.", "v2"),
    ),
    judge,
)
