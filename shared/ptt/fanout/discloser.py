"""The leader's side of `proof.prover`: tags for what it sends to many, and keys told in time."""

from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..proof import layout
from ..proof.hearing import ALIVE_MS, PROBE_MS
from ..proof.known import KEY_BYTES, interval_at, tag
from ..wire import envelope, messages, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, HEADER_BYTES, LEADER_NODE, MARK_AT, TAG_BYTES
from .chain import DELAY, INTERVALS, Chain

if TYPE_CHECKING:
    from ..base.compat import Buffer

_TELLINGS = const(5)  # after a burst: the key of its last packet is among the last three of them
_TELLINGS_IN_BURST = const(25)  # 2 s: a talker may be silent for a lease
_TELLINGS_OF_PROBE = const(2)  # of which the second has its key
_FRONT_BYTES = layout.VOICE_AT - HEADER_BYTES


class Discloser:
    """One chain of keys at a time, from the instant in which it was made."""

    def __init__(self, number: int, secret: bytes, now_ms: int) -> None:
        self._chain = Chain(number, secret)
        self._begun_ms = now_ms
        self._seq = 0
        self._probe_ms = add(now_ms, PROBE_MS)  # when the next one is due
        self._tell_ms = NEVER  # when the next key is due to be told
        self._tellings = 0

    @property
    def number(self) -> int:
        return self._chain.number

    def age_ms(self, now_ms: int) -> int:
        return age(now_ms, self._begun_ms)

    def left(self, now_ms: int) -> int:
        """Intervals until its keys are used up."""
        return INTERVALS - DELAY - interval_at(self.age_ms(now_ms))

    def anchor(self, now_ms: int) -> "tuple[int, bytes]":
        """(interval, key): the newest that may be known."""
        interval = max(0, interval_at(self.age_ms(now_ms)) - DELAY)
        return interval, self._chain.key(interval)

    def voice(self, data: "Buffer", older: "Buffer | None", back: int, now_ms: int) -> bytearray:
        """MULTICAST_VOICE of the VOICE_FRAME `data`; behind its frames as many of `older`, a
        VOICE_FRAME too, which begins `back` frames before."""
        end = envelope.payload_end(data)
        body = bytearray((back if older is not None else 0,)) + data[HEADER_BYTES:end]
        if older is not None:
            body += older[voice.FRAMES_AT : end]
        self._owe(_TELLINGS if voice.is_last(data) else _TELLINGS_IN_BURST, now_ms)
        return self._seal(messages.MULTICAST_VOICE, body, data[MARK_AT], now_ms)

    def poll(self, now_ms: int) -> "bytearray | None":
        """The next MULTICAST_PROBE that is due."""
        is_probe = since(now_ms, self._probe_ms) >= 0
        is_telling = self._tell_ms != NEVER and since(now_ms, self._tell_ms) >= 0
        if not is_probe and not is_telling:
            return None
        if is_telling:
            self._tellings -= 1
            self._tell_ms = add(now_ms, ALIVE_MS) if self._tellings else NEVER
        number = bytearray(2)  # 0: a key and nothing else
        if is_probe:
            count = self.age_ms(now_ms) // PROBE_MS
            envelope.put16(number, 0, count)
            self._probe_ms = add(self._begun_ms, (count + 1) * PROBE_MS)
            if self._tell_ms == NEVER:
                self._owe(_TELLINGS_OF_PROBE, now_ms)
        return self._seal(messages.MULTICAST_PROBE, number, 0, now_ms)

    def next_timeout_ms(self) -> int:
        """When `poll` has something next."""
        if self._tell_ms != NEVER and since(self._tell_ms, self._probe_ms) < 0:
            return self._tell_ms
        return self._probe_ms

    def _owe(self, tellings: int, now_ms: int) -> None:
        """So many keys are told after what is sent now, unless more of its kind follows."""
        self._tellings = tellings
        self._tell_ms = add(now_ms, ALIVE_MS)

    def _seal(self, kind: int, body: bytearray, mark: int, now_ms: int) -> bytearray:
        interval = interval_at(self.age_ms(now_ms))
        told = max(0, interval - DELAY)
        self._seq += 1
        end = HEADER_BYTES + _FRONT_BYTES - 1 + len(body)
        data = bytearray(end + TAG_BYTES)
        envelope.put16(data, layout.INTERVAL_AT, interval)
        data[layout.LAG_AT] = interval - told
        data[layout.KEY_AT : layout.KEY_AT + KEY_BYTES] = self._chain.key(told)
        data[layout.BACK_AT : end] = body
        number = self._chain.number
        envelope.write_header(data, end, kind, number, LEADER_NODE, self._seq, now_ms)
        data[MARK_AT] = mark
        data[FLAGS_AT] = FLAG_SEALED
        envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
        data[end:] = tag(self._chain.tag_key(interval), data, end)[0:TAG_BYTES]
        return data
