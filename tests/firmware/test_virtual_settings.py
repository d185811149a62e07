"""The real firmware in virtual time: whatever somebody makes of the settings on a badge's flash, it
has those of the venue once it hears its leader, and keeps them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.host.stepped_venue import Venue

from pressel.pack import build_firmware
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import nvs
from ptt.base.clock import wrapped
from ptt.base.numbers import CONFIRM_MS
from ptt.leader.settings_in_force import Settings

KEPT_MS = CONFIRM_MS + 65_000  # it writes what is sure once a minute

pytestmark = pytest.mark.proof  # `tests/firmware/test_handset_kept.py` has the same on CPython


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("settings")
    build_firmware(folder / "firmware", without=("smooth_playout", "g722", "multicast"))
    make_kit(folder).save(folder / "kit.json")
    return folder


def obeyed(venue: Venue) -> list[Any]:
    """The versions that it has put in force, since they were asked for last."""
    found = [each["value"] for each in venue.events[0] if each.get("event") == "settings"]
    venue.events[0].clear()
    return found


def restarted(venue: Venue, made_of: Any) -> dict[str, Any]:
    """What lies in its storage when its power is cut; it starts with what is made of that."""
    badge = venue.badges[0]
    badge._finish_boot()
    badge._cut()
    file = badge.flash / nvs.FILE
    kept = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(made_of(kept)), "utf-8")
    badge._restart(venue.now_ms)
    venue.due[0] = venue.now_ms
    return kept


def test_a_flash_that_was_altered_is_mended(made: Path, tmp_path: Path) -> None:
    """An older value, other versions, what is cut off, nonsense, and nothing."""
    venue = Venue(1, made / "kit.json", made / "firmware", tmp_path)
    try:
        venue.run(3000)
        venue.leader.publish(Settings(2, playout_delay_ms=120), wrapped(venue.now_ms))
        venue.run(venue.now_ms + KEPT_MS)
        good = restarted(venue, lambda kept: kept)
        right = good["pressel"]["settings"]
        older = bytes.fromhex(right).replace(b"\x00\x78", b"\x01\x2c", 1).hex()  # 300 ms
        assert older != right
        for spoilt in (older, "00000001" + older[8:], "3fffffff" + older[8:], right[:8], "ff", ""):
            restarted(venue, lambda kept: {"pressel": {**kept["pressel"], "settings": spoilt}})  # noqa: B023
            venue.events[0].clear()
            venue.run(venue.now_ms + KEPT_MS)
            assert obeyed(venue) == [2], spoilt
            (member,) = venue.leader.members.all()
            assert member.settings.acknowledged == 2 and not member.settings.refused
            assert restarted(venue, lambda kept: kept)["pressel"]["settings"] == right, spoilt
    finally:
        venue.badges[0].kill()
