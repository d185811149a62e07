"""The hosts that are configured to vote: how they rank, who has answered, who was heard.

Bounded by `VOTERS_MAX`. Everything is a plain value or a tuple of values, so that a copy of the
attributes is a copy of the state. A set of voters is an int with one bit each.
"""

from ..base.clock import kept, since
from ..base.numbers import VOTERS_MAX
from .ballot import KEEPS_STATE, outranks


class Voters:
    """`hosts`: all of them, the own one `own` among them, at most `VOTERS_MAX`; `node_class` and
    `capabilities` (0..255) are its own. ValueError when `hosts` breaks these rules."""

    def __init__(
        self, own: bytes, hosts: "tuple[bytes, ...]", node_class: int, capabilities: int
    ) -> None:
        self.hosts = tuple(sorted(hosts))
        if own not in self.hosts or len(set(hosts)) != len(hosts) or len(hosts) > VOTERS_MAX:
            raise ValueError("voters are this host and at most %d others" % (VOTERS_MAX - 1))
        self.own = self.hosts.index(own)
        # The others' class is unknown until they say it: it is taken as the lowest.
        self.standings = tuple(
            (node_class, capabilities, host) if host == own else (0, 0, host) for host in self.hosts
        )
        self.asked = 0  # the voters that have answered
        self.granted = 0  # of these, those that said yes
        self.heard_ms = (0,) * len(hosts)  # when each last followed us, of a leader's voters

    @property
    def quorum(self) -> int:
        """How many must say yes: a majority with three or more hosts, otherwise one."""
        count = len(self.hosts)
        return count // 2 + 1 if count >= 3 else 1

    def others(self) -> "list[bytes]":
        return [host for host in self.hosts if host != self.hosts[self.own]]

    def index(self, host: bytes) -> int:
        """Its place, or -1 when it is not a voter."""
        return self.hosts.index(host) if host in self.hosts else -1

    def learn(self, index: int, node_class: int, capabilities: int) -> None:
        """What a voter says about itself."""
        standing = (node_class, capabilities, self.hosts[index])
        if self.standings[index] != standing:
            self.standings = self.standings[:index] + (standing,) + self.standings[index + 1 :]

    def keeps_state(self, index: int) -> bool:
        """Whether that voter has said that it keeps a leader's state."""
        return self.standings[index][1] & KEEPS_STATE != 0

    def is_outranked_by(self, index: int) -> bool:
        return outranks(self.standings[index], self.standings[self.own])

    def rank(self, absent: int) -> int:
        """How many rank before us, leaving out `absent` (an index, or -1)."""
        better = [n for n in range(len(self.hosts)) if n != absent and self.is_outranked_by(n)]
        return len(better)

    # --- answers to a candidate ---

    def begin_count(self) -> None:
        """A new count; our own yes is in it."""
        self.asked = 1 << self.own
        self.granted = 1 << self.own

    def count(self, index: int, is_yes: bool) -> None:
        """The answer of one voter; a second one changes nothing."""
        if not self.asked & 1 << index:
            self.asked |= 1 << index
            self.granted |= (1 if is_yes else 0) << index

    def has_quorum(self) -> bool:
        return _ones(self.granted) >= self.quorum

    def all_said_yes(self) -> bool:
        return _ones(self.granted) == len(self.hosts)

    def somebody_said_no(self) -> bool:
        return self.asked != self.granted

    def cannot_win(self) -> bool:
        """Not enough even if all who have not answered yet say yes."""
        refused = _ones(self.asked) - _ones(self.granted)
        return len(self.hosts) - refused < self.quorum

    # --- those that follow a leader ---

    def begin_hearing(self, now_ms: int) -> None:
        self.heard_ms = (now_ms,) * len(self.hosts)

    def hear(self, index: int, then_ms: int) -> None:
        """Voter `index` followed us at `then_ms`; an older answer changes nothing."""
        if since(then_ms, self.heard_ms[index]) > 0:
            heard = list(self.heard_ms)
            heard[index] = then_ms
            self.heard_ms = tuple(heard)

    def majority_silent_ms(self, now_ms: int) -> int:
        """How long we, with those that follow us, have had no quorum; 0 where one is enough."""
        self.heard_ms = tuple([kept(heard_ms, now_ms) for heard_ms in self.heard_ms])
        ages = [since(now_ms, heard_ms) for heard_ms in self.heard_ms]
        ages[self.own] = 0
        return sorted(ages)[self.quorum - 1]


def _ones(bits: int) -> int:
    count = 0
    while bits:
        count += bits & 1
        bits >>= 1
    return count
