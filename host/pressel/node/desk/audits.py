"""What a host's log says, in pages, and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pressel.registry.chains import place_of
from pressel.registry.log import as_json
from pressel.registry.store import Registry

from .verb import HERE, Fields, Verb

WithRegistry = Callable[[Callable[[Registry], Any]], Any]


def conflicts_as_json(registry: Registry) -> list[dict[str, Any]]:
    """Of each device that has conflicts: the entry that holds, then the others."""
    return [
        {**as_json(each), "holds": each is first}
        for first, others in registry.conflicts()
        for each in (first, *others)
    ]


def verbs(with_registry: WithRegistry) -> Iterable[Verb]:
    """`with_registry` gives its argument the host's registry, in the desk's thread."""
    for name, act in _VERBS:
        yield Verb(name, _answer(act, with_registry), place=HERE, in_thread=True)


def _answer(act: Callable[[Registry, Fields], Any], with_registry: WithRegistry):
    return lambda fields: with_registry(lambda registry: act(registry, fields))


def _list(registry: Registry, fields: Fields) -> list[dict[str, Any]]:
    """A page behind entry `after`; the last page is empty."""
    return [as_json(each) for each in registry.told(place_of(fields["after"]))]


def _verify(registry: Registry, fields: Fields) -> dict[str, Any]:
    head = registry.verify(map(str, fields["also"]), map(str, fields["seen"]))
    return {"entries": head.index, "term": head.term, "hash": head.hash}


_VERBS = (
    ("audit list", _list),
    ("audit conflicts", lambda registry, fields: conflicts_as_json(registry)),
    ("audit verify", _verify),
)
