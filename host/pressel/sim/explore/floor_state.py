"""Who is on a floor, and what is said there, as bytes.

No clock is among the values of a state: whatever waits for a time may come at any moment, which
covers clocks of all rates.
"""

from __future__ import annotations

from typing import Any

from ptt.base.numbers import (
    ADPCM_FRAME_BYTES,
    DATAGRAM_BYTES_MAX,
)
from ptt.cluster.ballot import MARK_BITS
from ptt.leader.roster import GROUP_DEFAULT
from ptt.wire import codec, envelope, messages, voice

NOW_MS = 1 << 20  # where every clock stands between two actions
TERMS = tuple(n << MARK_BITS | n for n in range(1, 5))
BADGES = ("A", "B")
FIRST_NODE = envelope.LEADER_NODE + 1
FIRST_LEADER = len(BADGES)  # in messages badges come first, then leaders

Values = tuple
Said = list  # of (node, kind, fields, seq)

_SESSION = 11
_TAG_AT = 4  # in a frame, behind the coder's state: who speaks, under which lease


def device_of(n: int) -> bytes:
    return bytes([0] * 7 + [1 + n])


def session_of(n: int) -> int:
    return _SESSION + n


def address_of(n: int) -> bytes:
    return BADGES[n].encode()


def tag_of(data: Any, at: int) -> tuple[int, int]:
    """Who speaks in the frame at `at`, under which lease."""
    return data[at + _TAG_AT], envelope.get16(data, at + _TAG_AT + 1)


def _put_tag(data: bytearray, at: int, node: int, lease: int) -> None:
    data[at + _TAG_AT] = node
    envelope.put16(data, at + _TAG_AT + 1, lease)


def write_voice(values: tuple) -> bytearray:
    """A voice packet of one frame that tells whose it is, without its envelope."""
    node, lease, number, is_last = values
    size = voice.FRAMES_AT + ADPCM_FRAME_BYTES
    data = bytearray(size)
    codec = messages.CODEC_IMA_ADPCM
    voice.write_fields(data, GROUP_DEFAULT, codec, node, lease, number, bool(is_last), 1)
    _put_tag(data, voice.FRAMES_AT, node, lease)
    return data


def read_voice(data: Any) -> tuple:
    return (voice.talker(data), voice.lease(data), voice.first(data), int(voice.is_last(data)))


def datagram(kind: int, fields: tuple, n: int, source: int | None, seq: int) -> bytes:
    """A datagram as `n` sends it to its leader, or the leader (`source`) to `n`; nobody looks at
    its CRC."""
    if kind == messages.VOICE_FRAME:
        data = write_voice(fields)
        end = len(data)
    else:
        data = bytearray(DATAGRAM_BYTES_MAX)
        end = codec.encode(data, envelope.HEADER_BYTES, kind, fields)
    node = FIRST_NODE + n if source is None else source
    envelope.write_header(data, end, kind, session_of(n), node, seq, NOW_MS)
    return bytes(data[:end])
