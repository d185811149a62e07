"""Independent additions to the handset; some only where a badge has the parts (`boot`)."""

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from ..handset import Handset


def ignore(self: object, handset: "Handset", event: tuple, now_ms: int) -> None:
    """The `on_event` of an extra that ignores events."""
