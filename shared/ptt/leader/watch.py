"""What a leader tells whoever counts its bursts; by itself nobody does.

The numbers are those on the wire: `lease` is the burst, `node` a member. A watcher must be quick:
it is called between two datagrams of voice.
"""

from ..base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Watch(Protocol):
        """Is told of a burst in this order; `reported` comes once a listener, before `settled`."""

        def queued(self, node: int, request: int, now_ms: int) -> None:
            """`node` waits for a floor; told again with each repetition of its request."""

        def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
            """`request` is the one that was granted; of a claimed burst it is unknown."""

        def ended(self, lease: int, cause: int, now_ms: int) -> None:
            """`cause`: 0 when the button was released, else a REVOCATION_*."""

        def coded_anew(
            self, group: int, lease: int, talker: int, codec: int, nodes: "list[int]"
        ) -> None:
            """The burst is in `codec`, which `nodes` lack, so they get it in another one. Told once
            of each, between `begun` and `ended`; of a burst that another leader began, too."""

        def reported(self, lease: int, node: int, played: int, concealed: int, late: int) -> None:
            """What one listener heard, in frames."""

        def settled(self, counts: "tuple[int, int, int, int]") -> None:
            """All have reported, or too late: (lease, listeners, heard, whole)."""


class Unwatched:
    """Forgets all of it."""

    def queued(self, node: int, request: int, now_ms: int) -> None:
        pass

    def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
        pass

    def ended(self, lease: int, cause: int, now_ms: int) -> None:
        pass

    def coded_anew(
        self, group: int, lease: int, talker: int, codec: int, nodes: "list[int]"
    ) -> None:
        pass

    def reported(self, lease: int, node: int, played: int, concealed: int, late: int) -> None:
        pass

    def settled(self, counts: "tuple[int, int, int, int]") -> None:
        pass
