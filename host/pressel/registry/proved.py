"""A proof in a JSON file of the state folder that this host wrote it: whoever has the file alone,
as in a copy that is put back, can change nothing in it.

The proof is a MAC over all other fields under a key that comes from the registry's key file.
"""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

from pressel.registry import secret_file
from pressel.registry.database import KEY_FILE, KEY_KIND
from pressel.registry.vault import Vault

PROOF = "proof"


def with_proof(folder: Path, purpose: str, told: dict[str, Any]) -> dict[str, Any]:
    """`told`, which JSON can hold, with its proof. UsageError without a key file."""
    return {**told, PROOF: _proof(folder, purpose, told)}


def without_proof(
    folder: Path, purpose: str, told: dict[str, Any], former: set[str]
) -> dict[str, Any]:
    """`told` as it was given to `with_proof`. ValueError when it was changed since. A file of an
    earlier version has no proof, and no fields but `former`: it is taken as it is."""
    if told.keys() <= former:
        return told
    said = {name: value for name, value in told.items() if name != PROOF}
    if not hmac.compare_digest(str(told.get(PROOF)), _proof(folder, purpose, said)):
        raise ValueError("it was changed since this host wrote it")
    return said


def _proof(folder: Path, purpose: str, told: dict[str, Any]) -> str:
    vault = Vault(secret_file.load(folder / KEY_FILE, KEY_KIND))
    written = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    return vault.file_proof(purpose, written).hex()
