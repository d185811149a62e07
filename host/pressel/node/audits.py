"""How commands read the log of a host, whether it runs or not; as `door` for devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pressel.registry.chains import BEGINNING, place_of
from pressel.registry.database import DATABASE
from pressel.registry.log import as_json
from pressel.registry.store import Registry

from . import control
from .desk.audits import conflicts_as_json
from .door import no_registry, reached
from .options import default_state

Line = dict[str, Any]  # as `log.as_json` writes an entry


def lines(state: Path | None) -> Iterator[Line]:
    """All entries of the log of the host that has the folder `state`, oldest first."""
    path, after = reached(state), BEGINNING
    while True:
        if path is not None:
            page = control.ask(path, "audit list", after=list(after))
        else:
            with _registry(state) as registry:
                page = [as_json(each) for each in registry.told(after)]
        if not page:
            return
        yield from page
        after = place_of(page[-1]["place"])


def conflicts(state: Path | None) -> list[Line]:
    """Of each device that hosts have changed without hearing of each other: the entry that holds,
    then the others; `holds` says which."""
    path = reached(state)
    if path is not None:
        return control.ask(path, "audit conflicts")
    with _registry(state) as registry:
        return conflicts_as_json(registry)


def verify(state: Path | None, also: tuple[str, ...], seen: tuple[str, ...]) -> Line:
    """The head of the log: how many `entries`, the `term` and the `hash` of the last; of a host
    that runs, what the others have of it (`venue`, see `LogCopy`). PresselError when it does not
    hold."""
    path = reached(state)
    if path is not None:
        # First, since what was cut off comes back from the others within a second.
        venue = control.ask(path, "audit compare")
        head = control.ask(path, "audit verify", also=list(also), seen=list(seen))
        return {**head, "venue": venue}
    with _registry(state) as registry:
        head = registry.verify(also, seen)
    return {"entries": head.index, "term": head.term, "hash": head.hash}


def _registry(state: Path | None) -> Registry:
    folder = state or default_state()
    if not (folder / DATABASE).exists():
        raise no_registry(folder)
    return Registry(folder)
