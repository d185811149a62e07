"""Codes a burst anew, in IMA-ADPCM, for listeners who lack its codec.

It works on the leader's host alone, and encrypts only by keys that this leader has made. So no two
leaders give out other speech under one key stream (`ptt.link.ctr`). What comes under the key of the
leader before is heard by that, and goes out under ours. A frame is coded once: a packet that comes
again gets the same answer.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from pressel.audio.codecs import host_codecs
from pressel.block_cipher import BlockCipher
from ptt.base.numbers import CONCEAL_FRAMES_MAX, FRAME_SAMPLES
from ptt.link.ctr import KeyStream
from ptt.media import dsp
from ptt.media.codecs import IMA, Codec
from ptt.wire import envelope, voice
from ptt.wire.envelope import HEADER_BYTES, LENGTH_AT, MARK_AT

_EPOCHS_KEPT = 2  # a talker takes a new key up to a second after it was made
_BURSTS_KEPT = 2  # of a group: the end of one may come behind the beginning of the next


class _Key(NamedTuple):
    """Of one group."""

    key: bytes
    epoch: int
    cipher: Any

    @classmethod
    def of(cls, epoch: int, key: bytes) -> _Key:
        return cls(key, epoch, BlockCipher(key))


class _Burst:
    """One that is coded anew."""

    def __init__(self, lease: int, codec: Codec) -> None:
        self.lease = lease
        self.codec = codec
        self.decoder = codec.decoder()
        self.coder = IMA.coder()
        self.next = -1  # number of the frame behind the last one; -1: none yet
        self.first = -1  # of the last packet
        self.made = bytearray()  # that packet, coded anew


class Keys(Protocol):
    """As `ptt.leader.voice_keys` has them: epoch and key of the voice in a group."""

    def current(self, group: int) -> tuple[int, bytes]: ...
    def former(self, group: int) -> tuple[int, bytes] | None: ...


class Recoder:
    """`keys` are those that the leader gives out."""

    def __init__(self, keys: Keys, codecs: Iterable[Codec] | None = None) -> None:
        self._given = keys
        known = host_codecs() if codecs is None else codecs
        self._codecs = {codec.number: codec for codec in known}
        self._keys: dict[int, dict[int, _Key]] = {}  # ours, by group and mark
        self._former: dict[int, _Key] = {}  # of the leader before, by group
        self._bursts: dict[int, list[_Burst]] = {}  # by group, the newest last
        self._stream = KeyStream()
        self._pcm = array("h", bytes(2 * FRAME_SAMPLES))

    def can(self, codec: int) -> bool:
        return codec in self._codecs

    def recode(self, group: int, data: Any, now_ms: int) -> bytearray | None:
        """See `ptt.leader.coding`."""
        keys = self._keys_for(group, data[MARK_AT])
        if keys is None:
            return None
        burst = self._burst_of(group, data)
        if burst is None:
            return None
        first, count = voice.first(data), voice.count(data)
        if first == burst.first and count == voice.count(burst.made):
            return bytearray(burst.made)
        if first < burst.next:
            return None  # what comes late cannot be put between frames that are coded
        if first > burst.next + CONCEAL_FRAMES_MAX:  # the first one, or nobody lacked it meanwhile
            burst.decoder.begin()
        made = self._made(burst, data, *keys)
        burst.first, burst.next, burst.made = first, first + count, made
        return bytearray(made)

    def _burst_of(self, group: int, data: Any) -> _Burst | None:
        """None for one that is over: what was coded of it is forgotten."""
        lease = voice.lease(data)
        bursts = self._bursts.setdefault(group, [])
        for burst in bursts:
            if burst.lease == lease:
                return burst
        if bursts and lease < bursts[-1].lease:
            return None
        bursts.append(_Burst(lease, self._codecs[voice.codec(data)]))
        del bursts[:-_BURSTS_KEPT]
        return bursts[-1]

    def _made(self, burst: _Burst, data: Any, heard: _Key, ours: _Key) -> bytearray:
        clear = bytearray(data)
        self._xor(clear, heard)
        first, count = voice.first(data), voice.count(data)
        made = bytearray(voice.FRAMES_AT + count * IMA.frame_bytes)
        made[0:HEADER_BYTES] = data[0:HEADER_BYTES]
        made[MARK_AT] = ours.epoch & 255
        end = voice.write_fields(
            made,
            voice.group(data),
            IMA.number,
            voice.talker(data),
            burst.lease,
            first,
            voice.is_last(data),
            count,
        )
        envelope.put16(made, LENGTH_AT, end - HEADER_BYTES)
        for index in range(count):
            at = voice.FRAMES_AT + index * burst.codec.frame_bytes
            burst.decoder.decode(clear, at, self._pcm)
            burst.coder.encode(self._pcm, made, voice.FRAMES_AT + index * IMA.frame_bytes)
        self._xor(made, ours)
        return made

    def _xor(self, data: bytearray, key: _Key) -> None:
        """Encrypt or decrypt all frames of a voice packet, in place."""
        codec = voice.codec(data)
        size = voice.frame_bytes(codec)
        self._stream.set_coding(codec)
        for index in range(voice.count(data)):
            number = voice.first(data) + index
            self._stream.make(key.cipher, key.epoch, voice.talker(data), voice.lease(data), number)
            dsp.xor(data, voice.FRAMES_AT + index * size, self._stream.bytes, 0, size)

    def _keys_for(self, group: int, mark: int) -> tuple[_Key, _Key] | None:
        """The key that the mark of a packet names, and the one for what is made of it: the same, if
        it is ours. None: nobody here knows that key."""
        epoch, key = self._given.current(group)
        known = self._keys.setdefault(group, {})
        newest = known.get(epoch & 255)
        if newest is None or newest.key != key:
            known.pop(epoch & 255, None)
            newest = known[epoch & 255] = _Key.of(epoch, key)
            while len(known) > _EPOCHS_KEPT:
                del known[next(iter(known))]
        if mark in known:
            return known[mark], known[mark]
        former = self._former_key(group)
        return None if former is None or former.epoch & 255 != mark else (former, newest)

    def _former_key(self, group: int) -> _Key | None:
        given = self._given.former(group)
        if given is None:
            return None
        epoch, key = given
        if group not in self._former or self._former[group].key != key:
            self._former[group] = _Key.of(epoch, key)
        return self._former[group]
