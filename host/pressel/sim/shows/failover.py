"""Phase 2: the leader dies in the middle of a word, and another host goes on."""

from __future__ import annotations

from collections.abc import Sequence

from .show import Act, Played, Promise, Show, at_most, kill, talk, unbroken

_FAILOVER_MS_MAX = 1500  # the target of docs/slo.md
_SAID = 1  # presses


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    unheard = act.kpis["unheard_after_a_kill"]
    elections = act.kpis["elections"]
    return [
        at_most(
            "until everybody heard the talker again",
            act.figure("failover_ms"),
            _FAILOVER_MS_MAX,
            "ms",
            "people repeat a sentence after two seconds",
        ),
        Promise(unheard == 0, f"listeners who heard no more of it: {unheard}"),
        Promise(elections == 1, f"other leaders that were elected: {elections}, of 1"),
        unbroken(played),
    ]


SHOW = Show(
    "failover",
    "2",
    "The leader dies in mid-word",
    "B1 talks and holds its button; how long nobody hears it when host A loses its power.",
    (
        Act(
            "Three hosts and twelve badges.",
            participants=12,
            seconds=16,
            standbys=2,
            steps=(talk(5, 1, 8), *kill(7.5, 0, 12)),
        ),
    ),
    judge,
)
