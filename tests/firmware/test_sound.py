"""Microphone and speaker: blocks that come late, a queue that runs dry, frames that do not fit."""

from __future__ import annotations

from array import array
from typing import Any

from tests.firmware.conftest import Load
from tests.firmware.hardware import I2S, Poll

from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES

FACTS = {"id": 0, "sck": 14, "ws": 15, "sd": 32}
BLOCK = 256  # samples of a DMA block
PCM = array("h", bytes(2 * FRAME_SAMPLES))


def microphone(firmware: Load) -> tuple[Any, I2S]:
    made = firmware("hal.microphone").Microphone(FACTS)
    return made, I2S.made[-1]


def speaker(firmware: Load) -> tuple[Any, I2S]:
    made = firmware("hal.speaker").Speaker(FACTS)
    return made, I2S.made[-1]


def blocks(count: int) -> array[int]:
    """Samples that count up, so that none can be lost or doubled unseen."""
    return array("h", range(count * BLOCK))


def frames(mic: Any) -> list[list[int]]:
    """The whole frames that are there now."""
    read = []
    while mic.read():
        read.append(list(mic.pcm))
    return read


def test_the_ports_are_set_up_without_waiting(firmware: Load) -> None:
    for _, i2s in (microphone(firmware), speaker(firmware)):
        assert i2s.settings["rate"] == 16000
        assert i2s.settings["bits"] == 16
        assert any(each is i2s for each in Poll.registered)


def test_silence_gives_no_frame(firmware: Load) -> None:
    mic, _ = microphone(firmware)
    assert frames(mic) == []


def test_a_frame_needs_two_blocks(firmware: Load) -> None:
    mic, i2s = microphone(firmware)
    samples = blocks(2)
    i2s.samples.extend(samples[:BLOCK])
    assert frames(mic) == []
    i2s.samples.extend(samples[BLOCK:])
    assert frames(mic) == [list(range(FRAME_SAMPLES))]


def test_no_sample_is_lost_or_doubled_between_frames(firmware: Load) -> None:
    mic, i2s = microphone(firmware)
    heard = []
    samples = blocks(20)
    for at in range(0, len(samples), BLOCK):
        i2s.samples.extend(samples[at : at + BLOCK])
        heard += [sample for frame in frames(mic) for sample in frame]
    assert heard == list(samples[: len(heard)])
    assert len(heard) == 16 * FRAME_SAMPLES
    assert mic.torn == 0


def test_a_late_step_finds_all_that_came_meanwhile(firmware: Load) -> None:
    mic, i2s = microphone(firmware)
    i2s.samples.extend(blocks(4))
    assert len(frames(mic)) == 3


def test_a_piece_that_comes_in_part_is_counted(firmware: Load) -> None:
    mic, i2s = microphone(firmware)
    i2s.samples.extend(array("h", range(FRAME_SAMPLES - 10)))
    assert len(frames(mic)) == 1
    assert mic.torn == 1


def play(out: Any, *moments_ms: int) -> None:
    for now_ms in moments_ms:
        out.write(PCM, now_ms)


def test_a_speaker_at_rest_wants_a_frame_at_once(firmware: Load) -> None:
    out, _ = speaker(firmware)
    assert out.wants(1000)
    out.rest()
    assert out.wants(5000)


def test_the_queue_stays_short(firmware: Load) -> None:
    """When it is fed whenever it wants something, fewer than three frames wait, and it never runs
    dry."""
    out, i2s = speaker(firmware)
    for now_ms in range(1000, 3000, 5):
        while out.wants(now_ms):
            play(out, now_ms)
        played_ms = now_ms - 1000
        queued_ms = len(i2s.taken) // (2 * FRAME_SAMPLES) * FRAME_MS - played_ms
        assert 10 <= queued_ms <= 3 * FRAME_MS
    assert (out.starved, out.cut) == (0, 0)


def test_starving_is_counted_and_caught_up_with(firmware: Load) -> None:
    out, _ = speaker(firmware)
    play(out, 1000, 1005)
    assert out.starved == 0
    play(out, 1041)
    assert out.starved == 1
    play(out, 1045)
    assert out.starved == 1


def test_silence_between_bursts_is_no_starving(firmware: Load) -> None:
    out, _ = speaker(firmware)
    play(out, 1000, 1000, 1020, 1040)
    assert out.rest()
    play(out, 9000)
    assert out.starved == 0


def test_a_burst_right_behind_another_adds_to_its_queue(firmware: Load) -> None:
    """The tail of the one before still waits to be played: what does not fit would be lost."""
    for pause_ms in (0, 5, 25, 45, 200, 700):
        out, _ = speaker(firmware)
        played_ms = now_ms = 1000
        for burst in range(4):
            end_ms = now_ms + 100 + 5 * burst
            while now_ms < end_ms + pause_ms:
                while out.wants(now_ms) and not (now_ms >= end_ms and out.rest()):
                    play(out, now_ms)
                    played_ms = max(played_ms, now_ms) + FRAME_MS
                    assert played_ms - now_ms <= 3 * FRAME_MS, pause_ms
                now_ms += 5
        assert (out.starved, out.cut) == (0, 0)


def test_a_burst_ends_with_a_whole_block(firmware: Load) -> None:
    """The driver would keep the rest of its last words until somebody talks again."""
    for count in range(1, 9):
        out, i2s = speaker(firmware)
        play(out, *[1000] * count)
        while not out.rest():
            play(out, 1000)
        assert len(i2s.taken) % (2 * BLOCK) == 0
        assert len(i2s.taken) < 2 * (count * FRAME_SAMPLES + 4 * BLOCK)


def test_a_queue_that_took_a_part_of_a_frame_comes_to_rest_all_the_same(firmware: Load) -> None:
    out, i2s = speaker(firmware)
    i2s.room_bytes = 100
    play(out, 1000)
    i2s.room_bytes = 1 << 20
    for _ in range(4):
        if out.rest():
            break
        play(out, 1000)
    assert out.rest()


def test_a_frame_that_does_not_fit_is_counted(firmware: Load) -> None:
    out, i2s = speaker(firmware)
    i2s.room_bytes = 512
    play(out, 1000)
    assert out.cut == 1


def test_a_burst_across_the_wrap_of_the_clock(firmware: Load) -> None:
    out, _ = speaker(firmware)
    play(out, 0x40000000 - 20, 0x40000000 - 10, 5)
    assert out.starved == 0
    assert not out.wants(6)
