"""What stands in for a badge's C modules takes at least as much memory as the heap is enlarged
by."""

from __future__ import annotations

import json
from pathlib import Path

from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Kit, SteppedBadge
from pressel.virtual.stepped.heap import HEAP_BYTES, STAND_INS_BYTES

MODULES = ("machine", "network", "socket", "cryptolib", "select")  # of every badge's firmware
MEASURE = f"""
import gc, json

taken = {{}}

class Handset:
    def step(self, now_ms):
        print(json.dumps({{"event": "taken", "value": taken, "free": gc.mem_free()}}))
        return 1000

def stages():
    for name in {MODULES}:
        gc.collect()
        yield None  # collected now
        before = gc.mem_alloc()
        __import__(name)
        gc.collect()
        yield None
        taken[name] = gc.mem_alloc() - before
    gc.collect()
    yield Handset()
"""


def test_stand_ins_take_what_is_given_for_them(tmp_path: Path) -> None:
    firmware = tmp_path / "firmware"
    (firmware / "app").mkdir(parents=True)
    (firmware / "app/__init__.py").touch()
    (firmware / "app/boot.py").write_text(MEASURE)
    (firmware / "manifest.json").write_text(json.dumps({"imports": []}))
    make_kit(tmp_path).save(tmp_path / "kit.json")
    kit = Kit.load(tmp_path / "kit.json")
    badge = SteppedBadge(firmware, {}, {}, "020000000001", 1, 1000, tmp_path / "badge", kit=kit)
    try:
        (told,) = badge.step(1001).events
        stats = badge.stats()
    finally:
        badge.kill()
    assert STAND_INS_BYTES <= sum(told["value"].values()) < STAND_INS_BYTES + 1000
    assert stats["heap_bytes"] == HEAP_BYTES
    assert told["free"] < HEAP_BYTES  # what the stand-ins have left is no more than a badge has
