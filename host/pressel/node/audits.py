"""How commands read the log of a host, whether it runs or not; as `door` for devices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pressel.registry.database import DATABASE
from pressel.registry.log import as_json
from pressel.registry.store import Registry

from . import control
from .door import no_registry, running
from .options import default_state

Line = dict[str, Any]  # as `log.as_json` writes an entry


def lines(state: Path | None) -> Iterator[Line]:
    """All entries of the log of the host that has the folder `state`, oldest first."""
    path, after = running(state), 0
    while True:
        if path is not None:
            page = control.ask(path, "audit list", after=after)
        else:
            with _registry(state) as registry:
                page = [as_json(each) for each in registry.told(after)]
        if not page:
            return
        yield from page
        after = page[-1]["index"]


def verify(state: Path | None, also: tuple[str, ...], seen: str | None) -> Line:
    """The head of the log: how many `entries`, the `term` and the `hash` of the last. PresselError
    when it does not hold."""
    path = running(state)
    if path is not None:
        return control.ask(path, "audit verify", also=list(also), seen=seen)
    with _registry(state) as registry:
        head = registry.verify(also, seen)
    return {"entries": head.index, "term": head.term, "hash": head.hash}


def _registry(state: Path | None) -> Registry:
    folder = state or default_state()
    if not (folder / DATABASE).exists():
        raise no_registry(folder)
    return Registry(folder)
