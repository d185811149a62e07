"""Speech files: everything a recorder writes is taken, everything else is refused in words."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import READ_AT_MOST_S, SpeechFileError, read_speech, write_wav
from pressel.errors import PresselError


def tone(rate: int = 16_000, seconds: float = 0.5, level: float = 0.5) -> np.ndarray:
    return level * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)


def test_own_format_comes_back_bit_for_bit(tmp_path: Path) -> None:
    pcm = np.array([0, 1, -1, 32767, -32768, 1234] * 100, dtype=np.int16)
    write_wav(tmp_path / "a.wav", pcm)
    assert np.array_equal(read_speech(tmp_path / "a.wav"), pcm)


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW"]
)
def test_every_container_and_sample_type(tmp_path: Path, kind: str, subtype: str) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), 16_000, format=kind, subtype=subtype)
    got = read_speech(path)
    assert got.dtype == np.int16 and len(got) == 8_000
    assert np.abs(got / 32768 - tone()).max() < 0.02  # 8 bit and the laws are coarse


@pytest.mark.parametrize("rate", [4_000, 8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_becomes_16_khz(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(rate, 1.0), rate)
    got = read_speech(path) / 32768
    assert abs(len(got) - 16_000) <= 2
    middle = slice(2_000, 14_000)
    assert np.abs(got[middle] - tone(16_000, 1.0)[middle]).max() < 0.01


@pytest.mark.parametrize("channels", [2, 5, 64])
def test_channels_are_mixed_down(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.wav"
    sound = np.zeros((8_000, channels))
    sound[:, 0] = tone()
    soundfile.write(path, sound, 16_000)
    assert np.abs(read_speech(path) / 32768 - tone() / channels).max() < 0.001


def test_only_the_first_minute_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = np.concatenate([tone(8_000, READ_AT_MOST_S), np.full(80_000, 0.9)])
    soundfile.write(path, sound, 8_000)
    got = read_speech(path)
    assert len(got) == READ_AT_MOST_S * 16_000
    assert np.abs(got.astype(int)).max() < 0.6 * 32768


def test_float_above_full_scale_is_turned_down_not_clipped(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(level=4.0), 16_000, subtype="FLOAT")
    got = read_speech(path) / 32768
    assert np.abs(got - tone(level=32767 / 32768)).max() < 0.001


def test_data_of_unknown_length_from_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, (tone() * 20_000).astype(np.int16))
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert len(read_speech(path)) == 8_000


def coded_as(tmp_path: Path, suffix: str) -> bytes:
    path = tmp_path / f"coded.{suffix}"
    soundfile.write(path, tone(), 16_000)
    return path.read_bytes()


def refused(path: Path | str) -> str:
    with pytest.raises(SpeechFileError) as caught:
        read_speech(path)
    assert caught.value.exit_code == 2
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_what_is_no_wav_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    for suffix, word in (("flac", "FLAC"), ("mp3", "MP3"), ("ogg", "Ogg"), ("aiff", "AIFF")):
        path.write_bytes(coded_as(tmp_path, suffix))
        assert f"no WAV file but {word}" in refused(path)
    path.write_text("Hello, I am not a sound.")
    assert "no WAV file; convert" in refused(path)
    path.write_bytes(np.random.default_rng(3).bytes(5_000))
    assert "no WAV file" in refused(path)
    path.write_bytes(b"")
    assert "empty" in refused(path)


def test_no_such_file_folder_and_odd_paths(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none.wav")
    assert "folder" in refused(tmp_path)
    assert "cannot read" in refused("a\0b.wav")
    assert "cannot read" in refused("x" * 5_000)
    os.mkfifo(tmp_path / "pipe.wav")
    assert "no plain file" in refused(tmp_path / "pipe.wav")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, (tone() * 9_000).astype(np.int16))

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    assert "Permission denied" in refused(path)


def test_cut_off_and_hollow_files(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, (tone() * 9_000).astype(np.int16))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1_000])
    assert "15000 of 16000 bytes" in refused(path)
    path.write_bytes(whole[:44])
    assert "no samples" in refused(path)
    for length in (12, 20, 30, 37):
        path.write_bytes(whole[:length])
        assert "cut off" in refused(path)
    write_wav(path, np.zeros(0, dtype=np.int16))
    assert "no samples" in refused(path)


def test_damaged_headers_never_escape_as_something_else(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, (tone() * 9_000).astype(np.int16))
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    for _ in range(300):
        data = bytearray(whole)
        for at in random.integers(0, 44, 3):
            data[at] = random.integers(256)
        path.write_bytes(data)
        try:
            read_speech(path)
        except SpeechFileError:
            continue


def test_rates_out_of_range(tmp_path: Path) -> None:
    for rate in (2_000, 384_000):
        soundfile.write(tmp_path / "a.wav", tone(rate), rate)
        assert f"{rate} samples a second" in refused(tmp_path / "a.wav")


def test_silence_and_samples_that_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, np.zeros(8_000, dtype=np.int16))
    assert "digital silence" in refused(path)
    soundfile.write(path, tone(level=0.0009), 16_000)
    assert "silent (-61 dBFS)" in refused(path)
    soundfile.write(path, np.full(8_000, 0.25), 16_000)  # an offset is not sound
    assert "silent" in refused(path)
    soundfile.write(path, tone(level=0.0011), 16_000)
    assert len(read_speech(path)) == 8_000
    for bad in (np.nan, np.inf):
        sound = tone()
        sound[100] = bad
        soundfile.write(path, sound, 16_000, subtype="FLOAT")
        assert "no numbers" in refused(path)


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(PresselError, match="cannot write"):
        write_wav(tmp_path / "no" / "such" / "a.wav", np.zeros(3, dtype=np.int16))


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda r: r.name)
def test_own_speech_is_clean(recording) -> None:
    pcm = read_speech(recording.path).astype(float)
    peak_dbfs = 20 * np.log10(np.abs(pcm).max() / 32768)
    assert -12 < peak_dbfs < -3  # neither clipped nor faint
    assert abs(pcm.mean()) < 30  # no offset, so no click when it starts
    blocks = pcm[: len(pcm) // 160 * 160].reshape(-1, 160)
    levels = 10 * np.log10(np.mean(blocks**2, axis=1) + 1)
    assert levels.max() - np.percentile(levels, 3) > 28  # little room noise
    # Words begin at once, so that a radio that loses the beginning is heard losing it.
    assert (levels > levels.max() - 30).argmax() * 10 <= 80
    assert recording.text
