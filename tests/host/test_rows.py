"""Situations from the field that failed once, by the number that each has in the list of them."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.patience import PATIENCE_S, wait_for

from pressel import cli
from pressel.audio.wav import RATE_HZ, SpeechFileError, read_speech
from pressel.cli import badge as badges
from pressel.cli.status import _members
from pressel.errors import UsageError
from pressel.node.desk.venue import Venue
from pressel.node.leader_state import FloorState, LeaderState, MemberState
from pressel.registry.device import Entitlements
from pressel.registry.store import Registry
from ptt.leader.members import Members
from ptt.link.hmac import Hmac
from ptt.link.link import Link

ROWS = range(1, 51)  # of that list; each has a test that is named by its number
TESTS = Path(__file__).parents[1]

AWAY = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}


def wav(file: Path, sound: bytes, size: int | None = None, kind: int = 1, width: int = 2) -> Path:
    facts = struct.pack("<IHHIIHH", 16, kind, 1, RATE_HZ, RATE_HZ * width, width, width * 8)
    told = len(sound) if size is None else size
    whole = b"WAVEfmt " + facts + b"data" + struct.pack("<I", told) + sound
    file.write_bytes(b"RIFF" + struct.pack("<I", len(whole)) + whole)
    return file


def tone(seconds: float) -> bytes:
    at = np.arange(round(seconds * RATE_HZ))
    return (8_000 * np.sin(at / 5)).astype("<i2").tobytes()


def rows_with_a_test() -> set[int]:
    found: set[int] = set()
    for file in TESTS.rglob("test_*.py"):
        text = file.read_text("utf-8")
        for name in re.findall(r"^def test_rows?_(\d+(?:_and_\d+)*)", text, re.MULTILINE):
            found |= {int(each) for each in name.split("_and_")}
    return found


def test_every_row_has_a_test() -> None:
    assert rows_with_a_test() == set(ROWS)


def test_row_5_any_white_space_in_a_text_becomes_a_blank() -> None:
    sent: list[bytes] = []

    class Leader:
        members = Members(lambda: Link(Hmac(), True))

        def send_text(self, group: int, kind: int, name: bytes, text: bytes, now_ms: int) -> None:
            sent.append(text)

    venue = Venue(Leader, lambda: ("", 0), None, lambda: None, None, None, None, None)  # pyright: ignore[reportArgumentType]
    venue.text({"text": "kitchen\tcloses\n at 10"})
    venue.text({"text": "مطبخ  厨房"})
    assert sent == [b"kitchen closes at 10", "مطبخ 厨房".encode()]
    with pytest.raises(UsageError):
        venue.text({"text": "long" * 500})  # refused, never cut
    with pytest.raises(UsageError):
        venue.text({"text": " \t "})
    assert len(sent) == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_row_7_what_a_terminal_has_no_letter_for_is_replaced(encoding: str, tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        registry.enrol("a1" + 14 * "0", "Zoë 田中", (1,), Entitlements())
    done = subprocess.run(
        [sys.executable, "-m", "pressel", "device", "list", "--state", str(tmp_path)],
        env={**AWAY, "PYTHONIOENCODING": encoding}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0 and b"Traceback" not in done.stderr
    assert (b"Zo? ??" if encoding == "ascii" else "Zoë ??".encode("latin-1")) in done.stdout


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0x7FFFFFDB, 0x80000000, 0xFFFFFFFF])
def test_row_9_sizes_that_programs_leave_when_they_write_to_a_pipe(size, tmp_path: Path) -> None:
    assert len(read_speech(wav(tmp_path / "x.wav", tone(1.0), size))) == RATE_HZ


def test_row_9_a_file_that_is_cut_off_is_still_told(tmp_path: Path) -> None:
    with pytest.raises(SpeechFileError, match="cut off"):
        read_speech(wav(tmp_path / "x.wav", tone(1.0), 40_000))


def test_row_10_one_sample_does_not_turn_the_others_down(tmp_path: Path) -> None:
    sound = (0.3 * np.sin(np.arange(RATE_HZ) / 5)).astype("<f4")
    sound[8_000] = 10_000.0
    with pytest.raises(SpeechFileError, match=r"10000 times full scale at 0\.5 s"):
        read_speech(wav(tmp_path / "x.wav", sound.tobytes(), kind=3, width=4))
    loud = (3.0 * np.sin(np.arange(RATE_HZ) / 5)).astype("<f4")
    heard = read_speech(wav(tmp_path / "y.wav", loud.tobytes(), kind=3, width=4))
    assert np.median(np.abs(heard)) > 10_000


@pytest.mark.parametrize(("seconds", "said_s"), [(75, 59), (59.5, 59), (58, 58)])
def test_row_17_what_is_not_said_of_a_long_file_is_told(seconds, said_s, tmp_path, capsys) -> None:
    speech = badges._speech(wav(tmp_path / "x.wav", tone(seconds)))
    assert len(speech) == said_s * RATE_HZ
    assert ("only the first 59 s" in capsys.readouterr().err) == (seconds > said_s)


@pytest.mark.parametrize("name", ["x.wav", "./x.wav", "link.wav"])
def test_row_20_what_is_said_is_not_recorded_over(name: str, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = wav(tmp_path / "x.wav", tone(1.0))
    (tmp_path / "link.wav").symlink_to(file)
    before = file.read_bytes()
    assert cli.main(["badge", "--wav", "x.wav", "--record", name]) == UsageError.exit_code
    assert "record to another one" in capsys.readouterr().err
    assert file.read_bytes() == before


def test_row_23_reading_makes_nothing_and_says_where_it_looked(tmp_path: Path, capsys) -> None:
    state = tmp_path / "nothing"
    assert cli.main(["device", "list", "--state", str(state)]) == 0
    assert str(state) in capsys.readouterr().err
    assert cli.main(["registry", "backup", str(tmp_path / "x"), "--state", str(state)]) != 0
    assert cli.main(["device", "invite", "--state", str(state)]) == 0
    assert "gets a new registry" in capsys.readouterr().err  # it makes one, and says so


def test_row_28_no_advice_would_overwrite_what_was_named(tmp_path: Path, capsys) -> None:
    file = tmp_path / "README.md"
    file.write_text("# No log\n")
    assert cli.main(["timeline", str(file)]) == UsageError.exit_code
    assert ">" not in capsys.readouterr().err


def test_row_43_of_two_of_one_name_one_talks() -> None:
    def member(node: int) -> MemberState:
        facts = {"device": f"{node:016x}", "address": "a:1", "build": "", "group": 1}
        rest = {"silent_ms": 0, "table_advice": None, "settings_version": 1}
        has = {"features": ["secret_texts"]}
        return MemberState.model_validate({"node": node, "name": "Ann", **facts, **rest, **has})

    floor = FloorState(group=1, state="held", talker="Ann", node=2, lease=1, queue=[])
    state = LeaderState(
        term=1, address="a:1", uptime_s=1.0, members=[member(1), member(2)], floors=[floor],
        voice_in=0, voice_out=0, refused={},
    )  # fmt: skip
    notes = list(_members(state).columns[-1].cells)
    assert notes == ["", "talks"]


def test_row_50_one_empty_log_does_not_hide_the_others(tmp_path: Path, capsys) -> None:
    empty, full = tmp_path / "empty.log", tmp_path / "full.log"
    empty.touch()
    facts = {"term": 1, "convergence_ms": 5, "at": 1.0}
    full.write_text(json.dumps({"event": "became_leader", **facts}) + "\n")
    assert cli.main(["timeline", str(empty), str(full)]) == 0
    out, err = capsys.readouterr()
    assert "LEADS" in out and f"{empty} holds no events" in err
    assert cli.main(["timeline", str(empty)]) == UsageError.exit_code


@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&- <&-"])
def test_rows_41_and_42_a_host_without_streams_serves_and_resigns(
    closed, tmp_path: Path, home: Path
) -> None:
    state = tmp_path / "state"
    log = tmp_path / "log"
    words = f"leader --listen 127.0.0.1:0 --state '{state}' --log-file '{log}' {closed}"
    command = ["sh", "-c", f"exec '{sys.executable}' -P -m pressel {words}"]
    with subprocess.Popen(command, env={**AWAY, "HOME": str(home)}) as host:
        try:
            wait_for(
                lambda: host.poll() is not None or (log.exists() and "LEADS" in log.read_text()),
                "a host that leads",
            )
            assert host.poll() is None
            host.send_signal(signal.SIGHUP)
            assert host.wait(PATIENCE_S) == 0
        finally:
            host.kill()
    assert "no longer leads" in log.read_text()
