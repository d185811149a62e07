"""Which host sends voice to which listener: a pure function of what relays and listeners have
reported, and of the choice before.

The leader serves so many listeners itself as the venue has set; the others are spread over relays
by what each costs. A relay's word of its load is never believed below what the leader knows it to
carry.
"""

from ..base.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from collections.abc import Sequence

LISTENERS_MAX = const(128)  # of one relay: half of a full venue is lost with it for a moment
RAMP_PER_S = const(16)  # more listeners a second for a new relay: its load is reported late
MOVES_MAX = const(8)  # listeners in a second, from host to host
LOAD_PERCENT_MAX = const(80)  # above it a host sends late
LOAD_PERCENT_TO_ADD = const(65)  # what a second's moves add must not bring it there
RTT_MS_MAX = const(40)  # on wires a round trip takes one; two frames are too late
# Points by which a move between relays must win: one who comes and goes moves nobody.
MARGIN = const(20)
RETURN = const(4)  # places that must be free at the leader before a listener comes back
LOSS_PERCENT_MAX = const(10)  # of what a relay sends to one listener; the air repeats what is lost

# Why a listener is moved.
UNABLE = const(0)  # its relay is gone, slow, overloaded or leaves
LOSSY = const(1)  # too little comes of what it sends
CROWDED = const(2)  # the leader serves more than it should
UNEVEN = const(3)  # another relay costs much less
ROOM = const(4)  # the leader has room again
WHY = (
    "its relay does not serve any more",
    "too little came from its relay",
    "the leader serves enough",
    "another relay has less to do",
    "the leader has room",
)


class Standing:
    """One relay, as the leader knows it."""

    __slots__ = ("age_ms", "is_able", "load_percent", "members", "rtt_ms")

    def __init__(
        self,
        is_able: bool,
        load_percent: int = 0,
        rtt_ms: int = 0,
        members: int = 0,
        age_ms: int = 0,
    ) -> None:
        self.is_able = is_able  # it answers, stays, and nobody missed voice by it of late
        self.load_percent = load_percent  # percent of its processor, by its own word
        self.rtt_ms = rtt_ms
        self.members = members  # listeners that it has
        self.age_ms = age_ms  # since it began to relay

    @property
    def is_overloaded(self) -> bool:
        return self.load_percent > LOAD_PERCENT_MAX

    @property
    def serves(self) -> bool:
        """May listeners be left to it?"""
        return self.is_able and not self.is_overloaded and self.rtt_ms <= RTT_MS_MAX

    @property
    def room(self) -> int:
        """How many listeners more it may have now."""
        if not self.serves or self.load_percent > LOAD_PERCENT_TO_ADD:
            return 0
        allowed = min(LISTENERS_MAX, RAMP_PER_S * (1 + self.age_ms // 1000))
        return max(0, allowed - self.members)

    @property
    def cost(self) -> int:
        """In points: a full relay costs 100, and so does a busy one; each ms of way costs one."""
        return max(self.load_percent, self.members * 100 // LISTENERS_MAX) + self.rtt_ms


class Choice:
    """One listener: `relay` is its host's place among the relays, -1 the leader. `avoided`: hosts,
    one bit each, by which it missed voice of late."""

    __slots__ = ("avoided", "loss", "node", "relay")

    def __init__(self, node: int, relay: int = -1, loss: int = 0, avoided: int = 0) -> None:
        self.node = node
        self.relay = relay
        self.loss = loss  # percent of what its relay sent
        self.avoided = avoided


def moves(
    relays: "Sequence[Standing]", listeners: "Sequence[Choice]", own: int
) -> "list[tuple[int, int, int]]":
    """(node, place of the relay or -1, why) of each listener that should be moved now; `own`: how
    many the leader serves itself. Counts the moves in `relays` and `listeners`.

    Who is left by its relay goes to the leader at once, whatever that serves; of the rest,
    `MOVES_MAX` in one call."""
    made = []
    for each in listeners:
        if each.relay >= 0:
            if not relays[each.relay].serves:
                made.append(_move(relays, each, -1, UNABLE))
            elif each.loss > LOSS_PERCENT_MAX:
                each.avoided |= 1 << each.relay
                made.append(_move(relays, each, -1, LOSSY))
    direct = [each for each in listeners if each.relay < 0]
    count = 0
    for each in direct[:]:
        place = _cheapest(relays, each.avoided)
        if len(direct) <= own or count >= MOVES_MAX:
            break
        if place >= 0:
            made.append(_move(relays, each, place, CROWDED))
            direct.remove(each)
            count += 1
    if count:
        return made
    for each in listeners:
        if each.relay < 0 or count >= MOVES_MAX:
            continue
        place = _cheapest(relays, each.avoided)
        if len(direct) + count + RETURN <= own:
            made.append(_move(relays, each, -1, ROOM))
        elif place >= 0 and relays[place].cost + MARGIN < relays[each.relay].cost:
            made.append(_move(relays, each, place, UNEVEN))
        else:
            continue
        count += 1
    return made


def _cheapest(relays: "Sequence[Standing]", avoided: int) -> int:
    """The place of the relay with room that costs least; -1: none has."""
    best = -1
    for place in range(len(relays)):
        each = relays[place]
        if avoided >> place & 1 or not each.room:
            continue
        if best < 0 or each.cost < relays[best].cost:
            best = place
    return best


def _move(
    relays: "Sequence[Standing]", listener: Choice, place: int, why: int
) -> "tuple[int, int, int]":
    if listener.relay >= 0:
        relays[listener.relay].members -= 1
    if place >= 0:
        relays[place].members += 1
    listener.relay = place
    return listener.node, place, why
