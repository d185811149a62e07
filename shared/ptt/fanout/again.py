"""Frames that a listener missed, sent again to it alone in full packets, a few of them at a time;
what is said meanwhile comes behind them. A badge's radio keeps six datagrams until the badge has
read them, and loses what comes on top.
"""

from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAMES_PER_PACKET_MAX, JITTER_FRAMES_MAX
from ..wire import envelope, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, TAG_BYTES
from .bundle import Bundle

if TYPE_CHECKING:
    from typing import Any, Protocol

    class Output(Protocol):
        """Who sends them."""

        def send(
            self, data: bytearray, payload_crc: int, links: "list[Any]", now_ms: int
        ) -> None: ...


FRAMES_MAX = JITTER_FRAMES_MAX - 8  # room for 80 ms of jitter, and what comes before playout
KEPT_MS = 1500  # what went out, from then on: whoever misses it has asked three times by then
_AT_ONCE = const(4)  # the radio has room for other words beside them
_EVERY_MS = const(10)  # a badge reads all that has come once a step
SPREAD_MS = (FRAMES_MAX // _AT_ONCE + 1) * _EVERY_MS  # until the last of it has left, at most


class Again:
    """`output` sends. A talker's quota bounds what waits: it comes more slowly than it leaves."""

    def __init__(self, output: "Output") -> None:
        self._output = output
        self._waiting: dict[int, tuple[Any, list[bytearray]]] = {}  # node -> its link, its packets
        self._due_ms = NEVER

    def begin(self, node: int, link: "Any", packets: "list[bytearray]", now_ms: int) -> None:
        """`node` missed `packets`, in their order. It gets the newest, as many as a listener keeps
        until they are heard: older ones would push these out. What waits for it of other groups
        goes first."""
        if not packets:
            return
        # By number: the last packet of a burst is there thrice.
        end = max([voice.first(each) + voice.count(each) for each in packets])
        packets = [each for each in packets if voice.first(each) >= end - FRAMES_MAX]
        group = voice.group(packets[0])
        waiting = self._waiting.get(node, (link, []))[1]
        others = [each for each in waiting if voice.group(each) != group]
        self._waiting[node] = (link, others + _joined(packets, now_ms))
        self._send_some(node, now_ms)
        if self._due_ms == NEVER and self._waiting:
            self._due_ms = add(now_ms, _EVERY_MS)

    def takes(self, node: int, data: bytearray) -> bool:
        """Does something still wait for `node`? Then `data` waits behind it."""
        if node not in self._waiting:
            return False
        self._waiting[node][1].append(data)
        return True

    def drop(self, node: int) -> None:
        """It is a member no more."""
        self._waiting.pop(node, None)

    def forget(self) -> None:
        """Nothing waits."""
        self._waiting = {}
        self._due_ms = NEVER

    def handle_timeout(self, now_ms: int) -> None:
        if self._due_ms != NEVER and since(now_ms, self._due_ms) >= 0:
            for node in list(self._waiting):
                self._send_some(node, now_ms)
            self._due_ms = add(now_ms, _EVERY_MS) if self._waiting else NEVER

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return self._due_ms

    def _send_some(self, node: int, now_ms: int) -> None:
        link, packets = self._waiting[node]
        for data in packets[0:_AT_ONCE]:
            self._output.send(data, envelope.payload_crc(data), [link], now_ms)
        if len(packets) > _AT_ONCE:
            self._waiting[node] = (link, packets[_AT_ONCE:])
        else:
            del self._waiting[node]


def _joined(packets: "list[bytearray]", now_ms: int) -> "list[bytearray]":
    """The same frames in fewer packets: each costs a transmission, most of which is the same for a
    short one and a long one. All have been said, so nothing waits."""
    joined: list[bytearray] = []
    bundle = Bundle()
    for data in packets:
        if not bundle.fits(data, FRAMES_PER_PACKET_MAX):
            _put(joined, bundle.take())
        bundle.put(data, FRAMES_PER_PACKET_MAX, now_ms)
    _put(joined, bundle.take())
    return joined


def _put(joined: "list[bytearray]", data: "bytearray | None") -> None:
    if data is not None:
        if data[FLAGS_AT] & FLAG_SEALED:
            data.extend(bytes(TAG_BYTES))  # room for it
        joined.append(data)
