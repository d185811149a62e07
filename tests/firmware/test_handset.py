"""The handset of each board on fake peripherals: what is loaded, and what a person notices."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.handset_stage import (
    Build,
    build,
    hold,
    log,
    run,
    tone_of,
)
from tests.firmware.hardware import (
    I2C,
    I2S,
    NVS,
    Adc,
    FrameBuffer,
    Machine,
    Pin,
    Rtc,
    Wlan,
)

from pressel.boards.board import board_ids, load_board
from pressel.schema.messages import message_table
from ptt.badge import indications
from ptt.badge.join import JOINED
from ptt.base import events
from ptt.wire import codec, messages

__all__ = ["build"]


@pytest.mark.parametrize("board", board_ids())
def test_every_board_boots_and_steps(board: str, build: Build) -> None:
    handset = build(board)
    run(handset, 1000, 3000)
    facts = load_board(board).facts()
    names = {type(extra).__name__ for extra in handset.extras}
    assert ("Charge" in names) == ("battery" in facts)
    assert ("SideButton" in names) == ("side_button" in facts)
    assert ("Screen" in names) == ("display" in facts)
    assert ("NameTag" in names) == ("epaper" in facts)
    assert (handset.port is not None) == (
        facts.get("shares_port", False) and facts["microphone"].get("kind") != "pdm"
    )


def test_what_a_board_lacks_is_not_loaded(build: Build) -> None:
    import sys

    handset = build("esp32-devkit")
    run(handset, 1000, 1100)
    for name in ("battery", "display", "epaper", "codec", "rgb", "vibration", "port"):
        assert f"hal.{name}" not in sys.modules
    assert "app.boot" not in sys.modules  # it has done its work


def test_a_press_without_a_leader_sounds_denied(build: Build) -> None:
    handset = build()
    run(handset, 1000, 1100)
    Pin.levels[0] = 0
    handset.step(1100)
    assert tone_of(handset) == indications.TONE_DENY
    run(handset, 1105, 2000)
    assert tone_of(handset) is None
    assert any(I2S.made[1].taken)


def test_the_side_button_talks_in_an_emergency_until_it_is_let_go(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    handset = build("esp32s3-devkit")
    done: list[tuple[str, int, int]] = []
    participant = handset.participant
    monkeypatch.setattr(
        participant, "press", lambda now_ms, lane: done.append(("press", now_ms, lane))
    )
    monkeypatch.setattr(participant, "release", lambda now_ms: done.append(("release", now_ms, 0)))
    hold(handset, 8, 1000, 4000)
    run(handset, 4000, 4100)
    (press, pressed_ms, lane), (release, released_ms, _) = done
    assert (press, lane, release) == ("press", messages.LANE_EMERGENCY, "release")
    assert 2500 <= pressed_ms <= 2530  # it looks so often
    assert 4000 <= released_ms <= 4030


def test_two_clicks_turn_the_talk_button_to_the_next_group(build: Build) -> None:
    handset = build("esp32s3-devkit")
    scan = handset.participant.scan
    scan.set_groups(bytes((3, 5, 0, 0, 0, 0, 0, 0)), 3)
    heard = []
    for start_ms in (1000, 3000):
        hold(handset, 8, start_ms, start_ms + 100)
        run(handset, start_ms + 100, start_ms + 200)
        hold(handset, 8, start_ms + 200, start_ms + 250)
        heard.append((scan.selected, tone_of(handset)))
        run(handset, start_ms + 250, start_ms + 2000)
    assert heard == [(5, indications.TONE_GROUP), (3, indications.TONE_HOME_GROUP)]


def test_a_badge_in_one_group_has_no_other_to_turn_to(build: Build) -> None:
    handset = build("esp32s3-devkit")
    handset.participant.scan.set_groups(bytes(8), 1)
    hold(handset, 8, 1000, 1100)
    run(handset, 1100, 1200)
    hold(handset, 8, 1200, 1300)
    assert tone_of(handset) == indications.TONE_NOT_AVAILABLE


def test_a_low_battery_warns_and_does_not_refuse_to_talk(
    build: Build, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Adc, "pin_mv", 1600)  # 3200 of the cell: empty
    handset = build("esp32s3-devkit")
    pressed: list[int] = []
    monkeypatch.setattr(handset.participant, "press", lambda now_ms, _: pressed.append(now_ms))
    warned = 0
    was_playing = False
    for now_ms in range(1000, 95_000, 5):
        handset.step(now_ms)
        is_playing = tone_of(handset) == indications.TONE_LOW_BATTERY
        warned += is_playing and not was_playing
        was_playing = is_playing
    assert warned == 4  # at once and every half minute
    assert ("battery", [2, 3200, 0]) in log(capsys)
    Pin.levels[7] = 0
    handset.step(95_000)
    assert pressed == [95_000]


def test_the_display_says_what_the_light_says(build: Build) -> None:
    handset = build("esp32s3-devkit")
    run(handset, 1000, 1300)
    words = indications.SITUATIONS[indications.SEARCHING][3]
    assert [drawn[0] for drawn in FrameBuffer.drawn] == [words]
    assert len([data for _, data in I2C.written if data[0] == 0x40]) == 8


LOOK = 4  # of app.extras.gestures


def test_one_click_shows_how_the_badge_fares_while_nobody_talks(build: Build) -> None:
    handset = build("esp32s3-devkit")
    (screen,) = [each for each in handset.extras if type(each).__name__ == "Screen"]
    own = handset.participant
    own.join.state, own.join.term, own.join.node = JOINED, 60_347_776, 12
    own.membership.round_trip_ms = 8
    own.membership.standbys.append(("10.0.0.2", 1))
    screen.on_event(handset, (events.HEARD, (1, 7, 90, 10, 2)), 1000)
    screen.on_event(handset, (events.QUEUED, 2), 1000)
    FrameBuffer.drawn.clear()
    (side,) = [each for each in handset.extras if type(each).__name__ == "SideButton"]
    side._gestures.poll = lambda change, now_ms: LOOK
    side.step(handset, 1000)
    screen.step(handset, 1030)
    words = [drawn[0] for drawn in FrameBuffer.drawn]
    assert words[:6] == [
        "term 60347776", "badge 12 of it", "hosts 2", "trip 8 ms", "lost 10 of 100", "queue 2",
    ]  # fmt: skip
    assert all(len(each) <= 16 for each in words) and len(words) <= 8
    drawn_ms = [(x, y) for _, x, y in FrameBuffer.drawn]
    assert all(x >= 0 and 0 <= y <= 56 for x, y in drawn_ms)
    own.membership.round_trip_ms = 9
    screen.step(handset, 1060)
    assert [drawn[0] for drawn in FrameBuffer.drawn] == words  # it is renewed once a second
    own.floor.talker = 5
    screen.step(handset, 1090)
    situation = [indications.SITUATIONS[handset.situation][3]]
    assert [drawn[0] for drawn in FrameBuffer.drawn] == situation
    own.floor.talker = 0
    screen.step(handset, 1120)
    assert [drawn[0] for drawn in FrameBuffer.drawn] == situation  # it has to be asked for again
    screen.look(2000)
    screen.step(handset, 2030)
    assert len(FrameBuffer.drawn) == len(words)
    screen.step(handset, 12_000)
    assert [drawn[0] for drawn in FrameBuffer.drawn] == situation  # ten seconds are over


def test_an_e_paper_badge_shows_name_group_and_situation(build: Build) -> None:
    handset = build("waveshare-epaper-154")
    (tag,) = [each for each in handset.extras if type(each).__name__ == "NameTag"]
    run(handset, 1000, 1500)
    words = indications.SITUATIONS[indications.SEARCHING][3]
    assert tag._paper._words == ("Ann", "", "", words)
    handset.situation = indications.READY
    tag.step(handset, 2000)
    assert tag._paper._wanted[2:] == ("group 0", "ready")


def test_one_click_shows_on_e_paper_how_the_badge_fares(build: Build) -> None:
    """And then its name again."""
    handset = build("waveshare-epaper-154")
    (tag,) = [each for each in handset.extras if type(each).__name__ == "NameTag"]
    own = handset.participant
    own.join.state, own.join.term, own.join.node = JOINED, 60_347_776, 12
    handset.situation = indications.READY
    tag.step(handset, 1000)
    named = tag._paper._wanted
    assert named[0] == "Ann"
    (side,) = [each for each in handset.extras if type(each).__name__ == "SideButton"]
    side._gestures.poll = lambda change, now_ms: LOOK
    side.step(handset, 2000)
    tag.on_event(handset, (events.HEARD, (1, 7, 90, 10, 2)), 2010)
    tag.step(handset, 2030)
    shown = tag._paper._wanted
    assert shown == (
        "term 60347776", "badge 12 of it, hosts 1", "trip ?, delay 60 ms",
        "lost 10 of 100, queue 0",
    )  # fmt: skip
    assert all(len(each) <= 25 for each in shown)
    own.membership.round_trip_ms = 9
    tag.step(handset, 4000)
    assert tag._paper._wanted == shown  # one picture: each wears the paper
    tag.step(handset, 12_000)
    assert tag._paper._wanted == named
    own.join.state = 0
    tag.look(20_000)
    tag.step(handset, 20_030)
    assert tag._paper._wanted == ("no leader",)


def test_health_is_told_once_a_minute(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    handset = build()
    run(handset, 1000, 190_000)
    assert [event for event, _ in log(capsys)].count("health") == 3


def test_a_badge_reports_how_it_fares(build: Build) -> None:
    handset = build("esp32-devkit")
    sent: list[tuple[Any, ...]] = []
    handset.participant.send = lambda kind, values, *_: sent.append((kind, values))
    (row,) = [each for each in message_table().message if each.name == "BADGE_REPORT"]

    def report() -> dict[str, int]:
        (values,) = [values for kind, values in sent if kind == row.number]
        sent.clear()
        codec.encode(bytearray(100), 0, row.number, values)  # within the table's limits
        return {field.name: value for field, value in zip(row.fields, values, strict=True)}

    wlan = Wlan.made[-1]
    run(handset, 1000, 11_100)
    told = report()
    unknown = {"signal": 128, "access_point": 0, "channel": 0, "battery": 255, "heap": 0xFFFF}
    assert told.items() >= (unknown | {"starts": 1, "restart": 1}).items()
    assert told.items() >= {"delay": 60, "round_trip": 0xFFFF, "unanswered": 0}.items()
    wlan.is_near = True
    wlan.rssi_dbm = 3  # next to the aerial
    handset.participant.membership.round_trip_ms = 0x20000
    handset.participant.membership.unanswered = 0x10002
    handset.battery = SimpleNamespace(percent=80)
    handset.wifi.move_to(b"\2\0\0\0\xa1\xb2", 11_100)
    run(handset, 11_100, 15_000)
    run(handset, 16_500, 21_200)  # 1.5 s went somewhere
    joins, told = told["joins"], report()
    assert told["joins"] == joins + 1
    known = {"signal": 0, "access_point": 0xA1B2, "channel": 11, "battery": 80}
    assert told.items() >= (known | {"round_trip": 0xFFFF, "unanswered": 2}).items()
    assert 1500 <= told["stall"] < 1600
    run(handset, 21_200, 71_200)  # its heap was tidied and weighed meanwhile
    reports = [values for kind, values in sent if kind == row.number]
    assert reports[-1][6] < 0xFFFF
    assert reports[-1][7] < 100, "a stall is told once"


def test_a_weak_signal_makes_it_move_between_bursts(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    handset = build()
    wlan = Wlan.made[-1]
    wlan.is_near = True
    wlan.rssi_dbm = -80
    wlan.points = [(b"x", b"other", -60)]
    handset.participant.floor.talker = 7  # somebody talks
    run(handset, 1000, 20_000)
    assert not any(event == "roam" for event, _ in log(capsys))
    handset.participant.floor.talker = 0
    run(handset, 20_000, 20_100)
    assert ("roam", [-80, -60, 1]) in log(capsys)
    assert wlan.calls[-1] == ("connect", "x", "", b"other")


def test_identity_comes_from_the_chip_when_nobody_configured_one(build: Build) -> None:
    first = build(device="0000000000000009").participant.device
    assert first == b"\0\0\0\0\0\0\0\x09"
    NVS.kept.clear()
    file = Path("config.json")

    def without_device() -> bytes:
        build()
        config = json.loads(file.read_text())
        del config["device"]
        return config

    config = without_device()
    import sys

    assert NVS.kept["starts"] == 1
    file.write_text(json.dumps(config))
    sys.modules.pop("app.boot", None)
    from importlib import import_module

    handset = import_module("app.boot").build()
    assert handset.participant.device == b"\x02\0\0\0\0\x07\0\0"
    assert NVS.kept["device"] == b"\x02\0\0\0\0\x07\0\0"
    assert NVS.kept["starts"] == 2


def test_a_restart_is_told(build: Build, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own reset leaves the mark in the RTC's memory, too, and is no brown-out."""
    Machine.cause = 3
    Rtc.kept = b"on"
    build()
    assert log(capsys)[0] == ("restart", [1, 3])


def test_a_brown_out_is_told_from_the_switch(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    """The port calls both a power-on."""
    build()
    assert "restart" not in [event for event, _ in log(capsys)]
    assert Rtc.kept == b"on"
    sys.modules.pop("app.boot", None)
    build()
    assert ("restart", [2, 6]) in log(capsys)


@pytest.mark.parametrize(("hz_max", "hz"), [(240_000_000, 240_000_000), (160_000_000, 160_000_000)])
def test_it_runs_as_fast_as_the_chip_can(
    hz_max: int, hz: int, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "hz", 160_000_000)
    monkeypatch.setattr(Machine, "hz_max", hz_max)
    build()
    assert Machine.hz == hz
