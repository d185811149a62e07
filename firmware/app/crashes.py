"""The last crashes, kept over restarts: a ring of a few tracebacks, short, replaced atomically.

Loaded only when something went wrong, or was kept from an earlier life.
"""

import io
import sys

from micropython import const

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from hal.store import Store

NAME = "crashes"
_ENTRIES = const(4)  # the newest is the one to fix, the others say whether it is always that one
_CHARACTERS = const(500)  # of a traceback, its end: the last three frames and the message


def traceback(error: BaseException) -> str:
    """The end of the traceback as text."""
    text = io.StringIO()
    sys.print_exception(error, text)  # pyright: ignore[reportArgumentType]
    return text.getvalue()[-_CHARACTERS:]  # pyright: ignore[reportAttributeAccessIssue]


def keep(store: "Store", uptime_ms: int, text: str) -> None:
    """Add a crash, the oldest goes. OSError when the flash is full or broken."""
    ring = entries(store)[-(_ENTRIES - 1) :]
    ring.append([uptime_ms, text])
    store.save(NAME, {"ring": ring})


def entries(store: "Store") -> list:
    """[uptime in ms, traceback] of each crash, oldest first; what is damaged is left out."""
    ring = store.load(NAME).get("ring")
    if not isinstance(ring, list):
        return []
    return [each for each in ring if isinstance(each, list) and len(each) == 2]
