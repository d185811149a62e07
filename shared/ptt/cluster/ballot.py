"""Terms of leaders: a round that rises, and the mark of the host that stands in it.

Since the mark is part of the term, two hosts never lead in one term, not even two that cannot hear
each other and may both lead. Hosts of one venue have different marks; the operator is told when a
new one would not.

Terms end at `TERM_MAX`. That is far away, unless somebody names a term that nothing can have
brought: so hosts hear, take, store and load only what is plausible, see `is_plausible`.
"""

from ..base.compat import const
from ..base.numbers import CLOCK_TERM_MAX, TERM_JUMP_MAX

MARK_BITS = const(8)
NOBODY = b""  # in place of a host: no vote, no leader
KEEPS_STATE = const(128)  # of the capabilities: with a leader's state it stands first
TERM_MAX = const(0x3FFFFEFF)  # the last but one round's, so that `next_term` still fits INT_MAX


def mark_of(host: bytes) -> int:
    """The mark of `host`: the first of its 8 bytes, which come from a hash of its public key."""
    return host[0]


def next_term(term: int, host: bytes) -> int:
    """The lowest term in which `host` may stand after `term`, which is at most `TERM_MAX`; nobody
    stands in it where `can_stand` says no."""
    assert term <= TERM_MAX, "a term beyond the last"
    return ((term >> MARK_BITS) + 1) << MARK_BITS | mark_of(host)


def can_stand(term: int) -> bool:
    """Whether there is a term above `term` for every host. There are 4 million rounds: an election
    every minute for seven years."""
    return (term >> MARK_BITS) < (TERM_MAX >> MARK_BITS)


def is_plausible(term: int, known: int) -> bool:
    """Whether somebody may say `term` to a host that knows of `known`: a clock that is believed, or
    the elections that this host has missed, may have brought it."""
    return term <= min(max(known, CLOCK_TERM_MAX) + TERM_JUMP_MAX, TERM_MAX)


def outranks(a: "tuple[int, int, bytes]", b: "tuple[int, int, bytes]") -> bool:
    """Whether standing `a` goes before `b`: (node class, capabilities, host). The higher class,
    then the higher capabilities, then the lower host."""
    if a[0] != b[0]:
        return a[0] > b[0]
    if a[1] != b[1]:
        return a[1] > b[1]
    return a[2] < b[2]
