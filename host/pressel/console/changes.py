"""Changes on their way to badges, for a page: a change of the settings that a few badges try first,
and an update over the air. It asks the host, and knows no HTML of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pressel.errors import PresselError
from pressel.node.desk.release_rollouts import BEGIN
from pressel.rollout.stages import BACK, DONE, PAUSED, RUNNING, STAGES, STATES
from pressel.rollout.standing import ROWS, Standing
from pressel.update.campaign import STAGES as PARTS

from .host_reader import HostReader

STAGED = "staged"  # on a few badges first, and on more when these are well
_DONE, _NOW, _TO_COME, _BACK = "done", "now", "to come", "taken back"

Ask = Callable[..., Awaitable[Any]]  # in the name of whoever looks


@dataclass(frozen=True)
class Step:
    """One stage, and how far it is: "done", "now", "to come" or "taken back"."""

    name: str
    place: str


@dataclass(frozen=True)
class Change:
    """A change of the settings: `acts` are the words that may be said to it now."""

    standing: Standing
    steps: tuple[Step, ...]
    rows: tuple[tuple[str, str, str], ...]  # what is measured: of those that have it, of the others
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Update:
    """`answer` is the desk's; `counts`: badges by how it goes with them; `releases`: what the hosts
    keep; `parts`: how far it may be widened now."""

    answer: dict[str, Any]
    counts: dict[str, int]
    releases: tuple[int, ...]
    parts: tuple[str, ...]


class Changes:
    """Of the host that `host` reads."""

    def __init__(self, host: HostReader) -> None:
        self._host = host

    async def change(self) -> Change | None:
        """The last one, over or not; None when there was none."""
        answer = await self._host.ask("rollout status")
        if not answer["state"]:
            return None
        try:
            told = TypeAdapter(Standing).validate_python(answer)
            steps = _steps(told)
        except (ValidationError, ValueError):
            raise PresselError("the host is of another version; update the older one") from None
        acts = {STATES[RUNNING]: ("pause", "abort"), STATES[PAUSED]: ("go", "abort")}
        rows = [(name, text(told.touched), text(told.others)) for name, text in ROWS.items()]
        return Change(told, steps, tuple(rows), acts.get(told.state, ()))

    async def update(self) -> Update:
        """How the update goes, and what could be started."""
        answer = await self._host.ask("update status")
        kept = await self._host.ask("update list")
        counts: dict[str, int] = {}
        for badge in answer["badges"]:
            if badge["state"]:
                counts[badge["state"]] = counts.get(badge["state"], 0) + 1
        releases = tuple(sorted({each["release"] for each in kept}, reverse=True))
        at = answer["stage"]
        if answer["paused"] or not at:
            parts = (STAGED, *PARTS)
        else:  # what goes in stages widens by itself
            parts = PARTS[PARTS.index(at) + 1 :] if at in PARTS else ()
        return Update(answer, counts, releases, parts if releases else ())

    async def act(self, ask: Ask, form: Mapping[str, Any]) -> None:
        """Do what the `form` wants. ValueError when it wants nothing that there is."""
        what = str(form["what"])
        if what in ("pause", "go", "abort"):
            await ask(f"rollout {what}")
        elif what in ("hold update", "forget update"):
            await ask("update pause" if what == "hold update" else "update cancel")
        elif what == "update" and form["stage"] == STAGED:
            await ask(BEGIN, release=int(str(form["release"])), flags=0, why="")
        elif what == "update" and form["stage"] in PARTS:
            fields = {"stage": str(form["stage"]), "devices": [], "groups": [], "flags": 0}
            await ask("update start", release=int(str(form["release"])), **fields)
        else:
            raise ValueError(what)


def _steps(told: Standing) -> tuple[Step, ...]:
    at = len(STAGES) if told.state == STATES[DONE] else STAGES.index(told.stage)
    here = {STATES[DONE]: _DONE, STATES[BACK]: _BACK}.get(told.state, _NOW)
    return tuple(
        Step(name, _DONE if number < at else here if number == at else _TO_COME)
        for number, name in enumerate(STAGES)
    )
