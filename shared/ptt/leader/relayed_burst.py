"""A group's last burst of which relays send copies: whose copies, and what can be asked for again.

Whose copies a relay sends is settled when the burst begins and holds until its end, except that a
listener that misses it gets the rest from the leader, from the first frame that it misses on."""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING
from ..fanout.again import KEPT_MS
from ..wire import voice

if TYPE_CHECKING:
    from ..link.link import Link


class RelayedBurst:
    """The burst under `lease`; `of` tells by link the host that sends to it."""

    __slots__ = ("_asking", "_is_over", "_packets", "lease", "of")

    def __init__(self, lease: int) -> None:
        self.lease = lease
        self.of: dict[Link, bytes] = {}
        self._packets: list[tuple[int, bytearray]] = []  # (when, packet), oldest first
        self._asking: set[Link] = set()  # who have heard all that the talker has said so far
        self._is_over = False  # its last packet is out

    def keep(self, data: bytearray, now_ms: int) -> None:
        """A packet goes out."""
        for link in self._asking:
            self.of.pop(link, None)
        self._asking = set()
        self._is_over = self._is_over or voice.is_last(data)
        self._packets.append((now_ms, data))
        while age(now_ms, self._packets[0][0]) > KEPT_MS:
            self._packets.pop(0)

    def missed(self, link: "Link", first: int) -> "list[bytearray]":
        """The packets from the frame `first` on. None: the talker is silent; then the leader sends
        what comes next to `link` itself, since the relay may be silent, too."""
        missed = [
            each for _, each in self._packets if voice.first(each) + voice.count(each) > first
        ]
        if not missed and not self._is_over:
            self._asking.add(link)
        return missed
