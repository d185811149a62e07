"""Speech from a WAV file, as a badge's microphone would give it; and PCM written to one.

Takes what recorders and editors write (RIFF, WAVEX, RF64; 8 to 32 bit, float, A-law, mu-law; any
channel count, mixed down; 4 to 192 kHz) and says in a sentence why it cannot take the rest.
At most the first 60 s are read, however long the file is. Sound above full scale, which only
float files and resampling can have, is turned down as a whole: clipping would add distortion
that a later measurement would blame on the radio.
"""

from __future__ import annotations

import io
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..errors import PresselError, UsageError

RATE_HZ = 16_000
READ_AT_MOST_S = 60
RATE_MIN_HZ, RATE_MAX_HZ = 4_000, 192_000
SILENT_BELOW_DBFS = -60.0
_BLOCK_SAMPLES = 1 << 20  # of all channels together: 4 MB at a time
# What programs that write to a pipe leave as the size of the sound: 0, or the largest number that
# they dare to write, such as 0x7FFFF000, 0x7FFFFFFF or 0xFFFFFFFF. No speech has as many bytes.
_UNKNOWN_SIZE_MIN = 0x7F000000
_UNSIZED_BYTES_MAX = 50_000_000  # a minute of stereo at 96 kHz and 32 bit
# A sample so many times as loud as nearly all others is a fault of the file: speech has five.
_OUTLIER_TIMES = 20
_NEARLY_ALL_PERCENT = 99.9
_SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW")


class SpeechFileError(UsageError):
    """A speech file that cannot be used; the text says which, why, and what to do."""


def read_speech(path: str | Path) -> NDArray[np.int16]:
    """The first 60 s at most of a WAV file, as int16 at 16 kHz mono.

    A 16 bit mono file at 16 kHz comes back exactly as it is. Raises SpeechFileError.
    """
    path = Path(path)
    mono, rate_hz = _read_mono(path, _check_file(path))
    if not np.isfinite(mono).all():
        raise _unusable(path, "holds samples that are no numbers (NaN or infinity); export it anew")
    if rate_hz != RATE_HZ:
        mono = soxr.resample(mono, rate_hz, RATE_HZ, quality="HQ")
    if not len(mono):
        raise _unusable(path, "holds less than one sample of sound")
    _check_loud_enough(path, mono)
    peak = float(np.abs(mono).max())
    _check_outliers(path, mono, peak)
    scaled = mono * (32_768.0 if peak <= 1.0 else 32_767.0 / peak)
    return np.clip(np.round(scaled), -32_768, 32_767).astype(np.int16)


def is_longer(path: str | Path) -> bool:
    """Whether the file that `read_speech` has read goes on behind what it gives."""
    with soundfile.SoundFile(path) as file:
        return file.frames > READ_AT_MOST_S * file.samplerate


def write_wav(path: str | Path, pcm: NDArray[np.int16], rate: int = RATE_HZ) -> None:
    """Write int16 samples, (n,) or (n, channels), as a 16 bit WAV. Raises PresselError."""
    if pcm.dtype != np.int16:
        raise ValueError(f"a WAV is written from int16 samples, not {pcm.dtype}")
    try:
        soundfile.write(Path(path), pcm, rate, format="WAV", subtype="PCM_16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise PresselError(f"cannot write {path}: {error}") from error


def _unusable(path: Path, why: str) -> SpeechFileError:
    return SpeechFileError(f"cannot use {str(path)!r} as speech: it {why}")


def _check_file(path: Path) -> int | None:
    """A plain, readable, whole WAV file, judged by its chunks. libsndfile reads cut ones. Where the
    size of its sound stands, if it was left at 0."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _unusable(path, "is a folder; name a WAV file in it")
        if not stat.S_ISREG(mode):
            raise _unusable(path, "is no plain file; save the sound to a WAV file first")
        with path.open("rb") as file:
            return _check_chunks(path, file, path.stat().st_size)
    except FileNotFoundError:
        raise SpeechFileError(f"no such file: {str(path)!r}; give the path of a WAV file") from None
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        raise SpeechFileError(f"cannot read {str(path)!r}: {reason}") from error


def _check_chunks(path: Path, file: BinaryIO, size: int) -> int | None:
    if size == 0:
        raise _unusable(path, "is empty (0 bytes)")
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        raise _unusable(path, f"is no WAV file{_looks_like(head)}; convert it to WAV first")
    data64: int | None = None
    while len(header := file.read(8)) == 8:
        name, length = header[:4], int.from_bytes(header[4:], "little")
        if name == b"ds64":
            body = file.read(length)
            data64 = int.from_bytes(body[8:16], "little")
            continue
        if name == b"data":
            _check_data(path, data64 if data64 and length == 0xFFFFFFFF else length, file, size)
            return None if length else file.tell() - 4
        file.seek(length + length % 2, os.SEEK_CUR)
    raise _unusable(path, "ends before its sound begins: it is cut off; copy it again")


def _check_data(path: Path, length: int, file: BinaryIO, size: int) -> None:
    there = size - file.tell()
    if there == 0:
        raise _unusable(path, "has a header but no samples; record it again")
    if there < length < _UNKNOWN_SIZE_MIN:
        raise _unusable(
            path, f"is cut off: {there} of {length} bytes of sound are there; copy it again"
        )


def _looks_like(head: bytes) -> str:
    if head[:4] == b"fLaC":
        return " but FLAC"
    if head[:4] == b"OggS":
        return " but Ogg"
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return " but MP3"
    if head[:4] == b"FORM":
        return " but AIFF"
    if head[4:8] == b"ftyp":
        return " but MP4"
    return ""


def _sized(path: Path, size_at: int) -> io.BytesIO:
    """The file with the size of its sound written where it was left out."""
    with path.open("rb") as file:
        content = bytearray(file.read(_UNSIZED_BYTES_MAX))
    struct.pack_into("<I", content, size_at, len(content) - size_at - 4)
    return io.BytesIO(content)


def _read_mono(path: Path, size_at: int | None) -> tuple[NDArray[np.float32], int]:
    try:
        with soundfile.SoundFile(path if size_at is None else _sized(path, size_at)) as file:
            if file.subtype not in _SUBTYPES:
                raise _unusable(path, f"is coded as {file.subtype}; save it as 16 bit PCM")
            if not RATE_MIN_HZ <= file.samplerate <= RATE_MAX_HZ:
                raise _unusable(
                    path,
                    f"has {file.samplerate} samples a second; "
                    f"from {RATE_MIN_HZ} to {RATE_MAX_HZ} can be used",
                )
            parts = list(_mono_blocks(file))
            rate_hz = file.samplerate
    except (soundfile.LibsndfileError, RuntimeError, OSError) as error:
        reason = getattr(error, "error_string", None) or str(error)
        raise _unusable(path, f"is a damaged WAV file ({reason}); export it anew") from error
    if not parts:
        raise _unusable(path, "has a header but no samples; record it again")
    return np.concatenate(parts), rate_hz


def _mono_blocks(file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """The mean of all channels, block by block, so that a long file costs no memory."""
    left = READ_AT_MOST_S * file.samplerate
    step = max(1, _BLOCK_SAMPLES // file.channels)
    while left > 0:
        block = file.read(min(step, left), dtype="float32", always_2d=True)
        if not len(block):
            return
        left -= len(block)
        yield block.mean(axis=1, dtype=np.float64).astype(np.float32)


def _check_outliers(path: Path, mono: NDArray[np.float32], peak: float) -> None:
    """A few samples far above full scale would turn all the rest down to nothing."""
    most = float(np.percentile(np.abs(mono), _NEARLY_ALL_PERCENT))
    if peak > 1.0 and peak > _OUTLIER_TIMES * most:
        at_s = int(np.abs(mono).argmax()) / RATE_HZ
        raise _unusable(
            path,
            f"has a sample of {peak:g} times full scale at {at_s:.1f} s, far above all others; "
            "mend it in an editor",
        )


def _check_loud_enough(path: Path, mono: NDArray[np.float32]) -> None:
    """A constant offset is no sound, so the peak is taken around the mean."""
    peak = float(np.abs(mono - mono.mean()).max())
    if peak < 10 ** (SILENT_BELOW_DBFS / 20):
        level = f"{20 * np.log10(peak):.0f} dBFS" if peak > 0 else "digital silence"
        raise _unusable(path, f"is silent ({level}); choose one with speech in it")
