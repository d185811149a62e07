"""What listeners heard of what was said: delay, losses, gaps, and what is missing at either end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressel.spread import Spread

from .. import record
from ..people import marker
from ..people.person import FRAME_US
from .utterances import Heard, Utterances

if TYPE_CHECKING:
    from ..world import World

GAP_US = 100_000  # a syllable: silence for longer is heard as a hole


class Hearing:
    """Mouth to ear counts every frame that sounded; the others count utterances that had the
    floor."""

    def __init__(self, world: World) -> None:
        self._utterances = Utterances(world)
        self._delay = Spread()
        world.record.watch(record.PLAYED, self._on_played)

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        utterance = self._utterances.of(frame)
        if utterance is None:
            return
        number = marker.number_of(frame)
        if number >= len(utterance.starts_us):
            return  # said by nobody: for a checker to judge
        sounds_us = now_us + delay_us
        self._delay.add(sounds_us - utterance.starts_us[number])
        heard = utterance.heard.get(node)
        if heard is None:
            heard = utterance.heard[node] = Heard(number)
        elif sounds_us - heard.sounded_us - FRAME_US > GAP_US:
            heard.gaps += 1
        heard.count += 1
        heard.last = max(heard.last, number)
        heard.sounded_us = sounds_us

    def figures(self) -> dict[str, Any]:
        owed = missing = gaps = 0
        start, end, holes = Spread(), Spread(), Spread()
        for utterance in self._utterances.all.values():
            if not utterance.is_granted:
                continue
            said = len(utterance.starts_us)
            for listener in sorted(utterance.listeners):
                heard = utterance.heard.get(listener)
                owed += said
                missing += said - (heard.count if heard else 0)
                gaps += heard.gaps if heard else 0
                holes.add(heard.gaps * 1000 if heard else 0)
                start.add(FRAME_US * (heard.first if heard else said))
                end.add(FRAME_US * (said - 1 - heard.last) if heard else 0)
        return {
            "mouth_to_ear_ms": self._delay.figures(),
            "frame_loss": round(missing / owed, 5) if owed else None,
            "gaps_over_100ms": gaps if owed else None,
            "gaps_per_30s": holes.rank_ms(95),
            "clipped_ms": start.rank_ms(95),
            "clipped_end_ms": end.rank_ms(95),
        }
