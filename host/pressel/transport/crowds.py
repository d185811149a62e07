"""What is prepared once for the listeners of a group, as long as each has its keys and address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ptt.base.numbers import GROUPS_MAX

if TYPE_CHECKING:
    from ptt.link.link import Link

_CROWDS_MAX = (
    2 * GROUPS_MAX
)  # one a group and talker that comes first in it; then all are forgotten

Prepared = TypeVar("Prepared")


class _Crowd(Generic[Prepared]):
    """The links of one group's listeners, with the keys and addresses that `made` is made of."""

    __slots__ = ("addresses", "keys", "links", "made")

    def __init__(
        self, links: list[Link], keys: list[Any], addresses: list[Any], made: Prepared
    ) -> None:
        self.links = links
        self.keys = keys
        self.addresses = addresses
        self.made = made

    def is_still(self, links: list[Link], keys: list[Any], addresses: list[Any]) -> bool:
        return self.links == links and self.keys == keys and self.addresses == addresses


class Crowds(Generic[Prepared]):
    """`make` prepares what copies to some links need."""

    def __init__(self, make: Callable[[list[Link]], Prepared]) -> None:
        self._make = make
        self._crowds: dict[Link, _Crowd[Prepared]] = {}  # by the first of their links

    def of(self, links: list[Link]) -> Prepared:
        """For `links`, of which there are some, all with keys."""
        keys = [link.keys for link in links]
        addresses = [link.address for link in links]
        crowd = self._crowds.get(links[0])
        if crowd is None or not crowd.is_still(links, keys, addresses):
            if len(self._crowds) >= _CROWDS_MAX:
                self._crowds.clear()
            crowd = _Crowd(links, keys, addresses, self._make(links))
            self._crowds[links[0]] = crowd
        return crowd.made
