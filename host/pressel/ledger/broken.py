"""What is wrong with a log or an entry, in words that follow "entry 12: "."""

from __future__ import annotations


class BrokenError(ValueError):
    """An entry, or a chain of them, that is not to be believed."""


class AlteredError(BrokenError):
    """It is not as its writer signed it, or not in its place: to blame is who passed it on."""
