"""Our coders against the field's tools: what we code they decode to the same, and the reverse.

IMA is the WAV kind of it: blocks of the same head and codes as our frames, but its head's predictor
is a sample of its own and little-endian. sox follows the IMA's paper to the bit. ffmpeg rounds a
difference once, where the paper adds rounded parts, so it only comes near. G.722 is a bare stream.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from ptt import twins
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm, dsp
from ptt.twins import g722

from . import signals

Coder = Callable[["array[int]", "array[int]", bytearray, int], None]

RATE_HZ = 16_000
_BLOCK_SAMPLES = FRAME_SAMPLES + 1  # of WAV: the head's predictor counts as one


def _need(tool: str) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed (Debian: {tool})")


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _ima_wav(frames: list[bytes]) -> bytes:
    """Frames as blocks of a WAV file."""
    blocks = b"".join(frame[1:2] + frame[:1] + frame[2:] for frame in frames)
    rate = RATE_HZ * ADPCM_FRAME_BYTES // _BLOCK_SAMPLES
    form = struct.pack("<HHIIHHHH", 0x11, 1, RATE_HZ, rate, ADPCM_FRAME_BYTES, 4, 2, _BLOCK_SAMPLES)
    fact = struct.pack("<I", len(frames) * _BLOCK_SAMPLES)
    chunks = ((b"fmt ", form), (b"fact", fact), (b"data", blocks))
    body = b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _decoded(frames: list[bytes], *, heads: bool) -> array[int]:
    """By our decoder; with `heads`, each frame after its predictor, as WAV has it."""
    samples = array("h")
    pcm = array("h", bytes(2 * FRAME_SAMPLES))
    for frame in frames:
        if heads:
            samples.append(int.from_bytes(frame[:2], "big", signed=True))
        adpcm.decode(frame, 0, pcm)
        samples.extend(pcm)
    return samples


def _coded(encode: Coder, state: array[int], size: int) -> list[bytes]:
    frames = []
    for pcm in signals.frames():
        out = bytearray(size)
        encode(state, pcm, out, 0)
        frames.append(bytes(out))
    return frames


def _to_pcm(tool: str, source: Path, target: Path, *options: str) -> array[int]:
    if tool == "sox":
        _run("sox", "-D", *options, source, "-t", "raw", "-e", "signed", "-b", "16", "-L", target)
    else:
        _run("ffmpeg", "-v", "error", *options, "-i", source, "-f", "s16le", target)
    return array("h", target.read_bytes())


def _agree(tool: str, theirs: array[int], ours: array[int]) -> None:
    assert len(theirs) == len(ours)
    if tool == "sox":
        assert theirs == ours
        return
    noise = sum((one - other) ** 2 for one, other in zip(theirs, ours, strict=True))
    assert noise < sum(sample**2 for sample in ours) / 1000  # 30 dB below


@pytest.mark.parametrize("coder", ["ima_encode", "ima_encode_shaped"])
@pytest.mark.parametrize("tool", ["sox", "ffmpeg"])
def test_they_decode_our_ima(tool: str, coder: str, tmp_path: Path) -> None:
    _need(tool)
    dsp.use(twins)
    state = array("i", [0] * dsp.IMA_STATE_INTS)
    frames = _coded(getattr(dsp, coder), state, ADPCM_FRAME_BYTES)
    source = tmp_path / "ours.wav"
    source.write_bytes(_ima_wav(frames))
    _agree(tool, _to_pcm(tool, source, tmp_path / "pcm"), _decoded(frames, heads=True))


@pytest.mark.parametrize("tool", ["sox", "ffmpeg"])
def test_we_decode_their_ima(tool: str, tmp_path: Path) -> None:
    _need(tool)
    raw, theirs = tmp_path / "pcm", tmp_path / "theirs.wav"
    raw.write_bytes(b"".join(pcm.tobytes() for pcm in signals.frames()))
    if tool == "sox":
        shape = ("-r", str(RATE_HZ), "-c", "1", "-e", "signed", "-b", "16")
        _run("sox", "-t", "raw", *shape, raw, "-e", "ima-adpcm", theirs)
    else:
        shape = ("-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1")
        coder = ("-c:a", "adpcm_ima_wav", "-block_size", "256")
        _run("ffmpeg", "-v", "error", *shape, "-i", raw, *coder, theirs)
    frames = _blocks(theirs)
    assert len(frames) > 10
    decoded = _to_pcm(tool, theirs, tmp_path / "back")
    wanted = array("h")
    for head, codes in frames:
        wanted.extend(_decode_block(head, codes))
    size = min(len(wanted), len(decoded))
    assert size > 7000
    _agree(tool, decoded[:size], wanted[:size])


def _blocks(file: Path) -> list[tuple[bytes, bytes]]:
    """A WAV file's blocks, of whatever size, as (head in our order, codes)."""
    data = file.read_bytes()
    place = 12
    size = 0
    while data[place : place + 4] != b"data":
        if data[place : place + 4] == b"fmt ":
            size = struct.unpack_from("<H", data, place + 20)[0]
        place += 8 + struct.unpack_from("<I", data, place + 4)[0]
    blocks = data[place + 8 :]
    cut = [blocks[at : at + size] for at in range(0, len(blocks) - size + 1, size)]
    return [(block[1:2] + block[:1] + block[2:4], block[4:]) for block in cut]


def _decode_block(head: bytes, codes: bytes) -> array[int]:
    """A block of any length: its codes in runs of 320, each run's head from what came before."""
    state, index = int.from_bytes(head[:2], "big", signed=True), head[2]
    samples = array("h", [state])
    pcm = array("h", bytes(2 * FRAME_SAMPLES))
    steps_of = (-1, -1, -1, -1, 2, 4, 6, 8)
    for at in range(0, len(codes), 160):
        run = codes[at : at + 160]
        frame = samples[-1].to_bytes(2, "big", signed=True) + bytes((index, 0))
        adpcm.decode(frame + run.ljust(160, b"\0"), 0, pcm)
        samples.extend(pcm[: 2 * len(run)])
        for byte in run:
            for code in (byte & 15, byte >> 4):
                index = max(0, min(88, index + steps_of[code & 7]))
    return samples


def test_ffmpeg_decodes_our_g722(tmp_path: Path) -> None:
    _need("ffmpeg")
    frames = _coded(g722.encode, array("h", bytes(2 * dsp.G722_STATE_SHORTS)), g722.FRAME_BYTES)
    source = tmp_path / "ours.g722"
    source.write_bytes(b"".join(frames))
    theirs = _to_pcm("ffmpeg", source, tmp_path / "pcm", "-f", "g722")
    assert theirs == _g722_decoded(frames)


def test_we_decode_ffmpegs_g722(tmp_path: Path) -> None:
    _need("ffmpeg")
    raw, coded = tmp_path / "pcm", tmp_path / "theirs.g722"
    raw.write_bytes(b"".join(pcm.tobytes() for pcm in signals.frames()))
    shape = ("-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1")
    _run("ffmpeg", "-v", "error", *shape, "-i", raw, "-c:a", "g722", "-f", "g722", coded)
    stream = coded.read_bytes()
    size = g722.FRAME_BYTES
    frames = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert len(frames) == len(signals.frames())
    theirs = _to_pcm("ffmpeg", coded, tmp_path / "back", "-f", "g722")
    assert theirs == _g722_decoded(frames)


def _g722_decoded(frames: list[bytes]) -> array[int]:
    state = array("h", bytes(2 * dsp.G722_STATE_SHORTS))
    samples = array("h")
    pcm = array("h", bytes(2 * FRAME_SAMPLES))
    for frame in frames:
        g722.decode(state, frame, 0, pcm)
        samples.extend(pcm)
    return samples
