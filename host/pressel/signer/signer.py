"""A venue's signer: the key in a folder of its own, good for 1,024 signatures, one a leaf.

Whoever has the folder can make firmware that the venue's badges run. It belongs on a stick or a
computer that is no host. It is made when it is first needed, so that nobody has to set it up.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import platformdirs

from pressel.errors import PresselError, UsageError
from pressel.registry import secret_file
from ptt.link.lms import Verifier

from .leaves import Leaves
from .lms import LEAVES, LEAVES_BYTES, NAME_BYTES, Tree

HAND_OVER_LEAVES = 16  # the last ones sign only releases that bring the next key: three of them,
# for each of five chips
FEW_LEAVES = 64  # left: time to think of the next key

_KEY_KIND = "release signer"
_KEY_FILE = "signer.key"
_TREE_FILE = "tree"  # the leaves' public halves, which take a second to make; no secret
_NAME = b"pressel release signer name "


def default_folder() -> Path:
    """Where a signer is made when nobody says where."""
    return platformdirs.user_data_path("pressel") / "signer"


class Signer:
    """The signer in `folder`. UsageError when there is none, or its key is damaged."""

    def __init__(self, folder: Path) -> None:
        if not (folder / _KEY_FILE).is_file():
            raise UsageError(
                f"there is no signer in {folder}; name its folder with --signer, or make one with "
                "`pressel release keygen`"
            )
        self._folder = folder
        seed = secret_file.load(folder / _KEY_FILE, _KEY_KIND)
        name = sha256(_NAME + seed).digest()[:NAME_BYTES]
        self._leaves = Leaves(folder, name.hex())
        self.public = self._leaves.public()  # 56 bytes: the key that badges are flashed with
        self._tree = Tree(seed, name, _kept_tree(folder))
        if self._tree.public != self.public:
            self._tree = Tree(seed, name)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While it signs, no other process does."""
        with self._leaves.held():
            yield

    def left(self) -> int:
        """How often it can still sign. UsageError when its list of leaves is not to be trusted."""
        return LEAVES - self._leaves.agreed()

    def sign(self, message: bytes, *, hands_over: bool = False) -> bytes:
        """The signature, checked as a badge does. What fails behind the reservation costs a leaf
        and nothing else."""
        kept = 0 if hands_over else HAND_OVER_LEAVES
        if self.left() <= kept:
            raise UsageError(
                "this signer has used up its leaves; "
                + (
                    "make a new one with `pressel release keygen` and flash the badges again"
                    if hands_over
                    else f"the last {kept} sign only the release that brings the next key, see "
                    "`pressel release sign --next`"
                )
            )
        leaf = self._leaves.reserve(sha256(message).hexdigest())
        signature = self._tree.sign(leaf, message)
        if not is_signed(message, signature, self.public):
            raise PresselError(f"the signer in {self._folder} is damaged: its key does not fit its "
                "list of leaves; bring the newest copy of the folder")  # fmt: skip
        return signature

    def adopt(self, leaf: int | None) -> int:
        """As `Leaves.adopt`."""
        return self._leaves.adopt(leaf)


def make_signer(folder: Path) -> Signer:
    """A new signer, whole or not at all. UsageError when something lies there already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; name a new folder with --signer")
    beside = folder.with_name(folder.name + ".new")
    try:
        shutil.rmtree(beside, ignore_errors=True)  # of one that broke off; it has signed nothing
        beside.mkdir(mode=0o700, parents=True)
        seed = secret_file.load_or_make(beside / _KEY_FILE, _KEY_KIND)
        name = sha256(_NAME + seed).digest()[:NAME_BYTES]
        tree = Tree(seed, name)
        (beside / _TREE_FILE).write_bytes(tree.leaves)
        leaves = Leaves(beside, name.hex())
        with leaves.held():
            leaves.begin(tree.public)
        os.replace(beside, folder)
        secret_file.sync_folder(folder.parent)
    except OSError as error:
        raise UsageError(f"cannot make a signer in {folder}: {error.strerror}") from error
    return Signer(folder)


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Did this key sign the message? As a badge finds out."""
    source = io.BytesIO(signature)
    verifier = Verifier(public, source.readinto)
    verifier.update(message)
    while verifier.step():
        pass
    return verifier.is_right and not source.read(1)


def _kept_tree(folder: Path) -> bytes | None:
    """None: make it anew."""
    try:
        kept = (folder / _TREE_FILE).read_bytes()
    except OSError:
        return None
    return kept if len(kept) == LEAVES_BYTES else None
