"""Both ways of packing on real MicroPython: they boot, join, talk and hear; what each does with an
update, and how much memory each leaves (`python -m tests.firmware.hour --packing NAME` has
more)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.host.stepped_venue import Venue, voice
from tests.shared.update_stage import Release

from pressel.boards.heap import left_out
from pressel.pack import PACKINGS, FirmwareBuild, build_firmware
from pressel.pack.manifest import ROM_FILE
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Press, Speak
from pressel.virtual.stepped import Release as LetGo
from pressel.virtual.stepped.heap import HEAP_BYTES
from ptt.base import clock, events
from ptt.base.numbers import LAST_REPEATS
from ptt.leader import distributor
from ptt.wire import messages

TALK_MS = 1500


class PackedVenue(Venue):
    """`told`: (state, reason, chip) of the update of badge 0."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.told: list[tuple[str, int, bytes]] = []

    def tell(self, event: tuple[int, Any]) -> None:
        if event[0] == events.UPDATE:
            _, _, state, reason = event[1]
            (job,) = self.leader.updates.jobs()
            self.told.append((distributor.STATES[state], reason, job.chip))

    def values(self, index: int, name: str) -> list[Any]:
        return [each["value"] for each in self.events[index] if each.get("event") == name]


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    make_kit(folder).save(folder / "kit.json")
    return folder / "kit.json"


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FirmwareBuild]:
    folder = tmp_path_factory.mktemp("firmware")
    without = left_out("", "stock")  # an image has room for more, which would not be compared
    return {
        name: build_firmware(folder / name, packing=each, without=without)
        for name, each in PACKINGS.items()
    }


def talked(venue: Venue) -> list[dict[str, Any]]:
    """Badge 0 talks; the statistics of both."""
    venue.run(2500)
    venue.todo[0] = [Press(), Speak(venue.now_ms + 50, voice(TALK_MS))]
    venue.run(venue.now_ms + TALK_MS)
    venue.todo[0] = [LetGo()]
    venue.run(venue.now_ms + 1500)
    return [badge.stats() for badge in venue.badges]


def test_each_boots_joins_talks_and_hears(
    kit: Path, firmware: dict[str, FirmwareBuild], tmp_path: Path
) -> None:
    live_bytes: dict[str, int] = {}
    for name, build in firmware.items():
        venue = PackedVenue(2, kit, build.folder, tmp_path / name)
        try:
            stats = talked(venue)
        finally:
            for badge in venue.badges:
                badge.kill()
        assert [len(venue.values(index, "joined")) for index in (0, 1)] == [1, 1], name
        sent, heard = venue.values(0, "sent")[-1][1], venue.values(1, "heard")[-1]
        assert sent > TALK_MS // 60 and heard[2:] == [sent, 0, 0, LAST_REPEATS, 0], name
        assert all(each["resets"] == 0 and each["heap_bytes"] == HEAP_BYTES for each in stats)
        live_bytes[name] = max(each["heap_live_bytes"] for each in stats)
        peak_bytes = max(each["heap_peak_bytes"] for each in stats)
        print(f"{name}: {live_bytes[name]:,} bytes live at most, peak {peak_bytes:,}")
    # Tables of names double when they are full, which hides what an image saves: test_hour knows.
    assert abs(live_bytes["romfs"] - live_bytes["stock"]) < 10_000


@pytest.mark.proof
def test_an_image_is_not_updated_over_the_air(
    kit: Path, firmware: dict[str, FirmwareBuild], tmp_path: Path
) -> None:
    """It says so, whatever its boot.json says, stays what it is and goes on talking."""
    for boot in (None, b"", b'{"slot": "a", "former": "a", "left": -1}'):
        work = tmp_path / f"boot-{boot is None}-{len(boot or b'')}"
        venue = PackedVenue(2, kit, firmware["romfs"].folder, work)
        venue.run(1500)
        if boot is not None:
            venue.badges[0].stop()
            (venue.badges[0].flash / "boot.json").write_bytes(boot)
            venue.badges[0]._restart(venue.now_ms)
            venue.due[0] = venue.now_ms
        try:
            venue.run(3000)
            device = bytes((2, 0, 0, 0, 0, 0, 0, 0))
            offered = Release(7, {"badge.mpy": b"new"})
            now_ms = clock.wrapped(venue.now_ms)
            venue.leader.updates.assign(device, offered, 0, bytes(32), now_ms)
            venue.run(venue.now_ms + 3000)
            assert venue.told[-1] == ("failed", messages.UPDATE_REASON_CHIP, b"romfs"), boot
            talked(venue)
            assert venue.values(1, "heard")
            kept = {path.name for path in venue.badges[0].flash.iterdir()}
            assert not kept & {"a", "b"} and ROM_FILE in kept
        finally:
            for badge in venue.badges:
                badge.kill()


def test_the_listing_says_what_an_image_holds(firmware: dict[str, FirmwareBuild]) -> None:
    build = firmware["romfs"]
    listing = json.loads((build.folder / "manifest.json").read_text())
    assert listing["packing"] == "romfs"
    assert sorted(file.path for file in build.files) == ["boot.json", "main.py", ROM_FILE]
    inside = {file.path for file in build.rom}
    assert {"rom/app/boot.mpy", "rom/ptt/badge/participant.mpy", "rom/hal/radio.mpy"} <= inside
    assert [vars(file) for file in build.rom] == listing["rom"]
    assert json.loads((build.folder / "boot.json").read_text())["slot"] == "/rom"
    assert firmware["stock"].rom == ()
