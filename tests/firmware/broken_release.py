"""A build of the firmware that raises some time after each start."""

from __future__ import annotations

import shutil
from pathlib import Path

from pressel.firmware import FirmwareBuild, build_firmware
from pressel.firmware.build import ROOT

_HEALTH = """
class Health:
    def __init__(self, now_ms):
        self.at_ms = now_ms + {after_ms}
    def step(self, handset, now_ms):
        if now_ms >= self.at_ms:
            raise ValueError("planted")
"""


def build_broken(out: Path, work: Path, after_ms: int) -> FirmwareBuild:
    """Builds into `out`, from a copy of the sources below `work` with another `app/health.py`."""
    root = work / "sources"
    for folder in ("firmware", "shared/ptt"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "firmware/app/health.py").write_text(_HEALTH.format(after_ms=after_ms))
    return build_firmware(out, root=root)
