"""Multicast datagrams at a listener: each waits until its interval's key is told, and is believed
when its tag was made with it and when it came before anybody else could have known that key.

How far the sender's clock can have come is known from its answer to a question of ours: no further
than its age in the answer, and the time since we asked.
"""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..link.hmac import is_tag
from ..link.replay import ReplayWindow
from ..wire import envelope, messages, refusal
from ..wire.envelope import TAG_BYTES, TYPE_AT
from . import layout
from .known import KEY_BYTES, WALK_MAX, Known, interval_at, tag

if TYPE_CHECKING:
    from ..base.compat import Buffer

HELD_BYTES_MAX = const(24000)  # of ten talkers within the delay; a flood finds no more room
_HELD_MAX = const(96)  # likewise: each is compared with what comes
_DRIFT = const(2000)  # clocks differ by 1 in so many at most: what a time service slews by


class Prover:
    """Of one chain of keys at a time."""

    def __init__(self) -> None:
        self._known: Known | None = None
        self._delay = 0
        self._age_ms = 0  # of the chain at the most, when we asked
        self._asked_ms = 0
        self._held: list[tuple[int, bytes]] = []  # (interval, datagram), as they came
        self._held_bytes = 0  # of these datagrams
        self._voices = 0  # of these, so many are voice
        self._proved: list[bytes] = []
        self._replay = ReplayWindow()
        self._doubted = 0  # the interval in which a key was last looked at that came too early
        # Only the sender's word helps: our clock has stood still, or was set back, or we were deaf.
        self.is_behind = False
        self.late = 0  # came when their key may have been known, by us or by others
        self.forged = 0  # whose tag or key was not the sender's

    @property
    def number(self) -> int:
        """Of the chain, 0: none."""
        return 0 if self._known is None else self._known.number

    def close(self) -> None:
        """Believe nobody."""
        self._known = None
        self._drop()
        self._proved = []
        self.is_behind = False

    def open(
        self,
        number: int,
        delay: int,
        interval: int,
        key: bytes,
        age_ms: int,
        asked_ms: int,
        now_ms: int,
    ) -> None:
        """The sender has said under its own seal: `key` is that of `interval` in chain `number`,
        which was `age_ms` old when it answered what we asked at `asked_ms`; the answer has come
        now."""
        known = self._known
        if known is None or known.number != number or interval - known.interval > WALK_MAX:
            self.close()
            if known is None or known.number != number:
                self._replay = ReplayWindow()
            self._known = Known(number, interval, key)
        elif self.age_ms(asked_ms) <= age_ms <= self.age_ms(now_ms):
            return  # what we know already is as good
        self.is_behind = False
        self._delay = delay
        self._age_ms = age_ms
        self._asked_ms = asked_ms

    def age_ms(self, now_ms: int) -> int:
        """How old the chain is at the most."""
        passed_ms = age(now_ms, self._asked_ms)
        return self._age_ms + passed_ms + passed_ms // _DRIFT + 1

    def receive(self, data: "Buffer", now_ms: int) -> int:
        """Hold `data`, which has its form, or say why not."""
        known = self._known
        if known is None or envelope.session_id(data) != known.number:
            return refusal.SESSION
        reason = layout.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        interval = envelope.get16(data, layout.INTERVAL_AT)
        told = interval - data[layout.LAG_AT]
        reached = interval_at(self.age_ms(now_ms))
        if told < 0 or (told and told > reached - self._delay) or interval > reached:
            return self._doubt(known, told, data, reached)  # nobody has said it yet
        if told - known.interval > WALK_MAX:  # nothing came for so long that nobody can tell
            self.is_behind = True
            self.late += 1
            return refusal.STALE
        tag_keys = known.learn(told, data[layout.KEY_AT : layout.KEY_AT + KEY_BYTES])
        if tag_keys is None:
            self.forged += 1
            return refusal.KEY
        is_in_time = interval > known.interval and reached < interval + self._delay
        if tag_keys:
            self._prove(tag_keys)
        if not is_in_time:
            self.late += 1
            return refusal.STALE
        kept = (interval, bytes(data))
        if kept in self._held:
            return refusal.REPLAY
        if len(self._held) >= _HELD_MAX or self._held_bytes + len(data) > HELD_BYTES_MAX:
            return refusal.LIMIT
        self._held.append(kept)
        self._count(data, 1)
        return refusal.ACCEPTED

    def _count(self, data: "Buffer", by: int) -> None:
        self._held_bytes += by * len(data)
        if data[TYPE_AT] == messages.MULTICAST_VOICE:
            self._voices += by

    def _drop(self) -> None:
        """Nothing waits any more."""
        self._held = []
        self._held_bytes = self._voices = 0

    def _doubt(self, known: Known, told: int, data: "Buffer", reached: int) -> int:
        """A key that nobody should know yet. If it is the sender's all the same, our clock is
        behind: then nothing that waits came in time for certain. Looked at once an interval: it is
        work that a stranger could make."""
        key = data[layout.KEY_AT : layout.KEY_AT + KEY_BYTES]
        if not self.is_behind and self._doubted != reached and told > known.interval:
            self._doubted = reached
            self.is_behind = known.proves(told, key)
        if not self.is_behind:
            self.forged += 1
            return refusal.KEY
        self._drop()
        self.late += 1
        return refusal.STALE

    def holds_voice(self) -> bool:
        """Does voice wait for its proof?"""
        return self._voices > 0

    def take(self) -> "list[bytes]":
        """What has been proved since, in the order in which it was sent."""
        proved = self._proved
        if proved:
            self._proved = []
            proved.sort(key=envelope.seq)
        return proved

    def _prove(self, tag_keys: "dict[int, bytes]") -> None:
        left = []
        assert self._known is not None
        for each in self._held:
            interval, data = each
            if interval > self._known.interval:
                left.append(each)
                continue
            self._count(data, -1)
            tag_key = tag_keys.get(interval)
            assert tag_key is not None, "it was held although its key was known"
            end = len(data) - TAG_BYTES
            if not is_tag(data, end, tag(tag_key, data, end)):
                self.forged += 1
            elif self._replay.is_new(envelope.seq(data)):
                self._replay.accept(envelope.seq(data))
                self._proved.append(data)
        self._held = left
