"""The real firmware on real MicroPython is updated while somebody talks, restarts into the new
release, talks, and keeps it. In virtual time, under a badge's heap."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.host.stepped_venue import Venue, voice

from pressel.firmware import build_firmware
from pressel.firmware.build import ROOT
from pressel.update import keys
from pressel.update.campaign import tag_of
from pressel.update.release import Release, sign_build
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Press, Speak, SteppedBadge
from pressel.virtual.stepped import Release as LetGo
from ptt.update import distributor

KEY = bytes(range(32))
SPOKEN_MS = 1500
HEAP_BYTES = 111_000 + 7_500  # a badge's, and what the shims take of it here
A_DEVICE = bytes.fromhex("0200000000000000")


def sources(folder: Path, release: int) -> Path:
    """The project's sources as release `release`."""
    for name in ("firmware", "shared/ptt"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / "firmware/app/release.py").write_text(f"RELEASE = {release}\n")
    return folder


def make_release(folder: Path, number: int) -> Release:
    root = sources(folder / "tree", number)
    build = build_firmware(
        folder / "build", root=root, manifest=root / "firmware" / "manifest.toml"
    ).folder
    keys.public_key(folder / "key", make=True)
    return sign_build(build, "any", folder / "key", folder / "release.zip")


@pytest.fixture
def venue(tmp_path: Path) -> Any:
    firmware = build_firmware(tmp_path / "firmware").folder
    (firmware / "nvs.json").write_text(json.dumps({"pressel": {"key": KEY.hex()}}))
    make_kit(tmp_path).save(tmp_path / "kit.json")
    heap = mock.patch.dict(SteppedBadge.__init__.__kwdefaults__, heap_bytes=HEAP_BYTES)
    with heap:
        venue = Venue(2, tmp_path / "kit.json", firmware, tmp_path / "badges")
    yield venue
    for badge in venue.badges:
        badge.kill()


def told(venue: Venue, index: int, name: str) -> list[Any]:
    return [each["value"] for each in venue.events[index] if each.get("event") == name]


def talk(venue: Venue, index: int) -> None:
    """One burst, and some silence behind it."""
    now_ms = venue.now_ms
    venue.todo[index] = [Press(), Speak(now_ms + 50.0, voice(SPOKEN_MS))]
    venue.run(now_ms + SPOKEN_MS + 200)
    venue.todo[index] = [LetGo()]
    venue.run(now_ms + SPOKEN_MS + 1800)


def test_a_badge_is_updated_while_another_talks(venue: Venue, tmp_path: Path) -> None:
    (tmp_path / "v2").mkdir()
    release = make_release(tmp_path / "v2", 2)
    venue.run(3000)
    heap_before = venue.badges[0].stats()["heap_live_bytes"]
    updates = venue.leader.updates
    updates.assign(A_DEVICE, release, 0, tag_of(release, KEY, 0), venue.now_ms)
    bursts = 0
    while not told(venue, 0, "update applies"):
        talk(venue, 1)
        bursts += 1
        assert bursts < 40, (updates.jobs()[0].state, updates.jobs()[0].file)
    assert bursts >= 3 and updates.held_back > 0
    heap = venue.badges[0].stats()
    print(f"{len(release.paths)} files, {release.size_bytes} bytes, {bursts} bursts meanwhile")
    print(f"live heap before {heap_before}, after the start of release 2 {heap}")
    heard = told(venue, 0, "heard")
    sent = told(venue, 1, "sent")
    whole = [(each[2], each[3], each[4], each[6]) for each in heard]  # played, lost, late, dropped
    assert len(whole) >= bursts - 1
    assert whole == [(frames, 0, 0, 0) for _, frames, _ in sent[: len(whole)]]

    venue.run(venue.now_ms + 3000)  # it starts anew, with the new release
    assert venue.badges[0].resets == 1
    member = venue.leader.members.by_device(A_DEVICE)
    assert member is not None and member.build == b"0.1.2"
    talk(venue, 0)
    assert told(venue, 0, "sent")[-1][1] > 50
    assert told(venue, 1, "heard")[-1][3:] == [0, 0, 0, 0]

    venue.paused.add(1)  # B has shown what it can
    while not told(venue, 0, "trial passed"):
        venue.run(venue.now_ms + 1000)
        assert venue.now_ms < 300_000
    venue.run(venue.now_ms + 16_000)
    assert [job.state for job in updates.jobs()] == [distributor.DONE]
    venue.badges[0].stop()
    flash = venue.badges[0].flash
    boot = json.loads((flash / "boot.json").read_text())
    assert (boot["slot"], boot["former"], boot["left"]) == ("b", "b", -1)
    assert json.loads((flash / "nvs.json").read_text())["pressel"]["release"] == 2
    files = {
        path.relative_to(flash / "b").as_posix(): path.read_bytes()
        for path in (flash / "b").rglob("*")
        if path.is_file()
    }
    assert files.pop("update.txt") == release.parts[0]
    assert files == dict(zip(release.paths, release.parts[1:], strict=True))
