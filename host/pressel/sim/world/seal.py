"""How a venue is sealed: as on the air, or by a stand-in that costs next to nothing.

Tags and key streams take most of a run's time and decide nothing where nobody attacks. The stand-in
is still keyed by who speaks to whom, epoch and number: what comes under a wrong key, comes twice or
was put together from parts is refused, or is heard as something that nobody has said. It keeps no
secret. Nothing outside of the simulator can reach it.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any, Callable
from zlib import crc32  # that of binascii is slow on PyPy

from ptt.badge.participant import Participant
from ptt.badge.voice_keys import VoiceKeys
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAMES_PER_PACKET_MAX
from ptt.link.derive import SessionKeys
from ptt.link.hmac import Hmac, HmacKey
from ptt.link.link import Link
from ptt.wire import voice
from ptt.wire.checksum import FRONT_BYTES
from ptt.wire.envelope import CRC_AT, HEADER_BYTES, MARK_AT, TAG_BYTES, check_shape, seq
from ptt.wire.messages import VERSION
from ptt.wire.refusal import ACCEPTED, CRC

from .ledger import Ledger
from .people import marker

REAL, STAND_IN = "real", "stand-in"
REAL_EVERY = 16  # one in so many runs has the real seal, which costs an eighth of all runs' time

_HEADER_END = FRONT_BYTES + HEADER_BYTES
_number_of = Struct(">I").unpack_from  # of a key: as many of its bytes as a CRC begins with
_size_of = Struct(">10xH").unpack_from  # of a datagram's payload
_twice = Struct(">2I")  # a CRC as 8 bytes: PyPy is slow with integers of 64 bits
_put_twice = _twice.pack_into
_two_of = _twice.unpack_from
_put_number = Struct(">I").pack_into
_block = Struct(">HHIH6x").pack  # the first of a frame's counter blocks, see `ptt.link.ctr`
_MARK_AT = voice.FRAMES_AT + marker.ID_AT  # of a packet's first frame
_MARK_BYTES = 8  # that are ciphered of it


def kind_of(spec: Mapping[str, Any]) -> str:
    """How the run of `spec` is sealed: as it says; otherwise with the real seal where the firmware
    takes part, and with one of `REAL_EVERY` seeds in a row, another one for each scenario and
    profile."""
    if spec.get("virtual_badges"):
        return REAL
    named = f"{spec['scenario']['name']} {spec['profile']['name']}"
    is_drawn = (spec["seed"] + crc32(named.encode())) % REAL_EVERY == 0
    return spec.get("seal") or (REAL if is_drawn else STAND_IN)


class StandInTags(Hmac):
    """A datagram's tag is the keyed CRC of its header, which has the CRC of its payload. Everything
    else, such as what keys come from, is hashed as always."""

    def __init__(self, ledger: Ledger | None = None) -> None:
        super().__init__()
        self.ledger = ledger or Ledger()
        self._header = memoryview(self.buffer)[FRONT_BYTES:_HEADER_END]

    def digest(self, key: HmacKey, data: Any, end: int) -> bytes:
        if not _is_datagram(data, 0, end):
            return super().digest(key, data, end)
        crc = crc32(data[0:HEADER_BYTES], _number_of(key.inner)[0])
        return _twice.pack(crc, crc)

    def digest_loaded(self, key: HmacKey, end: int) -> bytes:
        if not _is_datagram(self.buffer, FRONT_BYTES, end):
            return super().digest_loaded(key, end)
        crc = crc32(self._header, _number_of(key.inner)[0])
        return _twice.pack(crc, crc)


def _is_datagram(data: Any, at: int, end: int) -> bool:
    """Or a key or a name, which may begin with any byte?"""
    if end < HEADER_BYTES or data[at] != VERSION:
        return False
    return HEADER_BYTES + _size_of(data, at)[0] == end


class StandInCipher:
    """In place of AES with `key`: of a frame's key stream, only what falls on its mark is not 0.
    `number` stands for the key."""

    def __init__(self, key: bytes) -> None:
        self.number = _number_of(key)[0]

    def encrypt(self, source: Any, target: bytearray) -> None:
        """`source`: counter blocks, of which the first is unlike that of any other frame."""
        crc = crc32(source[0:16], self.number)
        _put_twice(target, marker.ID_AT, crc, crc)


class StandInVoiceKeys(VoiceKeys):
    """Crosses a frame with its key stream where that is not 0, without making it."""

    _hmac: StandInTags

    def encrypt(self, buffer: bytearray) -> bool:
        mark = bytes(buffer[_MARK_AT : _MARK_AT + _MARK_BYTES])
        if not super().encrypt(buffer):
            return False
        ring = self.ring
        cipher = ring.cipher(voice.group(buffer), buffer[MARK_AT])
        number, count = voice.first(buffer), voice.count(buffer)
        burst = (cipher.number, ring.epoch, voice.talker(buffer))
        self._hmac.ledger.speak(burst, voice.lease(buffer), number, count, mark)
        return True

    def cross_frames(
        self, cipher: StandInCipher, data: Any, talker: int, lease: int, number: int, left: int
    ) -> None:
        """Frame by frame without a loop: PyPy compiles one apart, and a call of it costs more than
        what it does."""
        assert 0 < left <= FRAMES_PER_PACKET_MAX == 3, "more frames than a packet holds"
        epoch = self.ring.epoch
        _cross(data, _MARK_AT, crc32(_block(epoch, talker, lease, number), cipher.number))
        if left > 1:
            block = _block(epoch, talker, lease, number + 1)
            _cross(data, _MARK_AT + ADPCM_FRAME_BYTES, crc32(block, cipher.number))
        if left > 2:
            block = _block(epoch, talker, lease, number + 2)
            _cross(data, _MARK_AT + 2 * ADPCM_FRAME_BYTES, crc32(block, cipher.number))


def _cross(data: Any, at: int, crc: int) -> None:
    high, low = _two_of(data, at)
    _put_twice(data, at, high ^ crc, low ^ crc)


class StandInChecksum:
    """In place of a badge's `Checksum`, which works byte by byte so as to make no garbage."""

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer

    def check(self, data: Any) -> int:
        reason = check_shape(data)
        if reason != ACCEPTED:
            return reason
        size = len(data)
        self.buffer[FRONT_BYTES : FRONT_BYTES + size] = data
        end = HEADER_BYTES + (data[10] << 8 | data[11])
        crc = crc32(data[0:CRC_AT], crc32(data[HEADER_BYTES:end]))
        return ACCEPTED if crc == _number_of(data, CRC_AT)[0] else CRC

    def put(self, data: bytearray, datagram: Any, end: int) -> None:
        _put_number(data, CRC_AT, crc32(data[0:CRC_AT], crc32(data[HEADER_BYTES:end])))


class StandInLink(Link):
    """Puts and compares the tags of `StandInTags` where they are, without a copy."""

    __slots__ = ()
    hmac: StandInTags

    def load(self, data: Any) -> None: ...

    def is_sealed_by(self, keys: SessionKeys | None, data: Any) -> bool:
        if keys is None:
            return False
        key = keys.up if self._is_leader else keys.down
        crc = crc32(data[0:HEADER_BYTES], _number_of(key.inner)[0])
        return _twice.unpack_from(data, len(data) - TAG_BYTES) == (crc, crc)

    def seal(self, data: bytearray, end: int) -> bool:
        keys = self.keys
        if keys is None:
            return False
        key = keys.down if self._is_leader else keys.up
        self.hmac.ledger.seal(key.inner, seq(data))
        crc = crc32(data[0:HEADER_BYTES], _number_of(key.inner)[0])
        _put_twice(data, end, crc, crc)
        return True


class Seal:
    """`kind`: `REAL` or `STAND_IN`. `cipher(key)` makes the block cipher of voice; `link`: of a
    stand-in."""

    def __init__(
        self, kind: str, real_cipher: Callable[[bytes], Any], link: type[Link] = StandInLink
    ) -> None:
        self.kind = kind
        self._link = link
        self.ledger = Ledger()
        self.is_real = kind == REAL
        self.cipher: Callable[[bytes], Any] = real_cipher if self.is_real else StandInCipher

    def hmac(self) -> Hmac:
        """What makes an engine's tags."""
        return Hmac() if self.is_real else StandInTags(self.ledger)

    def put_into_badge(self, engine: Participant, hmac: Hmac) -> None:
        """Before `engine`, whose tags `hmac` makes, is started."""
        if self.is_real:
            return
        link: Any = self._link(hmac, False)
        link.address = engine.link.address
        engine.link = link
        checksum: Any = StandInChecksum(hmac.buffer)
        engine.checksum = checksum
        engine.voice_keys = StandInVoiceKeys(engine, hmac, self.cipher)

    def for_leader(self) -> dict[str, Any]:
        """What `Leader` is made with."""
        return {"hmac": self.hmac(), "link": Link if self.is_real else self._link}
