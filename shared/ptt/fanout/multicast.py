"""Voice that is sent once for many, and to each alone who does not hear it.

Who gets a burst by multicast is settled when it begins and holds until its end, except that a
member that misses it gets it alone, from the first frame that it misses on, and that one who hears
it and gets it alone can say so. So nobody's way changes within a burst but by its own word, and no
word is lost by it.
"""

from ..base.clock import NEVER, age
from ..base.compat import TYPE_CHECKING, const
from ..base.last_bursts import LastBursts
from ..base.numbers import INT_MAX
from ..proof.hearing import BACK, BACKS_MAX
from ..wire import voice
from .again import KEPT_MS
from .chain import DELAY, INTERVALS
from .discloser import Discloser
from .ears import Ears
from .way import FAILED_MS, has_failed, is_much, is_worth_it

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Output(Protocol):
        """Who sends it."""

        def send_plain(self, data: Any, destination: Any) -> None: ...


_PORT = const(47802)  # behind those of badges and hosts
_HOST = b"\xef\xff"  # 239.255.0.0/16: of one site, routed nowhere (RFC 2365)
_NOBODY: "set[int]" = set()  # not to be changed
_QUIET_MS = const(3000)  # without voice: a new chain disturbs nobody


class _Burst:
    """`nodes`: who gets it by multicast; `served`: who did, if only for a while."""

    __slots__ = ("backs", "failing", "kept", "lease", "nodes", "served")

    def __init__(self, lease: int, nodes: "set[int]") -> None:
        self.lease = lease
        self.nodes = nodes
        self.served = set(nodes)
        self.failing: set[int] = set()  # of these: they had to ask, or lost much
        self.backs: dict[int, int] = {}  # node -> times that it said that it hears it
        self.kept: list[tuple[int, bytearray]] = []  # (when, packet), oldest first

    def forget_old(self, now_ms: int) -> None:
        while self.kept and age(now_ms, self.kept[0][0]) > KEPT_MS:
            self.kept.pop(0)


class Multicast:
    """`random(n)` gives n unpredictable bytes. `address_of` makes an address of the transport's
    from the IPv4 address and the port."""

    def __init__(self, output: "Output", random: "Callable[[int], bytes]") -> None:
        self.address_of: Callable[[bytes, int], Any] = _as_they_are
        self._output = output
        self._random = random
        self._host = b""  # none: it is switched off
        self._keys: Discloser | None = None
        self._bursts: LastBursts[_Burst] = LastBursts()
        self._failed_ms: dict[int, int] = {}  # by group, when one had failed of late
        self._spoken_ms = NEVER  # voice went out last; NEVER: not yet
        self.ears = Ears()
        self.packets = 0  # of voice, sent once for many

    def obey(self, group: int) -> None:
        """The venue's setting: the last two bytes of the address; 0: send to each alone."""
        host = _HOST + bytes((group >> 8, group & 255)) if group else b""
        if host != self._host:
            self._host = host
            self._keys = None
            self.forget()

    def forget(self) -> None:
        """No burst is under way."""
        self._bursts.clear()
        self._failed_ms = {}

    def drop(self, node: int) -> None:
        """It is a member no more."""
        self.ears.forget(node)
        for _, burst in self._bursts.all():
            burst.nodes.discard(node)

    @property
    def place(self) -> "tuple[bytes, int] | None":
        """IPv4 address and port; None: nothing is sent to many."""
        return (self._host, _PORT) if self._host else None

    def welcome(self, echo_ms: int, now_ms: int) -> "tuple":
        """The fields of MULTICAST, in answer to a report."""
        if not self._host:
            return (echo_ms, bytes(4), 0, 0, 0, 0, 0, bytes(16))
        keys = self._keys
        if keys is None or keys.left(now_ms) <= 0:
            keys = self._begin(now_ms)
        interval, key = keys.anchor(now_ms)
        age_ms = keys.age_ms(now_ms)
        return (echo_ms, self._host, _PORT, keys.number, age_ms, DELAY, interval, key)

    def is_heard_by(self, node: int, now_ms: int) -> bool:
        """Does `node` hear, and can it prove, what is sent to many?"""
        keys = self._keys
        return keys is not None and self.ears.hears(node, keys.number, now_ms)

    # --- voice ---

    def begin(
        self,
        group: int,
        lease: int,
        listeners: "Sequence[tuple[int, int]]",
        access_points: int,
        now_ms: int,
    ) -> None:
        """A burst for `listeners`, (node, access point) of each."""
        last = self._bursts.last(group)
        was_worth_it = last is not None and len(last.nodes) > 0
        failed_ms = self._failed_ms.get(group, NEVER)
        if failed_ms != NEVER and age(now_ms, failed_ms) >= FAILED_MS:
            failed_ms = NEVER
            del self._failed_ms[group]
        nodes: set[int] = set()
        if failed_ms == NEVER:
            hearing = [each for each in listeners if self.is_heard_by(each[0], now_ms)]
            if is_worth_it([place for _, place in hearing], access_points, was_worth_it):
                nodes = set([node for node, _ in hearing])
        self._bursts.begin(group, _Burst(lease, nodes))

    def served(self, group: int, lease: int) -> "set[int]":
        """The nodes that get the burst by multicast; not to be changed."""
        burst = self._bursts.of(group, lease)
        return _NOBODY if burst is None else burst.nodes

    def send(self, data: bytearray, now_ms: int) -> "set[int]":
        """A VOICE_FRAME of a burst, to those who get it by multicast. Returns them; it is to be
        changed no more."""
        burst = self._bursts.of(voice.group(data), voice.lease(data))
        if burst is None or not burst.nodes:
            return _NOBODY
        keys = self._keys
        if keys is None or keys.left(now_ms) <= 0:  # the burst is longer than a chain
            burst.nodes = set()
            return burst.nodes
        back = BACK * voice.count(data)
        older = _beginning(burst.kept, voice.first(data) - back, voice.count(data))
        if older is None:
            back = 0
        packet = keys.voice(data, older, back, now_ms)
        self._output.send_plain(packet, self.address_of(self._host, _PORT))
        self.packets += 1
        self._spoken_ms = now_ms
        burst.kept.append((now_ms, data))
        burst.forget_old(now_ms)
        return burst.nodes

    def on_missed(
        self, node: int, group: int, lease: int, first: int, now_ms: int
    ) -> "list[bytearray]":
        """MULTICAST_MISSED: the packets that `node` is to get again, and what follows alone. Empty:
        the talker's own network is silent, or the burst is over."""
        burst = self._bursts.of(group, lease)
        if burst is None or node not in burst.nodes:
            return []
        missed = [each for _, each in burst.kept if voice.first(each) + voice.count(each) > first]
        if missed:
            burst.nodes.discard(node)
            self.ears.on_missed(node)
            self._fails(node, group, burst, now_ms)
        return missed

    def on_heard_again(self, node: int, group: int, lease: int, now_ms: int) -> None:
        """MULTICAST_HEARD: what follows goes to `node` with all others, whether it did before or
        not. `node` is a listener of `group`."""
        burst, keys = self._bursts.of(group, lease), self._keys
        if burst is None or node in burst.nodes or not burst.nodes:
            return
        if keys is None or not self.ears.proves(node, keys.number, now_ms):
            return
        if burst.backs.get(node, 0) < BACKS_MAX:
            burst.backs[node] = burst.backs.get(node, 0) + 1
            burst.served.add(node)
            burst.nodes.add(node)
            self.ears.on_heard(node)

    def on_heard(
        self, node: int, group: int, lease: int, heard: int, missed: int, now_ms: int
    ) -> None:
        """`node` has reported how many frames of a burst it heard, and how many it missed."""
        burst = self._bursts.of(group, lease)
        if burst is not None and node in burst.served and is_much(heard, missed):
            self._fails(node, group, burst, now_ms)

    def _fails(self, node: int, group: int, burst: _Burst, now_ms: int) -> None:
        burst.failing.add(node)
        if has_failed(len(burst.served), len(burst.failing)):
            # For the next: who has not asked yet would lose a word now.
            self._failed_ms[group] = now_ms

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        """Probes, and keys to be told."""
        for _, burst in self._bursts.all():
            burst.forget_old(now_ms)
        keys = self._keys
        if keys is None:
            return
        if not self.ears.is_anybody_there(now_ms):
            self._keys = None
            return
        is_quiet = self._spoken_ms == NEVER or age(now_ms, self._spoken_ms) > _QUIET_MS
        if keys.left(now_ms) <= 0 or (is_quiet and keys.left(now_ms) < INTERVALS // 2):
            keys = self._begin(now_ms)
        data = keys.poll(now_ms)
        if data is not None:
            self._output.send_plain(data, self.address_of(self._host, _PORT))

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return NEVER if self._keys is None else self._keys.next_timeout_ms()

    def _begin(self, now_ms: int) -> Discloser:
        """A new chain. Members learn of it by their next report: they hear no probes any more."""
        for _, burst in self._bursts.all():
            burst.nodes = set()
        number = 1 + int.from_bytes(self._random(4), "big") % INT_MAX
        self._keys = Discloser(number, self._random(16), now_ms)
        return self._keys


def _beginning(kept: "list[tuple[int, bytearray]]", number: int, count: int) -> "bytearray | None":
    """The packet of `kept` that begins with frame `number`, and has `count` or more. It is one of
    the newest."""
    for place in range(len(kept) - 1, -1, -1):
        data = kept[place][1]
        if voice.first(data) == number and voice.count(data) >= count:
            return data
    return None


def _as_they_are(host: bytes, port: int) -> "tuple[bytes, int]":
    return host, port
