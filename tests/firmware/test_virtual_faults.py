"""The real firmware with hardware that fails, in virtual time: late, starving, bouncing, empty.

A leader and two stepped badges; A talks, B hears. What is planted is told beside what a badge
counts, so that a fault that is not noticed fails here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.releases import build_release
from tests.host.stepped_venue import Venue, voice

from pressel.boards.board import load_board
from pressel.pack import build_firmware
from pressel.tracebacks import Tracebacks
from pressel.virtual import BadgeCrashed
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Fault, Kit, Pin, Press, Release, Speak, SteppedBadge
from pressel.virtual.stepped.heap import HEAP_BYTES
from pressel.virtual.stock import LEFT_OUT

BUTTON = 9  # of the venue's board, pressed when low
FRAME_MS = 20
S3_HEAP_BYTES = 140_000  # it has 192 KB more RAM than an ESP32, of which this is a small part
CONFIG = {"device": "0200000000000001", "name": "A", "wifi": {"ssid": "x", "password": ""}}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    build_firmware(folder / "firmware", without=LEFT_OUT)
    make_kit(folder).save(folder / "kit.json")
    return folder


@pytest.fixture
def venue(made: Path, tmp_path: Path) -> Any:
    venue = Venue(2, made / "kit.json", made / "firmware", tmp_path)
    yield venue
    for badge in venue.badges:
        badge.kill()


def values(venue: Venue, index: int, name: str) -> list[Any]:
    return [each["value"] for each in venue.events[index] if each.get("event") == name]


def talk(venue: Venue, index: int, fault: Fault) -> tuple[int, list[int]]:
    """A talks for a second; `fault` strikes badge `index` in the middle. Frames sent, and of B:
    played, concealed, late, duplicate, dropped."""
    venue.run(2000)
    venue.todo[0] = [Press(), Speak(2050.0, voice(1000))]
    venue.run(2500)
    venue.todo[index].append(fault)
    venue.run(3100)
    venue.todo[0] = [Release()]
    venue.run(4500)
    (sent,) = values(venue, 0, "sent")
    (heard,) = values(venue, 1, "heard")
    return sent[1], heard[2:]


def faults(venue: Venue, index: int) -> dict[str, int]:
    return venue.badges[index].stats()["faults"]


def test_a_microphone_that_is_late_loses_nothing_while_its_buffer_lasts(venue: Venue) -> None:
    sent, heard = talk(venue, 0, Fault("late_microphone", {"ms": 30}))
    assert faults(venue, 0)["reads_refused"] > 3
    assert venue.badges[0].stats()["i2s"][0]["lost_samples"] == 0
    assert abs(sent - 1100 / FRAME_MS) <= 4
    assert heard[0] + heard[1] == sent


def test_a_microphone_that_is_very_late_loses_what_the_buffer_cannot_hold(venue: Venue) -> None:
    sent, _ = talk(venue, 0, Fault("late_microphone", {"ms": 300}))
    lost = venue.badges[0].stats()["i2s"][0]["lost_samples"]
    assert 16 * 200 < lost < 16 * 300
    assert abs(sent * FRAME_MS + lost / 16 - 1100) <= 4 * FRAME_MS
    assert values(venue, 0, "released")  # and the burst ends as ever


def test_a_speaker_that_starves_does_not_hold_the_burst_up(venue: Venue) -> None:
    sent, heard = talk(venue, 1, Fault("deaf_speaker", {"ms": 200}))
    assert 200 / FRAME_MS - 2 <= faults(venue, 1)["writes_refused"] <= 200 / FRAME_MS + 2
    assert heard[:3] == [sent, 0, 0]
    played_ms = sum(len(sound.pcm) for sound in venue.pcm[1]) / 32
    assert played_ms < sent * FRAME_MS - 100


def test_a_radio_without_memory_loses_packets_and_counts_them(venue: Venue) -> None:
    sent, heard = talk(venue, 0, Fault("no_memory", {"sends": 5}))
    assert faults(venue, 0)["sends_refused"] == 5
    assert 3 <= heard[1] <= 6  # concealed at the listener
    assert heard[0] + heard[1] == sent


def test_a_button_that_bounces_is_one_press(venue: Venue) -> None:
    bounce = {"pin": BUTTON, "edges": 7, "ms": 12}
    venue.run(2000)
    venue.todo[0] = [Fault("bounce", {**bounce, "level": 0})]
    venue.run(2600)
    venue.todo[0] = [Fault("bounce", {**bounce, "level": 1})]
    venue.run(4000)
    for name in ("press", "granted", "release", "released"):
        assert len(values(venue, 0, name)) == 1, name


def test_a_fault_that_does_not_exist_is_no_silence(venue: Venue) -> None:
    venue.todo[0] = [Fault("gremlin", {})]
    with pytest.raises(Exception, match="gremlin"):
        venue.run(1100)


# --- one badge alone ---


def boot(made: Path, work: Path, board: str = "esp32-devkit") -> SteppedBadge:
    kit = Kit.load(made / "kit.json")
    facts = load_board(board).facts()
    firmware = made / "firmware"
    heap_bytes = S3_HEAP_BYTES if board.startswith("esp32s3") else HEAP_BYTES
    return SteppedBadge(
        firmware, facts, CONFIG, "02", 1, 1000, work / "badge", kit=kit, heap_bytes=heap_bytes
    )


def run(badge: SteppedBadge, duration_ms: int, *commands: Any) -> list[Any]:
    """Steps every 5 ms from where it is; `commands` come first. What it told."""
    events: list[Any] = []
    until_ms = badge.now_ms + duration_ms
    while badge.now_ms < until_ms:
        stepped = badge.step(badge.now_ms + 5, (), commands)
        commands = ()
        events += stepped.events
    return [(each["event"], each["value"]) for each in events if "event" in each]


def test_a_low_battery_is_told_and_a_press_still_counts(made: Path, tmp_path: Path) -> None:
    badge = boot(made, tmp_path, "esp32s3-devkit")
    try:
        assert not [event for event, _ in run(badge, 1000) if event == "battery"]
        told = run(badge, 60_000, Pin(1, 200))  # 200 mV at the pin
        levels = [value[0] for event, value in told if event == "battery"]
        assert levels == [2]  # it fell so fast that low was passed
        pressed = [event for event, _ in run(badge, 100, Pin(7, 0))]
        assert pressed == ["press", "denied"]  # there is no leader: not the battery's doing
    finally:
        badge.kill()


@pytest.mark.parametrize(
    "board", ["esp32-devkit", "esp32c3-devkit", "esp32s3-devkit", "m5stack-atom-echo"]
)
def test_every_kind_of_board_fits_the_heap(made: Path, tmp_path: Path, board: str) -> None:
    badge = boot(made, tmp_path, board)
    try:
        assert ("boot", "A") in run(badge, 2000)
        stats = badge.stats()
        assert stats["heap_peak_bytes"] < stats["heap_bytes"] - 4000
    finally:
        badge.kill()


def test_numbers_in_nvs_outlive_a_power_cut(made: Path, tmp_path: Path) -> None:
    badge = boot(made, tmp_path)
    try:
        run(badge, 100)
        badge.reset(badge.now_ms)
        run(badge, 100)
        badge.stop()
        kept = json.loads((tmp_path / "badge/flash/nvs.json").read_text())
        assert kept == {"pressel": {"starts": 2}}
    finally:
        badge.kill()


def broken(made: Path, tmp_path: Path, after_ms: int) -> SteppedBadge:
    """A badge that keeps itself alive, with a module that raises some time after each start."""
    firmware = build_release(tmp_path / "broken", tmp_path, 1, after_ms, LEFT_OUT).folder
    (firmware / "guarded").touch()
    kit = Kit.load(made / "kit.json")
    facts = load_board("esp32-devkit").facts()
    return SteppedBadge(
        firmware, facts, CONFIG, "020000000001", 1, 1000, tmp_path / "badge", kit=kit
    )


def test_a_crash_is_told_after_the_restart_and_the_ring_stays_small(
    made: Path, tmp_path: Path
) -> None:
    badge = broken(made, tmp_path, 200)
    try:
        told = run(badge, 3000)
        assert badge.resets >= 5
        crashes = [value for event, value in told if event == "crash"]
        before = [value for event, value in told if event == "crashed before"]
        assert all("ValueError: planted" in text for text in crashes)
        assert "app/extras/health.py" in Tracebacks.beside(tmp_path / "broken").translate(
            crashes[0]
        )
        assert before[0][1] == crashes[0]
        assert ("restart", [2, 2]) in told
        badge.stop()
        ring = json.loads((tmp_path / "badge/flash/crashes.json").read_text())["ring"]
        assert len(ring) == 4
    finally:
        badge.kill()


def test_a_leader_by_name_crashes_a_virtual_badge_as_it_would_a_real_one(
    made: Path, tmp_path: Path
) -> None:
    """A badge's sockets look up no names; flashing refuses one, and no stand-in may hide it."""
    kit = Kit.load(made / "kit.json")
    facts = load_board("esp32-devkit").facts()
    config = {**CONFIG, "leader": "leader.local"}
    badge = SteppedBadge(
        made / "firmware", facts, config, "020000000001", 1, 1000, tmp_path / "badge", kit=kit
    )
    try:
        with pytest.raises(BadgeCrashed, match="is no IPv4 address"):
            run(badge, 3000)
    finally:
        badge.kill()
