"""One burst across machines: its steps in order, and whose each delay was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from pressel.cli.trace import BurstNumber
from pressel.errors import UsageError
from pressel.node.burst_state import BurstState, HearingState
from pressel.trace.logs import lines_about, passed_ms
from pressel.trace.story import story


def burst(**changed: Any) -> BurstState:
    hearings = [
        HearingState(name="Ben", device="02", played=100, concealed=0, late=0),
        HearingState(name="Emil", device="05", played=90, concealed=10, late=2),
    ]
    facts: dict[str, Any] = {
        "place": 1, "burst": 7, "term": 3, "group": 1, "talker": "Ann", "device": "01",
        "at": 1000.0, "waited_ms": 1500, "lasted_ms": 2000, "cause": "released", "listeners": 3,
        "heard": 2, "whole": 1, "hearings": hearings,
    }  # fmt: skip
    return BurstState(**{**facts, **changed})


def log(file: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    file.write_text("\n".join(texts) + "\n")
    return file


def test_what_the_leader_keeps_is_told_in_order_with_the_owners_of_delay() -> None:
    steps = story(7, burst(), [])
    assert [step.at_s for step in steps] == [998.5, 1000.0, 1002.0, 1002.0, 1002.0, 1002.0]
    assert (steps[1].took_ms, steps[1].owner) == (1500, "the queue: others talked")
    assert steps[2].words == "Ann is done: released"
    assert steps[4].owner == "10 frames lost on the way"
    assert steps[5].words == "1 listener did not say what was heard"


def test_a_free_floor_has_no_wait() -> None:
    assert story(7, burst(waited_ms=0), [])[0].owner == ""


def test_a_burst_says_what_it_was_in_and_for_how_many_it_was_coded_anew() -> None:
    steps = story(7, burst(codec="Opus", coded_anew=2), [])
    assert steps[2].words == "Ann is done: released; it was in Opus"
    assert steps[3].words == "coded anew for 2 listeners without Opus"


def test_late_frames_are_called_late() -> None:
    late = HearingState(name="Ben", device="02", played=95, concealed=5, late=4)
    assert story(7, burst(hearings=[late], listeners=1), [])[-1].owner == "5 frames late"


def test_logs_of_hosts_and_badges_join_it(tmp_path: Path) -> None:
    host = log(
        tmp_path / "kitchen.log",
        {"event": "floor_granted", "talker": "Ann", "lease": 6, "at": 990.0},
        {"event": "floor_granted", "talker": "Ann", "lease": 7, "at": 1000.1},
        "not JSON",
        {"event": "receipt", "lease": 7, "listeners": 3, "heard": 2, "whole": 1, "at": 1003.6},
    )
    badge = log(
        tmp_path / "ann.log",
        {"ms": 5, "event": "pending", "value": 1},
        {"ms": 9, "event": "granted", "value": 6},
        {"ms": (1 << 30) - 100, "event": "pending", "value": 2},
        {"ms": 1450, "event": "granted", "value": 7},
        {"ms": 3460, "event": "sent", "value": [7, 100, 0]},
        {"ms": 3470, "event": "stranger things", "value": None},
    )
    steps = story(7, burst(), lines_about(7, [host, badge]))
    at = [step.at_s for step in steps if step.at_s is not None]
    assert at == sorted(at)
    assert [step.words for step in steps if step.source == "kitchen"] == [
        "Ann talks, lease 7", "heard by 2 of 3, 1 of them without a gap",
    ]  # fmt: skip
    own = [step for step in steps if step.source == "ann"]
    assert [(step.words, step.took_ms) for step in own] == [
        ("asking to talk", None), ("talk now", 1550), ("sent 100 frames", 2010),
    ]  # fmt: skip
    assert own[1].owner.startswith("the queue 1500 ms, the rest is the way")


# What two virtual badges printed, with what a serial port holds besides: the end of a line that
# began before somebody listened, the boot of the chip, and a byte that the wire has spoilt.
ANN = b"""vent": "idle", "value": 5}
ESP-ROM:esp32s3-20210327
rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)
\xff\x00
{"ms": 75775533, "event": "press", "value": null}
{"ms": 75775533, "event": "pending", "value": 1}
{"ms": 75775537, "event": "granted", "value": 1}
{"ms": 75775941, "event": "wifi", "value": 1}
{"ms": 75777537, "event": "release", "value": null}
{"ms": 75777551, "event": "sent", "value": [1, 102, 0]}
{"ms": 75777557, "event": "released", "value": 1}
{"ms": 75777605, "event": "receipt", "value": [1, 1, 1, 1]}
{"ms": 75777"""
BEN = b"""{"ms": 75775538, "event": "taken", "value": [2, 1]}
{"ms": 75775591, "event": "hearing", "value": [2, 1]}
{"ms": 75777562, "event": "idle", "value": 1}
{"ms": 75777602, "event": "heard", "value": [2, 1, 102, 0, 0, 2, 0]}
"""


def test_what_a_serial_port_printed_is_read(tmp_path: Path) -> None:
    files = [tmp_path / "Ann.log", tmp_path / "Ben.log"]
    for file, told in zip(files, (ANN, BEN), strict=True):
        file.write_bytes(told.replace(b"\n", b"\r\n"))
    steps = [
        (step.source, step.words, step.took_ms) for step in story(1, None, lines_about(1, files))
    ]
    assert steps == [
        ("Ann", "asking to talk", None), ("Ann", "talk now", 4), ("Ann", "sent 102 frames", 2014),
        ("Ann", "done", 6), ("Ann", "heard by 1 of 1, 1 of them without a gap", 48),
        ("Ben", "2 talks", None), ("Ben", "hearing 2", 53), ("Ben", "nobody talks", 1971),
        ("Ben", "heard 2: 102 frames, 0 concealed, 0 late", 40),
    ]  # fmt: skip


def test_from_logs_alone(tmp_path: Path) -> None:
    lines = lines_about(7, [log(tmp_path / "h.log", {"event": "idle", "lease": 7, "at": 1.0})])
    assert len(story(7, None, lines)) == 1
    with pytest.raises(UsageError, match="nobody knows burst 8"):
        story(8, None, lines_about(8, [tmp_path / "h.log"]))
    with pytest.raises(UsageError, match="cannot read"):
        lines_about(7, [tmp_path / "missing.log"])


def test_a_badges_clock_begins_again() -> None:
    assert passed_ms((1 << 30) - 1, 1) == 2


def test_a_recording_s_name_ends_in_it() -> None:
    kind = BurstNumber()
    assert kind.convert("41-1207", None, None) == kind.convert("1207", None, None) == 1207
    for word in ("-5", "41-", "x-1", "1-2-3", "41-0", "\u0664-1x", "1207-"):
        with pytest.raises(click.BadParameter):
            kind.convert(word, None, None)
