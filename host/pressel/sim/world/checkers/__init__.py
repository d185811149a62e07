"""What must be true of every run, each in a file of its own.

A checker is made with the world before the run, watches records, and says what it saw by
`world.violate`; `finish` is called when the run is over.
"""

from __future__ import annotations

from .one_lease import OneLease

CHECKERS = (OneLease,)
