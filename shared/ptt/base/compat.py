"""The one place that knows on which runtime the engines run.

MicroPython's compiler folds ``NAME = const(1)`` wherever it sees that name; elsewhere it is this
function. There is no ``typing`` on a badge, so annotations are quoted and imports for them stand
under ``TYPE_CHECKING``.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview  # what a datagram comes in


def const(value: int) -> int:
    """Return `value`; a badge folds it at compile time."""
    return value
