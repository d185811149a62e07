"""How a virtual badge ends when its firmware is at fault."""

from pressel.errors import PresselError


class BadgeCrashed(PresselError):
    """The firmware raised an exception, or the process ended unasked."""
