"""The one place that knows on which runtime the engines run.

MicroPython's compiler folds ``NAME = const(1)`` into its users; CPython needs a function of
that name. There is no ``typing`` on a badge, so annotations are quoted and imports for them
stand under ``TYPE_CHECKING``.
"""

TYPE_CHECKING = False

try:
    from micropython import const  # pyright: ignore[reportMissingImports]
except ImportError:

    def const(value: int) -> int:
        """Return `value`; a badge folds it at compile time."""
        return value
