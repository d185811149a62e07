"""How commands reach the releases of a venue, whether a host runs or not; like `door` for devices.

`state` is the host's folder; None: that of the host that runs here, else of this user.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from pressel.update import keys
from pressel.update.library import Library
from pressel.update.release import package_of

from . import control
from .desk.releases import PIECE_BYTES, as_json
from .door import running
from .options import default_state


def trust(state: Path | None, public: str) -> None:
    """Trust releases that the key `public` signed."""
    path = running(state)
    if path is None:
        keys.trust(state or default_state(), public)
    else:
        control.ask(path, "update trust", key=public)


def add(state: Path | None, source: Path) -> dict[str, Any]:
    """Check and keep the release in a folder or ZIP file; what it is."""
    path = running(state)
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
    path = running(state)
    if path is None:
        return [as_json(each) for each in Library(state or default_state()).all()]
    return control.ask(path, "update list")
