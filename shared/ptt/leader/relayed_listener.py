"""One member that can hear relays: by whom it gets voice. The table says what becomes of it."""

from ..base.clock import add, since
from ..base.compat import const
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

OWN = const(0)
OFFERED = const(1)
RELAYED = const(2)
STATES = ("by the leader", "offered", "by a relay")

CHOSEN = const(0)
PROVED = const(1)
UNPROVED = const(2)
MISSED = const(3)
TAKEN_BACK = const(4)
TRIGGERS = ("chosen", "proved", "unproved", "missed", "taken back")

RULES = (
    (OWN, CHOSEN, OFFERED, "tell"),  # where and under which key; the leader goes on meanwhile
    (OFFERED, PROVED, RELAYED, ""),  # the listener has opened a probe
    (OFFERED, UNPROVED, OWN, "avoid"),  # none comes there: a wall between the two networks
    (RELAYED, UNPROVED, OWN, "avoid"),  # none comes there any more
    (OFFERED, TAKEN_BACK, OWN, "tell"),
    (RELAYED, MISSED, OWN, "avoid"),  # it asked the leader for a burst, and got it
    (RELAYED, TAKEN_BACK, OWN, "tell"),  # by the plan
)
_RULES = compile_rules(RULES)

AVOID_MS = const(60000)  # the way of one listener that proved none, or missed voice
_JUDGED = const(16)  # datagrams of a report before it counts


class RelayedListener:
    """`host` is its relay, while it is offered one or has one."""

    __slots__ = ("_avoided", "heard_ms", "host", "loss", "since_ms", "state", "told_ms", "why")

    def __init__(self) -> None:
        self.state = OWN
        self.host = b""
        self.since_ms = 0  # in this state
        self.told_ms = 0
        self.heard_ms = 0  # its last report
        self.loss = 0  # percent, by its report
        self.why = -1  # it was moved last, of `assign.WHY`
        self._avoided: dict[bytes, int] = {}  # host -> until when

    def fire(self, trigger: int, now_ms: int) -> bool:
        """Whether it is to be told."""
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return False
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        self.since_ms = now_ms
        if action == "avoid":
            self.avoid(now_ms)
        if self.state == OWN:
            self.host = b""
            self.loss = 0
        return bool(action)

    def take_report(self, came: int, sent: int, now_ms: int) -> None:
        """Of the relay's datagrams, as it counts them."""
        self.heard_ms = now_ms
        self.loss = (sent - came) * 100 // sent if sent >= _JUDGED else 0

    def avoid(self, now_ms: int) -> None:
        """Its relay, for a while."""
        self._avoided[self.host] = add(now_ms, AVOID_MS)

    def avoids(self, hosts: "list[bytes]", now_ms: int) -> int:
        """Bits of places in `hosts`."""
        bits = 0
        for host, until_ms in list(self._avoided.items()):
            if since(now_ms, until_ms) >= 0:
                del self._avoided[host]
            elif host in hosts:
                bits |= 1 << hosts.index(host)
        return bits
