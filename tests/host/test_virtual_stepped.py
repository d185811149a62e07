"""The stepped badge: the same every time, and as troubled as a badge of hardware."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from tests.host.stepped_venue import BOARD, voice
from tests.patience import PATIENCE_S
from tests.shared.keys import device_key, opened_with

from pressel.pack import build_firmware
from pressel.virtual import BadgeCrashed
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Kit, Pin, Speak, SteppedBadge
from pressel.virtual.stock import LEFT_OUT
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES, LAST_REPEATS
from ptt.media import adpcm
from ptt.wire import voice as voice_layout

PROGRAM = Path(__file__).with_name("stepped_venue.py")
CONFIG: dict[str, Any] = {
    "device": "0200000000000000",
    "name": "A",
    "wifi": {"ssid": "x", "password": "y"},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stepped")
    build_firmware(folder / "firmware", without=LEFT_OUT)
    make_kit(folder).save(folder / "kit.json")
    return folder


def badge(made: Path, work: Path, seed: int = 7, **options: Any) -> SteppedBadge:
    work.mkdir(exist_ok=True)
    kit = Kit.load(made / "kit.json")
    device = "020000000001"
    key = device_key(bytes.fromhex(CONFIG["device"]))
    return SteppedBadge(
        made / "firmware", BOARD, CONFIG, device, seed, 1000, work, kit=kit, key=key, **options
    )


def play(made: Path, scene: str, work: Path, hash_seed: str, python: str = sys.executable) -> Any:
    command = [python, PROGRAM, scene, made / "kit.json", made / "firmware", work]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def values(events: list[Any], name: str) -> list[Any]:
    return [event["value"] for event in events if event.get("event") == name]


def said(packets: list[Any]) -> bytes:
    """The samples of a burst, of its packets with the keys they were sealed with."""
    frames: dict[int, bytes] = {}
    for packet, epoch, key in packets:
        data = opened_with(bytes.fromhex(packet), epoch, bytes.fromhex(key))
        for index in range(voice_layout.count(data)):
            pcm = array("h", bytes(FRAME_SAMPLES * 2))
            adpcm.decode(data, voice_layout.FRAMES_AT + index * ADPCM_FRAME_BYTES, pcm)
            frames[voice_layout.first(data) + index] = pcm.tobytes()
    return b"".join(frames[number] for number in sorted(frames))


def samples(pcm: str) -> NDArray[np.float64]:
    return np.frombuffer(bytes.fromhex(pcm), "<i2").astype(float)


def test_a_talk_is_heard_and_the_same_again(made: Path, tmp_path: Path) -> None:
    first = play(made, "talk", tmp_path / "1", "1")
    assert play(made, "talk", tmp_path / "2", "2") == first
    (told,) = values(first["events"][0], "sent")
    (heard,) = values(first["events"][1], "heard")
    # All played, none concealed, late or dropped; the last packet comes thrice.
    assert heard[2:] == [told[1], 0, 0, LAST_REPEATS, 0]
    played = samples("".join(pcm for _, pcm in first["sounds"][1]))
    sent = samples(said(first["packets"]).hex())
    assert len(sent) > 16 * 800
    assert np.array_equal(np.trim_zeros(played), np.trim_zeros(sent))  # bit by bit
    spoken = samples(voice(800).hex())
    start = int(np.argmax(np.correlate(sent, spoken)))
    error = sent[start : start + len(spoken)] - spoken
    assert np.mean(error**2) < np.mean(spoken**2) / 100  # 20 dB: the coder's noise
    assert first["sounds"][0] == []  # nobody hears itself


def test_trouble_is_the_same_again(made: Path, tmp_path: Path) -> None:
    first = play(made, "trouble", tmp_path / "1", "1")
    assert play(made, "trouble", tmp_path / "2", "2") == first
    stats = first["stats"]
    assert stats["failing"]["send_failed"] == 2
    assert first["dropped"][1] == stats["paused"]["mailbox_dropped"] > 10
    assert stats["paused"]["i2s"][0]["lost_samples"] > 16 * 700  # of 800 ms the ring keeps 64
    assert len(values(first["events"][1], "boot")) == 2
    assert len(values(first["events"][1], "joined")) == 2


@pytest.mark.skipif(shutil.which("pypy3") is None, reason="Debian package pypy3 is not installed")
def test_pypy_sees_the_same(made: Path, tmp_path: Path) -> None:
    first = play(made, "talk", tmp_path / "1", "0")
    assert play(made, "talk", tmp_path / "2", "0", "pypy3") == first


def test_another_seed_gives_other_numbers(made: Path, tmp_path: Path) -> None:
    hellos = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        one = badge(made, tmp_path / name, seed)
        hellos.append(one.step(1000).datagrams)
        one.stop()
    assert hellos[0] == hellos[1] != hellos[2]


def test_a_power_cut_keeps_the_flash_and_gives_new_numbers(made: Path, tmp_path: Path) -> None:
    one = badge(made, tmp_path / "a")
    before = one.step(1000)
    (one.flash / "kept.json").write_text("{}")  # the running badge does not see it: it is removed
    one.reset(1500)
    after = one.step(1500)
    assert [event["event"] for event in after.events] == ["boot"]
    assert after.datagrams != before.datagrams
    assert one.stats()["resets"] == 1
    one.stop()
    assert not (one.flash / "kept.json").exists()


def test_time_does_not_go_back(made: Path, tmp_path: Path) -> None:
    one = badge(made, tmp_path / "a")
    one.step(1100)
    with pytest.raises(ValueError, match="cannot go to 1099"):
        one.step(1099)
    with pytest.raises(ValueError, match="has heard"):
        one.step(1200, commands=[Speak(1099.0, voice(20))])
    one.stop()


def test_a_badge_does_what_its_pins_say(made: Path, tmp_path: Path) -> None:
    one = badge(made, tmp_path / "a")
    one.step(1000)
    told = one.step(1005, commands=[Pin(9, 0)]).events
    assert "press" in [event["event"] for event in told]
    one.stop()


def test_a_firmware_that_raises_is_told(made: Path, tmp_path: Path) -> None:
    work = tmp_path / "a"
    work.mkdir()
    kit = Kit.load(made / "kit.json")
    one = SteppedBadge(made / "firmware", {}, CONFIG, "02", 1, 0, work, kit=kit)
    with pytest.raises(BadgeCrashed, match="KeyError: button"):
        one.step(0)
    with pytest.raises(ProcessLookupError):
        os.kill(one.pid, 0)


def test_importing_it_takes_neither_numpy_nor_asyncio() -> None:
    program = (
        "import pressel.virtual.stepped, sys; "
        "print([name for name in ('numpy', 'asyncio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_no_child_outlives_its_parent(made: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    program = (
        "import sys, time; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from tests.host.test_virtual_stepped import badge; "
        "one = badge(Path(sys.argv[2]), Path(sys.argv[3])); one.step(1000); "
        "print(one.pid, flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-c", program, root, made, tmp_path / "a"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs([child], timeout=PATIENCE_S)
    for process in alive:
        process.kill()
    assert not alive
