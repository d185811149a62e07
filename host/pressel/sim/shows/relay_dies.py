"""Phase 4: a host that relays voice to half of the badges dies in the middle of a burst."""

from __future__ import annotations

from collections.abc import Sequence

from .show import Act, Played, Promise, Show, at_most, kill, talk, unbroken
from .silences import Silences

_SILENT_MS_MAX = 1500  # as for a leader that dies: whoever listens cannot tell which of them did
_FIRST_RELAY = 13  # the number of host B


def judge(played: Sequence[Played]) -> list[Promise]:
    (act,) = played
    silences = act.guest
    return [
        at_most("longest silence at a listener", silences.longest_ms, _SILENT_MS_MAX, "ms"),
        Promise(
            silences.longest_ms > 0 and silences.listeners == 11,
            f"badges that heard it to its end: {silences.listeners}, of 11",
        ),
        unbroken(played),
    ]


SHOW = Show(
    "relay-dies",
    "4",
    "A relay dies in a burst",
    "Hosts B and C pass on what host A sends them once. Host B loses its power while B1 talks.",
    (
        Act(
            "Three hosts and twelve badges, of which host A serves only two itself.",
            participants=12,
            seconds=26,
            settle_s=10,
            standbys=2,
            settings={"own_listeners": 2},
            steps=(talk(10, 1, 9), *kill(13.0, _FIRST_RELAY, 22)),
            guest=Silences,
        ),
    ),
    judge,
)
