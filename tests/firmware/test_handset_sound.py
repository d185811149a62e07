"""A handset's microphone, speaker and codecs, as bytecode and with what stands for machine code."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from math import pi, sin
from typing import Any

import pytest
from tests.firmware.handset_stage import (
    Build,
    build,
    log,
    run,
    settings,
    tell,
    tone_of,
)
from tests.firmware.hardware import (
    I2C,
    I2S,
    Pin,
    SocketModule,
)

from ptt.badge import indications
from ptt.base.numbers import FRAME_SAMPLES
from ptt.media.playout import SILENT
from ptt.wire import messages

__all__ = ["build"]


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
    from types import ModuleType

    from ptt.media import dsp

    monkeypatch.delitem(sys.modules, "native", raising=False)
    loaded: list[str] = []
    load = builtins.__import__

    def full(name: str, *rest: Any) -> Any:
        if not name.startswith("native."):
            return load(name, *rest)
        loaded.append(name)
        if name in ("native.shaped", "native.voice_period", "native.g722", "native.microphone"):
            raise MemoryError
        return ModuleType(name)

    plain = dsp.ima_encode
    with monkeypatch.context() as patched:
        patched.setattr(builtins, "__import__", full)
        handset = build()
    run(handset, 1000, 1100)
    coders = ["native.ima", "native.octets", "native.samples", "native.shaped"]
    assert loaded == [*coders, "native.voice_period", "native.g722", "native.microphone"]
    told = log(capsys)
    assert ("no room for native", "shaped") in told
    assert ("no room for native", "voice_period") in told
    assert ("no room for native", "g722") in told
    assert handset.participant.playout.codecs.mask() == 1 << messages.CODEC_IMA_ADPCM
    assert dsp.ima_encode is plain
    assert handset.participant.ear is handset.participant.playout
    assert handset.level is None


def test_with_machine_code_speech_is_smoothed(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tail that it keeps behind the burst is heard, too."""

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

    from ptt import twins

    monkeypatch.setitem(sys.modules, "native", twins)
    monkeypatch.setitem(sys.modules, "native.g722", twins)
    participant = build().participant
    both = 1 << messages.CODEC_IMA_ADPCM | 1 << messages.CODEC_G722
    assert participant.playout.codecs.mask() == both
    participant.burst.want(messages.CODEC_G722)
    assert participant.burst.wanted() == messages.CODEC_G722


def talking(handset: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[array[int]], None]:
    """Its microphone hears the frames that the result is called with, while its button is down."""
    monkeypatch.setattr(handset.participant.floor, "wants_speech", lambda: True)
    (port,) = (each for each in I2S.made if each.settings["mode"] == I2S.RX)
    now_ms = 1000

    def hear(pcm: array[int]) -> None:
        nonlocal now_ms
        now_ms += 20
        port.samples.extend(pcm)
        handset.step(now_ms)

    return hear


def test_with_machine_code_the_strength_follows_speech_from_the_board_s_gain_on(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptt.base import events, features
    from ptt.microphone import filters

    monkeypatch.setitem(sys.modules, "native", filters)
    monkeypatch.setitem(sys.modules, "native.microphone", filters)
    handset = build("esp32s3-devkit", gain_permille=2000)
    participant = handset.participant
    assert participant.membership.claims & features.PAUSES
    hear = talking(handset, monkeypatch)
    sent: list[list[int]] = []
    levels: list[int] = []

    def write(pcm: array[int], now_ms: int) -> None:
        sent.append(list(pcm))
        levels.append(participant.burst.rest_level)

    monkeypatch.setattr(participant, "write_microphone", write)
    talk(hear, words=1)
    assert max(map(max, sent)) == pytest.approx(2 * 600, rel=0.1)  # the board's
    talk(hear, words=20)
    loud = max(map(max, sent[-400:]))
    assert loud > 1500
    assert not any(levels[:5]) and max(levels) > 0  # pauses between words are told
    tell(handset, settings(7, 60, gain=0))
    participant.tell(events.SETTINGS, 7)
    talk(hear, words=20)
    assert max(map(max, sent[-100:])) == pytest.approx(2 * 600, rel=0.1)
    talk(hear, words=1, peak=32_767)
    assert handset.level.conditioner.clipped > 10
    assert max(map(max, sent[-40:])) < 32_000  # bent, not cut


def talk(hear: Callable[[array[int]], None], words: int, peak: int = 600) -> None:
    """Words of 0.4 s at 500 Hz, and 0.6 s of nothing behind each."""
    for _ in range(words):
        for number in range(50):
            size = peak if number < 20 else 2
            hear(array("h", (round(size * sin(2 * pi * n / 32)) for n in range(FRAME_SAMPLES))))


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
