"""What must be true of every run, each in a file of its own.

A checker is made with the world before the run, watches records, and reports what it saw by
`world.violate`; `finish` is called when the run is over. `protocols`: those for which it makes
sense. `is_of_records`: it looks at records only, so that it can judge real processes, too.
"""

from __future__ import annotations

from .accounts import Accounts
from .all_joined import AllJoined
from .bounded_memory import BoundedMemory
from .everybody_talks import EverybodyTalks
from .highest_term import HighestTerm
from .in_turn import InTurn
from .lease_ends import LeaseEnds
from .no_lost_move import NoLostMove
from .one_lease import OneLease
from .one_number import OneNumber
from .one_reign import OneReign
from .one_sender import OneSender
from .one_voice import OneVoice

CHECKERS = (
    OneLease,
    LeaseEnds,
    OneVoice,
    HighestTerm,
    OneNumber,
    OneReign,
    Accounts,
    BoundedMemory,
    AllJoined,
    EverybodyTalks,
    NoLostMove,
    OneSender,
    InTurn,
)
