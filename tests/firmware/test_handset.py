"""The handset of each board on fake peripherals: what is loaded, and what a person notices."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import (
    I2C,
    I2S,
    NVS,
    Adc,
    FrameBuffer,
    Machine,
    Pin,
    Reset,
    Rtc,
    SocketModule,
    Wlan,
)

from pressel.boards.board import board_ids, load_board
from pressel.schema.messages import message_table
from ptt.badge import indications
from ptt.badge.join import JOINED
from ptt.base import clock, events
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import FRAME_SAMPLES
from ptt.media.playout import SILENT
from ptt.wire import codec, messages

DEVICE = "0200000000000001"
Build = Callable[..., Any]


@pytest.fixture
def build(
    firmware: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Build:
    """Boots the handset of a board; `config` goes into its config.json."""
    monkeypatch.chdir(tmp_path)
    for name in ("radio", "microphone", "speaker"):
        firmware(f"hal.{name}")  # with the fakes of its modules

    def make(board: str = "esp32-devkit", **config: Any) -> Any:
        facts = load_board(board).facts()
        (tmp_path / "board.json").write_text(json.dumps(facts))
        config = {"device": DEVICE, "name": "Ann", "wifi": {"ssid": "x", "password": ""}, **config}
        (tmp_path / "config.json").write_text(json.dumps(config))
        I2S.made.clear()
        return firmware("app.boot").build()

    return make


def log(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(line["event"], line["value"]) for line in lines]


def run(handset: Any, from_ms: int, to_ms: int) -> None:
    for now_ms in range(from_ms, to_ms, 5):
        assert 0 <= handset.step(now_ms) <= 10


def tone_of(handset: Any) -> int | None:
    """The number of the tone that plays."""
    tones = handset.tones
    return indications.TONES[0].index(tones._notes) if tones.is_playing else None


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


def test_what_is_constant_in_a_microphone_s_sound_is_not_made_louder(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An INMP441 has an offset, and its gain of 8 would make it a tenth of full scale."""
    handset = build()
    heard: list[list[int]] = []
    participant = handset.participant
    monkeypatch.setattr(participant.floor, "wants_speech", lambda: True)
    monkeypatch.setattr(
        participant, "write_microphone", lambda pcm, now_ms: heard.append(list(pcm))
    )
    handset.microphone.gain_q8 = 8 * 256
    (port,) = (each for each in I2S.made if each.settings["mode"] == I2S.RX)
    for now_ms in range(1000, 2000, 20):
        port.samples.extend(400 + (each % 32 - 16) * 4 for each in range(FRAME_SAMPLES))
        handset.step(now_ms)
    assert len(heard) > 40 and max(heard[0]) > 1000
    for frame in heard[25:]:
        assert abs(sum(frame)) / FRAME_SAMPLES < 40
        assert max(frame) - min(frame) == 31 * 4 * 8  # the voice is whole


def test_what_a_board_lacks_is_not_loaded(build: Build) -> None:
    import sys

    handset = build("esp32-devkit")
    run(handset, 1000, 1100)
    for name in ("battery", "display", "epaper", "codec", "rgb", "vibration", "port"):
        assert f"hal.{name}" not in sys.modules
    assert "app.boot" not in sys.modules  # it has done its work


def test_a_board_without_a_usable_microphone_says_so(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    handset = build("m5stack-atom-echo")
    run(handset, 1000, 1100)
    log(capsys)
    Pin.levels[39] = 0
    handset.step(1100)
    assert [event for event, _ in log(capsys)] == ["cannot talk", "press"]
    assert tone_of(handset) == indications.TONE_NOT_AVAILABLE
    assert all(each.settings["mode"] == I2S.TX for each in I2S.made)


def test_a_press_without_a_leader_sounds_denied(build: Build) -> None:
    handset = build()
    run(handset, 1000, 1100)
    Pin.levels[0] = 0
    handset.step(1100)
    assert tone_of(handset) == indications.TONE_DENY
    run(handset, 1105, 2000)
    assert tone_of(handset) is None
    assert any(I2S.made[1].taken)


def test_a_badge_that_was_told_to_be_silent(build: Build) -> None:
    handset = build(tones=False)
    Pin.levels[0] = 0
    run(handset, 1000, 2000)
    assert not I2S.made[1].taken


def test_half_duplex_gives_the_port_to_the_microphone_for_a_press(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    handset = build("esp32c3-devkit")
    is_wanted = False
    monkeypatch.setattr(handset.participant.floor, "wants_speech", lambda: is_wanted)
    modes = []
    for now_ms in range(1000, 1060, 5):
        is_wanted = 1020 <= now_ms < 1040
        handset._wake_ms = now_ms  # as a press would have it
        handset.step(now_ms)
        (opened,) = (each for each in I2S.made if each.is_open)
        modes.append(opened.settings["mode"])
    assert modes == [I2S.TX] * 4 + [I2S.RX] * 4 + [I2S.TX] * 4


def hold(handset: Any, pin: int, from_ms: int, to_ms: int) -> None:
    Pin.levels[pin] = 0
    run(handset, from_ms, to_ms)
    Pin.levels[pin] = 1


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
    own.join.state, own.join.term, own.join.node = JOINED, 3, 12
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
        "leader, term 3", "badge 12 of it", "hosts 2", "trip 8 ms", "lost 10 of 100", "queue 2",
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


def test_off_duty_only_when_asked_for_and_woken_by_a_press(build: Build) -> None:
    handset = build()
    run(handset, 1000, 200_000)
    assert not Machine.naps_ms
    handset = build(off_duty_after_s=60)
    wlan = Wlan.made[-1]
    run(handset, 1000, 60_000)
    assert not Machine.naps_ms
    run(handset, 60_000, 61_100)
    assert set(Machine.naps_ms) == {200}
    assert not any(each.is_open for each in I2S.made)
    assert wlan.calls[-1] == ("active", False)
    Pin.levels[0] = 0
    with pytest.raises(Reset):
        run(handset, 61_100, 61_200)


@pytest.mark.parametrize("days", [1, 6, 7, 10, 12])
def test_row_33_a_press_wakes_it_after_days_off_duty(build: Build, days: int) -> None:
    handset = build(off_duty_after_s=60)
    run(handset, 1000, 61_100)
    assert Machine.naps_ms
    now_ms = clock.add(61_100, days * 24 * 3600 * 1000)
    handset.step(now_ms)
    Pin.levels[0] = 0
    with pytest.raises(Reset):
        run(handset, now_ms, clock.add(now_ms, 100))


def power_saves() -> list[int]:
    """What the radio was told of power save since the last look."""
    told = [call[1] for each in Wlan.made for call in each.calls if call[0] == "pm"]
    for each in Wlan.made:
        each.calls = [call for call in each.calls if call[0] != "pm"]
    return told


def test_the_radio_rests_only_when_asked_for_and_not_while_somebody_talks(build: Build) -> None:
    power_saves()
    handset = build()
    Wlan.made[-1].is_near = True
    run(handset, 1000, 60_000)
    assert power_saves() == [Wlan.PM_NONE]
    handset = build(sleep=True)
    wlan = Wlan.made[-1]
    wlan.is_near = True
    run(handset, 1000, 5900)
    assert power_saves() == [Wlan.PM_NONE]
    run(handset, 5900, 60_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]
    Pin.levels[0] = 0
    run(handset, 60_000, 60_040)  # the press, and the next look around
    assert power_saves() == [Wlan.PM_NONE]
    Pin.levels[0] = 1
    run(handset, 60_040, 61_000)
    handset.participant.floor.talker = 7  # somebody else talks
    run(handset, 61_000, 90_000)
    assert power_saves() == []
    handset.participant.floor.talker = 0
    run(handset, 90_000, 96_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]


def test_a_network_that_comes_back_is_awake_until_it_has_rested(build: Build) -> None:
    handset = build(sleep=True)
    wlan = Wlan.made[-1]
    wlan.is_near = True
    Wlan.pm_errors = 2  # it joins or scans
    run(handset, 1000, 20_000)
    assert Wlan.pm_errors == 0 and power_saves() == [Wlan.PM_NONE, Wlan.PM_PERFORMANCE]
    wlan.is_near = False
    run(handset, 20_000, 22_000)
    wlan.is_near = True
    run(handset, 22_000, 26_900)
    assert power_saves() == [Wlan.PM_NONE]
    run(handset, 26_900, 28_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]


@pytest.mark.parametrize("is_flashed", [False, True])
def test_the_leader_decides_whether_the_radio_rests_where_it_says_so(
    build: Build, is_flashed: bool
) -> None:
    """0: as it was flashed, 1: no, 2: yes. What it says holds within a look around."""
    power_saves()
    handset = build(sleep=is_flashed)
    Wlan.made[-1].is_near = True
    run(handset, 1000, 10_000)
    assert power_saves()[-1] == is_flashed
    now_ms, rests = 10_000, is_flashed
    for told in (2, 1, 0, 1, 2, 0):
        tell(handset, settings(8, 100, power_save=told))
        run(handset, now_ms, now_ms + 100)
        now_ms += 100
        wanted = told == 2 or (told == 0 and is_flashed)
        assert power_saves() == ([] if wanted == rests else [int(wanted)])
        rests = wanted


def test_a_press_keeps_it_on_duty(build: Build) -> None:
    handset = build(off_duty_after_s=2)
    for second in range(1, 10):
        Pin.levels[0] = second % 2
        run(handset, 1000 * second, 1000 * (second + 1))
    assert not Machine.naps_ms


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
    Machine.cause = 3
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


def test_the_sound_of_an_event_is_played(build: Build) -> None:
    handset = build()
    assert SocketModule.made
    for kind, tone, _ in indications.MOMENTS:
        handset.participant.tell(kind, 1)
        handset._tell(1000)
        assert tone_of(handset) == tone


@pytest.mark.parametrize(
    ("board", "is_swapped"), [("esp32-devkit", True), ("esp32s3-devkit", False)]
)
def test_a_chip_that_swaps_samples_gets_them_swapped(
    board: str, is_swapped: bool, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frame itself stays as it is: a lost one is made of it."""
    handset = build(board)
    frame = array("h", range(FRAME_SAMPLES))
    waiting = [frame]
    monkeypatch.setattr(
        handset.participant, "read_speaker", lambda now_ms: waiting.pop() if waiting else None
    )
    handset._play(1000)
    (port,) = (each for each in I2S.made if each.settings["mode"] == I2S.TX)
    sent = array("h", bytes(port.taken))[:FRAME_SAMPLES]
    assert list(sent) == [n ^ is_swapped for n in range(FRAME_SAMPLES)]
    assert list(frame) == list(range(FRAME_SAMPLES))


def test_native_code_is_loaded_as_far_as_there_is_room(
    build: Build, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executable memory is short: speech is coded by what was loaded, and the badge starts."""
    import builtins
    import sys
    from types import ModuleType

    from ptt.media import dsp

    monkeypatch.delitem(sys.modules, "native", raising=False)
    loaded: list[str] = []
    load = builtins.__import__

    def full(name: str, *rest: Any) -> Any:
        if not name.startswith("native."):
            return load(name, *rest)
        loaded.append(name)
        if name in ("native.shaped", "native.voice_period", "native.g722"):
            raise MemoryError
        return ModuleType(name)

    plain = dsp.ima_encode
    with monkeypatch.context() as patched:
        patched.setattr(builtins, "__import__", full)
        handset = build()
    run(handset, 1000, 1100)
    coders = ["native.ima", "native.octets", "native.samples", "native.shaped"]
    assert loaded == [*coders, "native.voice_period", "native.g722"]
    told = log(capsys)
    assert ("no room for native", "shaped") in told
    assert ("no room for native", "voice_period") in told
    assert ("no room for native", "g722") in told
    assert handset.participant.playout.codecs.mask() == 1 << messages.CODEC_IMA_ADPCM
    assert dsp.ima_encode is plain
    assert handset.participant.ear is handset.participant.playout


def test_with_machine_code_speech_is_smoothed(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tail that it keeps behind the burst is heard, too."""
    import sys

    from ptt.base import features
    from ptt.media import voice_period

    monkeypatch.setitem(sys.modules, "native", voice_period)
    monkeypatch.setitem(sys.modules, "native.voice_period", voice_period)
    handset = build()
    participant = handset.participant
    assert participant.membership.claims & features.SMOOTH_PLAYOUT
    for number in range(12):
        participant.playout.insert(1, 9, number, number == 11, bytes(164), 0, 1000)
    run(handset, 1000, 1600)
    assert participant.playout.state == SILENT
    assert participant.ear.line.count == 0


def test_with_machine_code_for_it_g722_is_spoken_and_heard(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from ptt import twins

    monkeypatch.setitem(sys.modules, "native", twins)
    monkeypatch.setitem(sys.modules, "native.g722", twins)
    participant = build().participant
    both = 1 << messages.CODEC_IMA_ADPCM | 1 << messages.CODEC_G722
    assert participant.playout.codecs.mask() == both
    participant.burst.want(messages.CODEC_G722)
    assert participant.burst.wanted() == messages.CODEC_G722


def test_a_codec_that_does_not_answer_is_told(
    build: Build, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handset = build("esp32s3-es8311")
    if handset.port is None:
        pytest.skip("microphone and speaker have a port each")

    def deaf(*_: Any) -> None:
        raise OSError(19)

    monkeypatch.setattr(I2C, "writeto_mem", deaf)
    for is_talking in (True, False):
        handset.port.give(is_talking)
    run(handset, 1000, 62_000)
    (told,) = [value for event, value in log(capsys) if event == "health"]
    assert told[1][-1] == 2


@pytest.mark.parametrize(("hz_max", "hz"), [(240_000_000, 240_000_000), (160_000_000, 160_000_000)])
def test_it_runs_as_fast_as_the_chip_can(
    hz_max: int, hz: int, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Machine, "hz", 160_000_000)
    monkeypatch.setattr(Machine, "hz_max", hz_max)
    build()
    assert Machine.hz == hz


def settings(version: int, delay_ms: int, talk_ms: int = 60_000, power_save: int = 0) -> bytes:
    """The payload of a SETTINGS_SNAPSHOT, with the defaults of what roomy badges obey."""
    first = version.to_bytes(4, "big") + delay_ms.to_bytes(2, "big") + talk_ms.to_bytes(4, "big")
    return first + bytes((340 >> 8, 340 & 255, 10, 1, 1, power_save))


def obeyed(handset: Any) -> tuple[int, int]:
    """Version and playout delay."""
    return handset.participant.settings.version, handset.participant.playout.path.least_ms


def tell(handset: Any, told: bytes) -> None:
    handset.participant.settings.begin_with(told)


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What NVS holds; empty at first."""
    monkeypatch.setattr(NVS, "kept", {})
    return NVS.kept


def test_a_badge_starts_with_the_settings_that_it_had_last(
    build: Build, storage: dict[str, Any]
) -> None:
    handset = build()
    assert obeyed(handset) == (0, PLAYOUT_DELAY_MS)
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)
    assert obeyed(build()) == (0, 200)  # the number means nothing to the next leader


@pytest.mark.parametrize("version", [3, 7, 9])
def test_what_somebody_made_of_its_settings_is_gone_once_it_hears_its_leader(
    version: int, build: Build, storage: dict[str, Any]
) -> None:
    """An older version put back, one that was edited, one that is newer than there is."""
    storage["settings"] = settings(version, 300)
    handset = build()
    assert obeyed(handset) == (0, 300)
    tell(handset, settings(7, 200))
    assert obeyed(handset) == (0, 200)
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)


def test_settings_on_trial_are_not_kept(build: Build, storage: dict[str, Any]) -> None:
    """What crashes a badge, or cuts it off, is gone with its next start."""
    handset = build()
    tell(handset, settings(7, 200))
    handset.participant.settings.told = settings(8, 300)
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)


def test_settings_are_written_once(build: Build, storage: dict[str, Any]) -> None:
    handset = build()
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    before = NVS.commits
    tell(handset, settings(7, 200))
    run(handset, 63_000, 190_000)
    assert NVS.commits == before


def test_settings_of_a_newer_build_are_read_as_far_as_they_are_known(
    build: Build, storage: dict[str, Any]
) -> None:
    storage["settings"] = settings(7, 140) + bytes(6)
    assert obeyed(build()) == (0, 140)


@pytest.mark.parametrize(
    "kept", [b"\1", settings(7, 140)[:9], settings(7, 19), settings(7, 140, 1), b"\xff" * 10]
)
def test_settings_that_cannot_be_are_left_alone(
    kept: bytes, build: Build, storage: dict[str, Any]
) -> None:
    storage["settings"] = kept
    assert obeyed(build()) == (0, PLAYOUT_DELAY_MS)


def test_a_flash_that_fails_does_not_stop_the_badge(
    build: Build, storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(5)

    monkeypatch.setattr(NVS, "set_blob", fail)
    handset = build()
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    assert obeyed(handset) == (0, 200)


def test_row_46_the_hosts_that_it_knew_are_asked_after_a_restart(
    build: Build, storage: dict[str, Any]
) -> None:
    handset = build(leader="10.0.0.1")
    membership = handset.participant.membership
    membership.standbys = [("10.0.0.2", 47800), ("10.0.0.3", 47801)]
    run(handset, 1000, 62_000)
    assert storage["hosts"] == b"10.0.0.2:47800 10.0.0.3:47801"
    membership = build(leader="10.0.0.1").participant.membership
    assert membership.hosts()[1:] == [("10.0.0.2", 47800), ("10.0.0.3", 47801)]


@pytest.mark.parametrize("kept", [b"\xff\xfe", b"10.0.0.2:x", b"::", b""])
def test_hosts_that_cannot_be_are_left_alone(
    build: Build, storage: dict[str, Any], kept: bytes
) -> None:
    storage["hosts"] = kept
    assert build(leader="10.0.0.1").participant.membership.hosts() == [("10.0.0.1", 47800)]


def test_settings_fit_what_the_badge_keeps() -> None:
    table = message_table()
    (row,) = [each for each in table.message if each.settings]
    size = sum(int(field.type.removeprefix("u")) // 8 for field in row.fields)
    assert size <= 64  # `hal.nvs` reads no longer ones
