"""Terms of leaders: a round that goes up, and the mark of the host that stands in it.

Since the mark is part of the term, two hosts never lead in one term, not even two that cannot
hear each other and are both right to lead. Hosts of one venue have different marks; the operator
is told when a new one would not.
"""

from ..base.compat import const
from ..base.numbers import INT_MAX

MARK_BITS = const(8)
NOBODY = b""  # in place of a host: no vote, no leader


def mark_of(host: bytes) -> int:
    """The mark of `host`: the first of its 8 bytes, which come from a hash of its public key."""
    return host[0]


def next_term(term: int, host: bytes) -> int:
    """The lowest term in which `host` may stand after `term`. OverflowError after 4 million
    rounds: an election every minute for seven years."""
    following = ((term >> MARK_BITS) + 1) << MARK_BITS | mark_of(host)
    if following > INT_MAX:
        raise OverflowError("there are no terms above %d" % term)
    return following


def outranks(a: "tuple[int, int, bytes]", b: "tuple[int, int, bytes]") -> bool:
    """Whether standing `a` goes before `b`: (node class, capabilities, host). The higher class,
    then the higher capabilities, then the lower host."""
    if a[0] != b[0]:
        return a[0] > b[0]
    if a[1] != b[1]:
        return a[1] > b[1]
    return a[2] < b[2]
