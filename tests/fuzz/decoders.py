"""Harnesses for what reads bytes without a state: envelope, voice, fields, and other builds'."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.host.other_build import NEWER, NOW, OLDER, Build, load_build, table_of

from ptt.wire import codec, envelope, messages, refusal, voice
from ptt.wire.checksum import Checksum
from ptt.wire.refusal import Refused

KINDS = sorted(messages.LAYOUTS)
REASONS = range(1, len(refusal.NAMES))
_checksum = Checksum()
_builds: list[Build] = []


def fuzz_envelope(data: bytes) -> None:
    """A datagram is refused or whole; a badge's way and the plain one agree, with and without a
    right CRC."""
    for each in (data, mended(data)):
        reason = envelope.check_whole(each)
        assert _checksum.check(each) == reason
        if reason != refusal.ACCEPTED:
            assert reason in REASONS
            continue
        assert len(each) in (envelope.payload_end(each), envelope.payload_end(each) + 8)
        for number in (envelope.session_id, envelope.seq, envelope.timestamp_ms):
            assert 0 <= number(each) < 1 << 30
        fuzz_voice(each)


def mended(data: bytes) -> bytes:
    """The same with the right length and CRC, to get past those checks."""
    if len(data) < envelope.HEADER_BYTES or len(data) > 1200:
        return data
    changed = bytearray(data)
    tag_bytes = 8 if changed[3] & 1 and len(changed) >= 32 else 0
    envelope.put16(changed, 10, len(changed) - envelope.HEADER_BYTES - tag_bytes)
    envelope.put_crc(changed, envelope.header_crc(changed, envelope.payload_crc(changed)))
    return bytes(changed)


def fuzz_voice(data: bytes) -> None:
    """What is accepted as voice has all the frames that it says, and the table reads it so too."""
    data = mended(data)
    if envelope.check_whole(data) != refusal.ACCEPTED or voice.check(data) != refusal.ACCEPTED:
        return
    each = voice.frame_bytes(voice.codec(data))
    assert each > 0
    assert 1 <= voice.count(data) <= 3
    assert voice.FRAMES_AT + voice.count(data) * each == envelope.payload_end(data)
    assert voice.first(data) + voice.count(data) <= 0x10000
    assert voice.lease(data) >= 1
    fields = codec.decode(
        messages.VOICE_FRAME, data, envelope.HEADER_BYTES, envelope.payload_end(data)
    )
    assert fields[:5] == [
        voice.group(data),
        voice.codec(data),
        voice.talker(data),
        voice.lease(data),
        voice.first(data),
    ]


def fuzz_codec(data: bytes) -> None:
    """The first byte says which message the rest is read as: it is refused, or in range and the
    same when written again."""
    if not data:
        return
    kind, payload = KINDS[data[0] % len(KINDS)], data[1:]
    values = decoded(codec.decode, kind, payload)
    if values is None:
        return
    again = bytearray(len(payload) + 400)
    end = codec.encode(again, 0, kind, tuple(values))
    assert again[: min(end, len(payload))] == payload[:end]


def decoded(decode: Any, kind: int, payload: bytes) -> list[Any] | None:
    try:
        return decode(kind, payload, 0, len(payload))
    except Refused as refused:
        assert refused.reason in (refusal.FIELD, refusal.RANGE)
    except ValueError as refused:  # of another build: its own class of that name
        assert type(refused).__name__ == "Refused"
    return None


# Build 2.0 let a burst last an hour, but its frames have no numbers for more than 21.8 minutes:
# the one range that has become narrower.
TALK_MS_NOW_MAX = 1_300_000


def fuzz_evolution(data: bytes) -> None:
    """What a newer build reads, an older one reads too, as far as it knows it; what an older one
    reads to the end, a newer one reads with defaults behind. The newer one is imaginary: it was
    made up before fields that we have, and does not read those."""
    if not data:
        return
    kind, payload = data[0], data[1:]
    builds = [build for build in all_builds() if kind in build.messages.LAYOUTS]
    for older, newer in pairwise(builds):
        fields = len(older.messages.LAYOUTS[kind])
        known = min(fields, len(newer.messages.LAYOUTS[kind]))
        ours = decoded(older.decode, kind, payload)
        theirs = decoded(newer.decode, kind, payload)
        if theirs is not None:
            assert ours[:known] == theirs[:known] if ours is not None else known < fields
        elif ours is not None:
            written = bytearray(2000)
            end = older.encode(written, 0, kind, tuple(ours))
            if kind == messages.SETTINGS_SNAPSHOT and ours[2] > TALK_MS_NOW_MAX:
                continue
            assert end < len(payload), "a newer build refuses what an older one has said"


def all_builds() -> list[Build]:
    """Oldest first; made when first asked for."""
    if not _builds:
        folder = Path(tempfile.mkdtemp(prefix="pressel-builds-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        older, newer = (load_build(table_of(version), folder) for version in (OLDER, NEWER))
        _builds.extend([older, NOW, newer])
    return _builds
