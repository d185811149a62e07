"""Builds of the firmware with another release number, or that raise some time after each start."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from pressel.pack import FirmwareBuild, build_firmware
from pressel.pack.build import ROOT

_HEALTH = """
class Health:
    def __init__(self, starts, cause, now_ms):
        self.at_ms = now_ms + {after_ms}
    def step(self, handset, now_ms):
        if now_ms >= self.at_ms:
            raise ValueError("planted")
"""


def build_release(
    out: Path,
    work: Path,
    number: int = 1,
    raises_after_ms: int | None = None,
    without: Collection[str] = (),
) -> FirmwareBuild:
    """Builds into `out`, from a copy of the sources below `work`, leaving features out."""
    root = work / "sources"
    for folder in ("firmware", "shared/ptt"):
        shutil.copytree(ROOT / folder, root / folder, dirs_exist_ok=True)
    release = root / "firmware/app/release.py"
    lines = release.read_text("utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("RELEASE = ")]
    assert len(kept) == len(lines) - 1
    release.write_text("".join(kept) + f"RELEASE = {number}\n", "utf-8")
    if raises_after_ms is not None:
        text = _HEALTH.format(after_ms=raises_after_ms)
        (root / "firmware/app/extras/health.py").write_text(text, "utf-8")
    return build_firmware(out, root=root, without=without)
