"""The leader's table of members: who they are, how to reach them, when they were heard.

Bounded by `MEMBERS_MAX`. It knows neither floor nor voice.
"""

from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    MEMBER_TTL_MS,
    MEMBERS_MAX,
    PRESS_BURST,
    PRESS_PER_S,
    SPEECH_FRAMES_BURST,
    SPEECH_FRAMES_PER_S,
)
from ..wire.envelope import LEADER_NODE
from .budget import Budget
from .delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..link.link import Link

OLDER_TABLE = const(-1)
DIFFERENT_TABLE = const(0)  # same version, other contents: built from changed sources
NEWER_TABLE = const(1)
SAME_TABLE = const(2)

_FIRST_NODE = LEADER_NODE + 1
_ACCESS_POINT = const(1)  # place of the field in BADGE_REPORT


class Member:
    """One participant as the leader knows it."""

    __slots__ = (
        "asked",
        "beats",
        "build",
        "call",
        "concealed",
        "denied",
        "device",
        "entitlements",
        "features",
        "groups",
        "heard_ms",
        "is_asking_first",
        "is_writing_first",
        "late",
        "link",
        "name",
        "node",
        "nonce",
        "played",
        "presses",
        "report",
        "reported_ms",
        "request",
        "roster",
        "secret",
        "settings",
        "speech",
        "table_is",
        "text_number",
    )

    def __init__(self, device: bytes, node: int, link: "Link") -> None:
        self.device = device  # 8 bytes
        self.node = node
        self.link = link
        self.nonce = 0
        self.name = b""
        self.build = b""
        self.features = 0  # bits of `base.features` that its HELLO claimed
        self.groups: "tuple[int, ...]" = ()  # talk groups, highest scan priority first
        self.entitlements = 0  # as `roster` counts them
        self.roster = 0  # rises when `groups` changes; 0: one group, about which WELCOME says all
        self.call = 0  # group of its private call, 0: none
        self.asked = 0  # group of its last request, 0: none yet
        self.request = 0  # that request: a badge has one button
        self.denied = 0  # why that request was refused; 0: it was not
        self.presses = Budget(PRESS_PER_S, PRESS_BURST)
        self.speech = Budget(SPEECH_FRAMES_PER_S, SPEECH_FRAMES_BURST)
        self.heard_ms = 0
        self.beats = 0  # heartbeats answered
        self.report: "list | None" = None  # fields of its last BADGE_REPORT
        self.reported_ms = 0  # when that came
        self.played = 0  # frames of all bursts that it has reported on
        self.concealed = 0
        self.late = 0
        self.secret = b""  # from which its session's keys come
        self.settings = Delivery()
        self.table_is = SAME_TABLE  # how its message table compares with ours
        self.text_number = -1  # id of its last text, to recognize a repetition
        # Taken over, and not heard to press, or to write, since: what it says next is its newest.
        self.is_asking_first = self.is_writing_first = False

    @property
    def group(self) -> int:
        """Where it talks when nothing else is chosen; 0: nowhere."""
        return self.groups[0] if self.groups else 0

    @property
    def access_point(self) -> int:
        """The end of its access point's address, as it reported; 0: unknown."""
        return 0 if self.report is None else self.report[_ACCESS_POINT]

    def snapshot(self) -> "tuple":
        """What the leader's future messages to it depend on, besides sequence numbers."""
        is_first = (self.is_asking_first, self.is_writing_first)
        said = (self.asked, self.request, self.denied, self.call, self.text_number)
        return (self.node,) + said + is_first

    def restore(self, snapshot: "tuple") -> None:
        self.asked, self.request, self.denied, self.call, self.text_number = snapshot[1:6]
        self.is_asking_first, self.is_writing_first = snapshot[6:8]
        self.presses = Budget(PRESS_PER_S, PRESS_BURST)

    def hears(self, group: int) -> bool:
        return group in self.groups or (group == self.call and group != 0)

    @property
    def session(self) -> int:
        """Number of its session."""
        return self.link.session

    @property
    def address(self) -> "Any":
        """Where it is."""
        return self.link.address

    @address.setter
    def address(self, address: "Any") -> None:
        self.link.address = address


class Members:
    """Members by device, by node number and by session; `make_link` gives each its own."""

    def __init__(self, make_link: "Callable[[], Link]") -> None:
        self._make_link = make_link
        self._by_device: dict[bytes, Member] = {}
        self._by_session: dict[int, Member] = {}
        self._by_node: dict[int, Member] = {}
        self._all: list[Member] | None = None  # in order; None: to be sorted again
        self._next_node = _FIRST_NODE
        self._due_ms = NEVER  # nobody vanishes before; NEVER: to be looked for

    def __len__(self) -> int:
        return len(self._by_device)

    def all(self) -> "list[Member]":
        """Every member, by node number: dictionaries have no order on MicroPython. Callers must not
        change the list."""
        if self._all is None:
            self._all = [self._by_node[node] for node in sorted(self._by_node)]
        return self._all

    def by_device(self, device: bytes) -> "Member | None":
        return self._by_device.get(device)

    def by_session(self, session: int) -> "Member | None":
        return self._by_session.get(session)

    def by_node(self, node: int) -> "Member | None":
        return self._by_node.get(node)

    def add(self, device: bytes, session: int) -> "Member | None":
        """A new member with a number that nobody has; None when the table is full."""
        if len(self._by_device) >= MEMBERS_MAX:
            return None
        while self._next_node in self._by_node:
            self._advance()
        member = self._enter(device, self._next_node, session)
        self._advance()
        return member

    def _enter(self, device: bytes, node: int, session: int) -> "Member":
        assert device not in self._by_device, "one device, two members"
        assert session not in self._by_session, "two members in one session"
        assert node not in self._by_node, "two members with one number"
        member = Member(device, node, self._make_link())
        member.link.session = session
        self._by_device[device] = member
        self._by_session[session] = member
        self._by_node[node] = member
        self._all = None
        return member

    @property
    def next_node(self) -> int:
        """The number that has been unused for longest."""
        return self._next_node

    def go_on_from(self, next_node: int) -> None:
        """For a leader that takes over: it must not soon reuse numbers given before."""
        self._next_node = max(_FIRST_NODE, next_node)

    def take_over(self, node: int, device: bytes, session: int) -> "Member | None":
        """A member of the previous leader, as it was; None when that is impossible."""
        is_known = node in self._by_node or device in self._by_device or session in self._by_session
        if is_known or len(self._by_device) >= MEMBERS_MAX:
            return None
        return self._enter(device, node, session)

    def _advance(self) -> None:
        # Numbers are not used again soon: late datagrams may still speak of the old owner.
        self._next_node = self._next_node + 1 if self._next_node < 0xFFFF else _FIRST_NODE

    def remove(self, member: "Member") -> None:
        assert self._by_node.get(member.node) is member, "it is no member"
        del self._by_device[member.device]
        del self._by_session[member.session]
        del self._by_node[member.node]
        self._all = None
        if not self._by_node:
            self._due_ms = NEVER

    def vanished(self, now_ms: int) -> "list[Member]":
        """Members not heard for `MEMBER_TTL_MS`."""
        if not self._by_node or since(now_ms, self.next_timeout_ms()) < 0:
            return []
        self._due_ms = NEVER
        return [m for m in self.all() if since(now_ms, m.heard_ms) >= MEMBER_TTL_MS]

    def heard(self, member: "Member", now_ms: int) -> None:
        """Something came from `member`. `heard_ms` is set here alone, and only goes up, so nobody
        vanishes earlier than was reckoned."""
        assert self._by_node.get(member.node) is member, "somebody is heard who is no member"
        if age(now_ms, member.heard_ms) > MEMBER_TTL_MS:  # it is new, or the clock was set back
            self._due_ms = NEVER
        member.heard_ms = now_ms

    def next_timeout_ms(self) -> int:
        """When to ask `vanished` next, or `NEVER`: mostly somebody has been heard meanwhile, but
        nobody needs to look at all members for each datagram."""
        if self._due_ms == NEVER:
            quietest: Member | None = None
            for member in self._by_node.values():
                if quietest is None or since(member.heard_ms, quietest.heard_ms) < 0:
                    quietest = member
            if quietest is not None:
                self._due_ms = add(quietest.heard_ms, MEMBER_TTL_MS)
        return self._due_ms
