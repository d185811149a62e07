"""For each kind of fault of the swarm an engine bug that only this kind brings to light.

Each lasts as long as a `with`. An engine that has met what it cannot take goes deaf: it refuses
whatever comes. Nothing is heard of that until the faults are over, and not everybody can talk.
`harmless` plants all at once, and only notes which of them would have struck.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

PLANTED: dict[str, Callable[[], Any]] = {}  # by kind of fault
_noted: set[str] | None = None  # while `harmless`: kinds whose bug would have struck


class Bug:
    """One of them, while it is planted: what it remembers of each engine, whether it strikes."""

    kind = ""  # whose bug is being planted

    def __init__(self) -> None:
        self._kind = Bug.kind

    def memory(self, engine: Any) -> dict[str, Any]:
        return vars(engine).setdefault("planted " + self._kind, {})

    def strikes(self, is_met: bool) -> bool:
        """`is_met`: an engine has met what it cannot take."""
        if is_met and _noted is not None:
            _noted.add(self._kind)
            return False
        return is_met


def of(kind: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """The bug that `kind` reveals."""

    def note(bug: Callable[[], Any]) -> Callable[[], Any]:
        @functools.wraps(bug)
        def plant() -> Any:
            Bug.kind = kind
            return bug()

        PLANTED[kind] = plant
        return plant

    return note


@contextlib.contextmanager
def harmless() -> Iterator[set[str]]:
    """All bugs at once, without harm: the kinds whose bug would have struck."""
    global _noted
    with contextlib.ExitStack() as stack:
        for bug in PLANTED.values():
            stack.enter_context(bug())
        _noted = set()
        try:
            yield _noted
        finally:
            _noted = None
