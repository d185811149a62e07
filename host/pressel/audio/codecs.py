"""The codecs that a host has beside IMA-ADPCM: G.722 and Opus, by the FFmpeg that PyAV's wheel
brings. Without the package a host has IMA-ADPCM alone, and says so in HELLO.

Opus runs at a constant rate: sizes that follow speech betray what is said, sealed or not (RFC
6562).
"""

from __future__ import annotations

from array import array
from functools import cache
from types import ModuleType
from typing import Any

from ptt.badge.participant import Participant
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, G722_FRAME_BYTES, OPUS_FRAME_BYTES, RATE_HZ
from ptt.media.codecs import Codec
from ptt.wire.messages import CODEC_G722, CODEC_OPUS

_OPUS_HZ = 48_000  # its decoder's only rate here; above 8 kHz there is nothing, as the coder had 16
_OPUS = {
    "vbr": "off",
    "application": "voip",  # PESQ-WB 4.4 where "lowdelay" has 4.2, for 4 ms more
    "frame_duration": str(FRAME_MS),
    "compression_level": "5",  # 10 costs twice as much and is not heard
}
_LEVEL_MAX = 88  # of full scale, in steps of 10 %, see `ptt.media.codecs`
_LEVEL_OF_BIT = 7  # 6 dB
_BITS_MAX = 15


@cache
def _av() -> ModuleType | None:
    """PyAV; None where it is not installed, or is of no use."""
    try:
        import av
        import av.logging

        av.logging.set_level(av.logging.PANIC)  # what it cannot decode is counted by its callers
        for name in ("g722", "libopus"):
            av.Codec(name, "r")
            av.Codec(name, "w")
    except (ImportError, ValueError):
        return None
    return av


def host_codecs() -> tuple[Codec, ...]:
    """Beside IMA-ADPCM, those that this computer has."""
    if _av() is None:
        return ()
    return (
        Codec(CODEC_G722, "G.722", G722_FRAME_BYTES, _g722_coder, _G722Decoder),
        Codec(CODEC_OPUS, "Opus", OPUS_FRAME_BYTES, _opus_coder, _OpusDecoder),
    )


def equip(participant: Participant) -> None:
    """Give a participant on this computer the codecs that the computer has."""
    for codec in host_codecs():
        participant.playout.add_codec(codec)
    participant.burst.keep_sound()


def _g722_coder() -> _Coder:
    return _Coder("g722", G722_FRAME_BYTES, {})


def _opus_coder() -> _Coder:
    return _Coder("libopus", OPUS_FRAME_BYTES, _OPUS)


class _Coder:
    """FFmpeg's coder `name`, which makes `frame_bytes` of each frame."""

    def __init__(self, name: str, frame_bytes: int, options: dict[str, str]) -> None:
        self._name = name
        self._frame_bytes = frame_bytes
        self._options = options
        self.begin()

    def begin(self) -> None:
        made = _codec(self._name, "w", RATE_HZ)
        made.format = "s16"
        made.bit_rate = self._frame_bytes * 8 * 1000 // FRAME_MS
        made.options = dict(self._options)
        made.open()
        self._made = made

    def encode(self, pcm: array[int], out: bytearray, at: int) -> None:
        av = _av()
        assert av is not None
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.sample_rate = RATE_HZ
        frame.planes[0].update(pcm.tobytes())
        (packet,) = self._made.encode(frame)
        assert packet.size == self._frame_bytes, "a codec at a constant rate"
        out[at : at + packet.size] = bytes(packet)


class _Decoder:
    """`_name` at `_rate_hz`, of which every `_rate_hz / 16000`th sample is taken."""

    _name = ""
    _rate_hz = RATE_HZ
    _frame_bytes = 0

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._made = _codec(self._name, "r", self._rate_hz)
        self._made.open()

    def decode(self, data: Any, at: int, pcm: array[int]) -> None:
        av = _av()
        assert av is not None
        samples = array("h")
        try:
            for frame in self._made.decode(av.Packet(bytes(data[at : at + self._frame_bytes]))):
                samples.frombytes(bytes(frame.planes[0])[: 2 * frame.samples])
        except av.FFmpegError:
            pass  # nobody's coder made it: silence
        found = samples[:: self._rate_hz // RATE_HZ][:FRAME_SAMPLES]
        found.extend([0] * (FRAME_SAMPLES - len(found)))
        pcm[:] = found


class _G722Decoder(_Decoder):
    """What it plays equals `ptt.twins.g722` to the bit."""

    _name = "g722"
    _frame_bytes = G722_FRAME_BYTES


class _OpusDecoder(_Decoder):
    """A listener who joins amid a burst hears it right within 80 ms."""

    _name = "libopus"
    _rate_hz = _OPUS_HZ
    _frame_bytes = OPUS_FRAME_BYTES


def _codec(name: str, mode: str, rate_hz: int) -> Any:
    av = _av()
    assert av is not None, "host_codecs() has none"
    made = av.CodecContext.create(name, mode)
    made.sample_rate = rate_hz
    made.layout = "mono"
    return made
