"""PCM timelines: what they hold at a time, and silence around it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pressel.report.timeline import PcmTimeline


def ramp() -> PcmTimeline:
    return PcmTimeline(1_000.0, np.arange(160, dtype=np.int16))  # 10 ms


def test_a_slice_is_cut_by_time() -> None:
    assert ramp().pcm_between(1_001.0, 1_002.0).tolist() == list(range(16, 32))
    assert ramp().end_ms == 1_010.0


def test_outside_is_silence_and_the_length_is_always_right() -> None:
    line = ramp()
    assert line.pcm_between(999.0, 1_000.125).tolist() == [0] * 16 + [0, 1]
    assert line.pcm_between(1_009.875, 1_011.0).tolist() == [158, 159] + [0] * 16
    assert line.pcm_between(0.0, 1.0).tolist() == [0] * 16
    assert len(line.pcm_between(1_005.0, 1_005.0)) == len(line.pcm_between(1_005.0, 900.0)) == 0


def test_full_scale_is_one() -> None:
    line = PcmTimeline(0.0, np.array([-32768, 16384], dtype=np.int16))
    assert line.between(0.0, 0.125).tolist() == [-1.0, 0.5]


def test_a_file_of_a_killed_writer_loses_half_a_sample(tmp_path: Path) -> None:
    path = tmp_path / "a.pcm"
    path.write_bytes(np.array([1, -2, 3], dtype="<i2").tobytes() + b"\x07")
    line = PcmTimeline.from_file(path, 5.0)
    assert line.pcm.tolist() == [1, -2, 3] and line.t0_ms == 5.0
    with pytest.raises(OSError):
        PcmTimeline.from_file(tmp_path / "none", 0.0)


def test_other_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="int16"):
        PcmTimeline(0.0, np.zeros((4, 2), dtype=np.int16))
    with pytest.raises(ValueError, match="float64"):
        PcmTimeline(0.0, np.zeros(4))  # pyright: ignore[reportArgumentType]
