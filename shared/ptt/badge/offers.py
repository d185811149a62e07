"""What the leader says about updates: an offer is kept and told, and the rest goes to whoever
fetches it."""

from ..base import events
from ..base.compat import TYPE_CHECKING
from ..wire import envelope, messages, refusal
from ..wire.offsets import OFFER_TAG_AT
from .join import JOINED

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from .join import Join

    class OffersOwner(Protocol):
        """The participant that is offered them."""

        join: Join
        link: Link

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Offers:
    """`updater` takes the leader's messages, as `Receiver` does; None: no update runs."""

    obeys = {
        messages.UPDATE_OFFER: "_on_message",
        messages.UPDATE_CHUNK: "_on_message",
        messages.UPDATE_ORDER: "_on_message",
    }

    def __init__(self, owner: "OffersOwner") -> None:
        self._owner = owner
        self.updater: Any = None
        self.offered = ()  # the last offer: release, bytes of the manifest, flags, tag

    def _on_message(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """UPDATE_OFFER, UPDATE_CHUNK or UPDATE_ORDER."""
        kind = data[envelope.TYPE_AT]
        if self.updater is not None:
            return self.updater.on_message(kind, fields, data, now_ms)
        if kind != messages.UPDATE_OFFER:
            return refusal.STALE
        tag = bytes(data[OFFER_TAG_AT : envelope.payload_end(data)])
        self.offered = (fields[0], fields[1], fields[2], tag)
        self._owner.tell(events.UPDATE, fields[0])
        return refusal.ACCEPTED

    def send_update(self, kind: int, values: "tuple", now_ms: int) -> None:
        """UPDATE_WANT or UPDATE_STATE, for whoever fetches; lost while not joined."""
        owner = self._owner
        if owner.join.state == JOINED:
            owner.send(kind, values, owner.link.address, now_ms)
