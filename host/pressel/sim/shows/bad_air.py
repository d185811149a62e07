"""Phase 5: speech over a network that loses, delays and turns over what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from pressel.sim.targets import targets_on

from .show import Act, Played, Promise, Show, at_most, talk, unbroken
from .silences import Silences

_PROFILE = "busy"
# Targets of docs/slo.md, and what a single run may have above them: they are for many together.
_AUDIO = {"mouth-to-ear-busy": 40, "clipping": 40, "gaps": 3}
_LOSS_MOST = 0.08  # two hops lose 2 % each, and what is late counts, too


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    wanted = [each for each in targets_on(_PROFILE) if each.id in _AUDIO]
    return [
        *(
            at_most(
                each.words,
                each.figure(act.kpis),
                each.most + _AUDIO[each.id],
                each.unit,
                f"and {each.most:g} over many runs",
            )
            for each in wanted
        ),
        at_most("frames that were replaced", act.figure("frame_loss"), _LOSS_MOST, "of 1"),
        unbroken(played),
    ]


SHOW = Show(
    "bad-air",
    "5",
    "Speech on a busy network",
    "Each hop loses 2 % and is up to 80 ms late; listeners wait just as long as that "
    "asks for, and fill in what is missing.",
    (
        Act(
            "A leader and twelve roomy badges (ESP32-S3) on the network profile `busy`.",
            participants=12,
            seconds=24,
            profile=_PROFILE,
            smooth=True,
            steps=(talk(5, 1, 6), talk(12, 2, 6), talk(19, 3, 4)),
            guest=Silences,
        ),
    ),
    judge,
)
