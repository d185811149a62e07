"""No number is used twice under one key: neither that of a datagram, by whoever seals with the key,
nor that of a frame with other words in it. Seen in runs with the stand-in seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..world import World


class OneNumber:
    """Listens to the run's ledger of keys."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        world.stage.seal.ledger.tell = self._on_again

    def _on_again(self, what: str) -> None:
        self._world.violate("one number", what)

    def finish(self) -> None:
        """Nothing is left to look at."""
