"""How commands reach the releases of a venue, whether a host runs or not; like `door` for devices.

`state` is the host's folder; None: that of the host that runs here, else of this user.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import sys
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UsageError
from pressel.signer.signer import Signer, default_folder, make_signer
from pressel.update import keys
from pressel.update.library import Library
from pressel.update.release import package_of
from pressel.update.voices import doubted

from . import control
from .channel.channel import host_of
from .desk.releases import PIECE_BYTES, as_json
from .door import open_roll, reached
from .options import default_state

SIGNER_MADE = (
    "made the signer of this venue's releases in {folder}: move that folder to a stick, off this "
    "computer if a host runs here; badges take updates only from it (docs/updates.md)"
)


def trust(state: Path | None, public: str) -> None:
    """Trust releases that the signer with the key `public` signed."""
    path = reached(state)
    if path is None:
        keys.name(state or default_state(), public)
    else:
        control.ask(path, "update trust", key=public)


def signers(state: Path | None) -> list[str]:
    """The public keys that are trusted, the newest last."""
    path = reached(state)
    if path is None:
        return keys.trusted(state or default_state())
    return control.ask(path, "update signers")


def doubts(state: Path | None) -> dict[str, str]:
    """Of the signers those that a host has named which was removed since: that host, as its
    fingerprint."""
    path = reached(state)
    if path is not None:
        try:
            return control.ask(path, "update doubts")
        except UsageError:  # a leader of an earlier version, which keeps no note of it
            return {}
    with open_roll(state, writes=False) as roll:
        known = [roll.own_key(), *(each.public_key for each in roll.hosts())]
    allowed = {host_of(bytes.fromhex(each)).hex() for each in known}
    return doubted(state or default_state(), allowed)


def add(state: Path | None, source: Path) -> dict[str, Any]:
    """Check and keep the release in a folder or ZIP file; what it is."""
    path = reached(state)
    if path is None:
        return as_json(Library(state or default_state()).add(source))
    package = package_of(source)
    digest = hashlib.sha256(package).hexdigest()
    for offset in range(0, len(package), PIECE_BYTES):
        data = base64.b64encode(package[offset : offset + PIECE_BYTES]).decode("ascii")
        control.ask(path, "update put", digest=digest, offset=offset, data=data)
    return control.ask(path, "update add", digest=digest)


def releases(state: Path | None) -> list[dict[str, Any]]:
    """Those that are kept, newest first."""
    path = reached(state)
    if path is None:
        return [as_json(each) for each in Library(state or default_state()).all()]
    return control.ask(path, "update list")


def first_signer(state: Path | None) -> str:
    """The public key that new badges get: that of the newest signer which the hosts trust. Where
    they trust none, this computer's signer, made if need be, becomes the venue's."""
    known = signers(state)
    if not known:
        public = own_signer()
        trust(state, public)
        return public
    folder = default_folder()
    with contextlib.suppress(UsageError):  # it lies elsewhere, as it should
        own = Signer(folder).public.hex()
        if own not in known:
            raise PresselError(
                f"the hosts trust another signer than the one in {folder}: badges would take "
                "updates from that one. Run `pressel update trust` with the key that `pressel "
                "release show` prints here, or move the folder away if it is of another venue"
            )
    doubt = doubts(state).get(known[-1])
    if doubt is not None:
        raise PresselError(
            f"the signer {known[-1][16:32]} was named by host {doubt}, which has been removed "
            "since. Run `pressel update trust` with the key that `pressel release show` prints "
            "where your signer is: badges that are flashed then take updates from that one"
        )
    return known[-1]


def own_signer() -> str:
    """The public key of this computer's signer, which the first call makes."""
    folder = default_folder()
    if folder.is_dir() and any(folder.iterdir()):
        return Signer(folder).public.hex()
    public = make_signer(folder).public.hex()
    print(SIGNER_MADE.format(folder=folder), file=sys.stderr)
    return public
