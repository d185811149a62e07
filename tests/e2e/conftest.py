"""What all end-to-end tests share: user folders of their own, and speech."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pressel.audio.wav import write_wav


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tests see and touch nothing of the user who runs them."""
    folder = tmp_path / "home"
    for name in ("RUNTIME_DIR", "STATE_HOME"):
        (folder / name).mkdir(mode=0o700, parents=True)
        monkeypatch.setenv(f"XDG_{name}", str(folder / name))
    monkeypatch.delenv("PRESSEL_SPEECH", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    return folder


@pytest.fixture
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for a venue; the firmware built beside it serves all tests."""
    base = tmp_path_factory.getbasetemp() / "venues"
    number = len(list(base.glob("*"))) if base.exists() else 0
    folder = base / str(number)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def wav(tmp_path: Path) -> Callable[[str, NDArray[np.int16]], Path]:
    """Writes speech to a 16 kHz WAV file."""

    def write(name: str, pcm: NDArray[np.int16]) -> Path:
        file = tmp_path / name
        write_wav(file, pcm)
        return file

    return write
