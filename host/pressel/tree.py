"""Where those parts of Pressel lie that are no Python of a host: firmware, boards, schemas and
documents.

In a clone that is the clone itself; a wheel carries them in a folder of this package, under the
same names (`setup.py` puts them there).
"""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import platformdirs

_CARRIED = Path(__file__).with_name("_tree")


def _installer() -> str:
    """Who has installed this, as Python's records have it."""
    try:
        return (metadata.distribution("pressel").read_text("INSTALLER") or "").strip()
    except metadata.PackageNotFoundError:
        return ""


IS_INSTALLED = _CARRIED.is_dir()
IS_DEBIANS = IS_INSTALLED and _installer() == "dpkg"  # the package of `make deb` has put it here
ROOT = _CARRIED if IS_INSTALLED else Path(__file__).resolve().parents[2]

# For what is made once and can be deleted: in a clone `make clean` does it.
CACHE = platformdirs.user_cache_path("pressel") if IS_INSTALLED else ROOT / "build" / "cache"
