"""Which leaf of a signer signed which release, as hosts have seen it.

A signer that was rolled back together with its counter cannot notice that it signs twice by one
leaf. Hosts can: they see every release before a badge does. They then refuse the second, since
whoever has both can make a third.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.private_folder import make_private
from pressel.signer.lms import LEAVES

from .keys import KEYS_MAX

FILE = "leaves.json"

_Key = Annotated[str, Field(pattern="^[0-9a-f]{112}$")]
_Leaf = Annotated[int, Field(ge=0, lt=LEAVES)]
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _Seen(BaseModel):
    """By key and leaf: SHA-256 of what was signed."""

    leaves: Annotated[
        dict[_Key, Annotated[dict[_Leaf, _Digest], Field(max_length=LEAVES)]],
        Field(max_length=2 * KEYS_MAX),
    ] = {}


class UsedLeaves:
    """Of the host whose releases lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def note(self, key: str, leaf: int, digest: str) -> None:
        """UsageError when this leaf has signed something else."""
        seen = self._read()
        leaves = seen.leaves.setdefault(key, {})
        if leaves.get(leaf, digest) != digest:
            raise UsageError(
                f"the signer {key[16:32]} has signed two releases by leaf {leaf}: its folder was "
                "put back from an older copy, or copied, and its key is no longer safe. Run "
                "`pressel release adopt` there, make a new signer with `pressel release keygen` "
                "and hand over to it, see docs/updates.md"
            )
        if leaf in leaves:
            return
        leaves[leaf] = digest
        beside = self._file.with_suffix(".new")
        try:
            make_private(self._file.parent)
            beside.write_text(seen.model_dump_json(indent=1) + "\n", "utf-8")
            beside.replace(self._file)
        except OSError as error:
            raise PresselError(f"cannot keep {self._file}: {error.strerror}") from error

    def _read(self) -> _Seen:
        try:
            return _Seen.model_validate_json(self._file.read_text("utf-8"))
        except FileNotFoundError:
            return _Seen()
        except (OSError, ValidationError, ValueError) as error:
            raise PresselError(
                f"{self._file} is damaged; bring another host's copy of it, or delete it: then a "
                "signer that signs twice by one leaf is not noticed for the releases before"
            ) from error
