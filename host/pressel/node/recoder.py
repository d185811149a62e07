"""Codes a burst anew, in IMA-ADPCM, for listeners who lack its codec.

It works on the leader's host alone, and knows only keys that this leader has made. So whatever it
encrypts is under an epoch of its own, and no two leaders give out other speech under one key stream
(`ptt.link.ctr`). A frame is coded once: a packet that comes again gets the same answer.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from typing import Any

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


class Recoder:
    """`current(group)` gives epoch and key of the voice there now, as `VoiceKeys` has it."""

    def __init__(
        self,
        current: Callable[[int], tuple[int, bytes]],
        codecs: Iterable[Codec] | None = None,
    ) -> None:
        self._current = current
        known = host_codecs() if codecs is None else codecs
        self._codecs = {codec.number: codec for codec in known}
        self._keys: dict[int, dict[int, tuple[bytes, int, Any]]] = {}  # by group and mark
        self._bursts: dict[int, list[_Burst]] = {}  # by group, the newest last
        self._stream = KeyStream()
        self._pcm = array("h", bytes(2 * FRAME_SAMPLES))

    def can(self, codec: int) -> bool:
        return codec in self._codecs

    def recode(self, group: int, data: Any, now_ms: int) -> bytearray | None:
        """See `ptt.leader.coding`."""
        key = self._key(group, data[MARK_AT])
        if key is None:
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
        made = self._made(burst, data, *key)
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

    def _made(self, burst: _Burst, data: Any, epoch: int, cipher: Any) -> bytearray:
        clear = bytearray(data)
        self._xor(clear, epoch, cipher)
        first, count = voice.first(data), voice.count(data)
        made = bytearray(voice.FRAMES_AT + count * IMA.frame_bytes)
        made[0:HEADER_BYTES] = data[0:HEADER_BYTES]
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
        self._xor(made, epoch, cipher)
        return made

    def _xor(self, data: bytearray, epoch: int, cipher: Any) -> None:
        """Encrypt or decrypt all frames of a voice packet, in place."""
        codec = voice.codec(data)
        size = voice.frame_bytes(codec)
        self._stream.set_coding(codec)
        for index in range(voice.count(data)):
            number = voice.first(data) + index
            self._stream.make(cipher, epoch, voice.talker(data), voice.lease(data), number)
            dsp.xor(data, voice.FRAMES_AT + index * size, self._stream.bytes, 0, size)

    def _key(self, group: int, mark: int) -> tuple[int, Any] | None:
        """Epoch and cipher that the mark of a packet names; None: another leader made that key, or
        nobody did."""
        epoch, key = self._current(group)
        known = self._keys.setdefault(group, {})
        newest = known.get(epoch & 255)
        if newest is None or newest[0] != key:
            known.pop(epoch & 255, None)
            known[epoch & 255] = (key, epoch, BlockCipher(key))
            while len(known) > _EPOCHS_KEPT:
                del known[next(iter(known))]
        found = known.get(mark)
        return None if found is None else found[1:]
