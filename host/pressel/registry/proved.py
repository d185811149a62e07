"""A proof in a JSON file of the state folder that this host wrote it: whoever has the file alone,
as in a copy that is put back, can change nothing in it.

The proof is a MAC over all other fields under a key that comes from the registry's key file. Former
versions wrote no proof. Their files get one when their registry becomes one of today (`tables`),
once; from then on what has none is refused, or the proof could simply be taken away.
"""

from __future__ import annotations

import hmac
import json
import os
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.private_folder import make_private
from pressel.registry.secret_file import sync_folder
from pressel.registry.vault import Vault, vault_of

PROOF = "proof"
# Below the state folder; each file's purpose is its place.
SETTINGS = "settings.json"
CAMPAIGN = "updates/campaign.json"
_BYTES_MAX = 1 << 20  # a campaign of a thousand badges is a tenth of it


def load(folder: Path, place: str) -> dict[str, Any]:
    """What `store` was given. ValueError when it was changed since, or has no proof; OSError."""
    told = _read(folder / place)
    if PROOF not in told:
        raise ValueError("it has no proof that this host wrote it")
    said = {name: value for name, value in told.items() if name != PROOF}
    if not hmac.compare_digest(str(told[PROOF]).encode(), _proof(vault_of(folder), place, said)):
        raise ValueError("it was changed since this host wrote it")
    return said


def store(folder: Path, place: str, told: dict[str, Any]) -> None:
    """Write `told`, which JSON can hold, with its proof, and wait for the disk. UsageError without
    a key file; OSError."""
    _write(vault_of(folder), folder, place, told)


def prove_former(vault: Vault, folder: Path) -> None:
    """Give their proof to files that a former version has left; what is damaged stays as it is, to
    be told by who reads it. UsageError when the disk does not take it."""
    for place in (SETTINGS, CAMPAIGN):
        try:
            told = _read(folder / place)
            if PROOF not in told:
                _write(vault, folder, place, told)
        except (FileNotFoundError, ValueError):
            continue
        except OSError as error:
            raise UsageError(f"cannot keep {folder / place}: {error.strerror}") from error


def _read(file: Path) -> dict[str, Any]:
    with file.open("rb") as opened:
        told = read_json(opened.read(_BYTES_MAX))
    if not isinstance(told, dict):
        raise ValueError("it has no fields")
    return told


def _write(vault: Vault, folder: Path, place: str, told: dict[str, Any]) -> None:
    file = folder / place
    beside = file.with_suffix(".new")
    make_private(file.parent)
    proof = _proof(vault, place, told).decode()
    with beside.open("w", encoding="ascii") as out:
        out.write(json.dumps({**told, PROOF: proof}, indent=1) + "\n")
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
    sync_folder(file.parent)


def _proof(vault: Vault, place: str, told: dict[str, Any]) -> bytes:
    written = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return vault.file_proof(place, written).hex().encode()
