"""Which start of the machine this is: a host that ended without a word while its machine went on
has crashed; one whose machine started anew lost its power, or was restarted with it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux makes one at each start
_BYTES = 4  # two starts that are told apart; a log keeps no more of it


def boot_mark(file: Path = _BOOT_ID) -> int | None:
    """A number that another start of the machine does not have; None: this system does not say."""
    try:
        said = file.read_bytes().strip()
    except OSError:
        return None
    return int.from_bytes(hashlib.sha256(said).digest()[:_BYTES], "big") if said else None
