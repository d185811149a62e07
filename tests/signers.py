"""Signers for tests. Making one takes a million hashes; of these only the leaves that tests sign
with are real, the others are made up, and kept as the tree that a signer keeps."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from pressel.signer.leaves import Leaves
from pressel.signer.lms import Tree
from pressel.signer.signer import Signer, make_signer

_REAL = Tree._leaf


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Counters of signers, and the venue's own signer, lie here."""
    for kind in ("STATE", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / "home" / kind.lower()))
    yield tmp_path / "home"


@functools.cache
def _made(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pressel-signer-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setattr(Tree, "_leaf", _leaf)
        make_signer(folder / name)
    return folder / name


def _leaf(tree: Tree, leaf: int) -> bytes:
    return _REAL(tree, leaf) if leaf < 48 or leaf >= 1000 else sha256(b"%d" % leaf).digest()


def signer_in(folder: Path, name: str = "one") -> Signer:
    """A copy of the signer called `name`, as new: its list and its counter begin here."""
    assert os.environ.get("XDG_STATE_HOME"), "its counter would lie in this user's own folder"
    shutil.copytree(_made(name), folder)
    signer = Signer(folder)
    leaves = Leaves(folder, signer.public[8:24].hex())
    with leaves.held():
        leaves.begin(signer.public)
    return signer
