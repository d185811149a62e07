"""Signers for tests: a real one is made once a process, which takes a second, and copied."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressel.signer.leaves import Leaves
from pressel.signer.signer import Signer, make_signer


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Counters of signers, and the venue's own signer, lie here."""
    for kind in ("STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home" / kind.lower()))
    yield tmp_path / "home"


@functools.cache
def _made(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pressel-signer-"))
    before = os.environ.get("XDG_STATE_HOME", "")
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    try:
        make_signer(folder / name)
    finally:
        os.environ["XDG_STATE_HOME"] = before
    return folder / name


def signer_in(folder: Path, name: str = "one") -> Signer:
    """A copy of the signer called `name`, as new: its list and its counter begin here."""
    assert os.environ.get("XDG_STATE_HOME"), "its counter would lie in this user's own folder"
    shutil.copytree(_made(name), folder)
    signer = Signer(folder)
    leaves = Leaves(folder, signer.public[8:24].hex())
    with leaves.held():
        leaves.begin(signer.public)
    return signer
