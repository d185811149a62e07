"""What happens in the demo: A speaks, B answers, then A and C press in the same instant."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pressel.errors import InvariantError
from pressel.report.run import BurstRun, ListenerFrames
from pressel.virtual import now_ms

from .actor import PRESS_LEAD_MS, Actor, Said
from .speeches import Speech

NAMES = ("A", "B", "C")

_PAUSE_S = 0.3  # people leave a moment between turns


@dataclass(frozen=True)
class Turn:
    """One burst as it was said, with the words for people."""

    said: Said
    speech: Speech


async def play(
    actors: Sequence[Actor], speeches: Sequence[Speech], tell: Callable[[str, float], None]
) -> list[Turn]:
    """Run the script; `tell` gets a line and the seconds it will take. In order of talking."""
    a, b, c = actors
    first, second, third, fourth = speeches
    tell("A presses and speaks", first.seconds)
    turns = [Turn(await a.press_and_speak(first.pcm), first)]
    await _all_heard(actors, turns[-1])
    tell("B answers", second.seconds)
    turns.append(Turn(await b.press_and_speak(second.pcm), second))
    await _all_heard(actors, turns[-1])
    tell("A and C press in the same instant", third.seconds + fourth.seconds)
    at_ms = now_ms() + PRESS_LEAD_MS
    both = await asyncio.gather(
        a.press_and_wait(third.pcm, at_ms), c.press_and_wait(fourth.pcm, at_ms)
    )
    _exactly_one_granted(both)
    race = [Turn(both[0], third), Turn(both[1], fourth)]
    turns += sorted(race, key=lambda turn: turn.said.lease)
    await _all_heard(actors, turns[-1])
    return turns


def _exactly_one_granted(both: Sequence[Said]) -> None:
    queued = [said.talker for said in both if said.queued]
    if len(queued) != 1:
        who = " and ".join(queued) or "nobody"
        raise InvariantError(f"two pressed in the same instant, and {who} had to wait")


async def _all_heard(actors: Sequence[Actor], turn: Turn) -> None:
    lease = turn.said.lease
    for actor in actors:
        if actor.name != turn.said.talker:
            await actor.wait_for("heard", lambda value: value[1] == lease)
    await asyncio.sleep(_PAUSE_S)


def as_burst(turn: Turn, actors: Sequence[Actor]) -> BurstRun:
    """The burst as the report wants it, with what each listener counted of it."""
    said = turn.said
    return BurstRun(
        talker=said.talker,
        t_press_ms=said.t_press_ms,
        t_granted_ms=said.t_granted_ms,
        t_release_ms=said.t_release_ms,
        first_ms=said.first_ms,
        last_ms=said.last_ms,
        frames_sent=said.frames_sent,
        listeners=tuple(_frames(a, said) for a in actors if a.name != said.talker),
        queued=said.queued,
        speech=turn.speech.text,
    )


def _frames(actor: Actor, said: Said) -> ListenerFrames:
    played = concealed = late = 0
    for told in actor.told:
        if told.event == "heard" and told.value[1] == said.lease:
            _, _, played, concealed, late, _, _ = told.value  # the last one counts all
    return ListenerFrames(actor.name, played, concealed, late, said.frames_sent - played)
