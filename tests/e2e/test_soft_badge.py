"""`pressel badge`: soft badges with files for sound, beside a virtual one, at a real leader."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from tests.e2e.command import Command, run, running, until
from tests.e2e.stage import ADOPTED_S, PLAYED_S, ask, faults_in, keep_talking, own, venue, words

from pressel import cli
from pressel.audio.wav import RATE_HZ, read_speech
from pressel.demo.venue import run_badges, run_leader
from pressel.soft import badge as soft_badge
from pressel.soft import virtual as soft_virtual
from pressel.virtual import now_ms

pytestmark = pytest.mark.e2e

WriteWav = Callable[[str, NDArray[np.int16]], Path]
SPEECHES = {"X": words(2, 1.2), "Y": words(3, 1.2)}


def test_soft_and_virtual_badges_hear_each_other(work: Path, wav: WriteWav) -> None:
    """V holds the floor until both soft badges wait for it, and only then speaks."""

    async def scenario(work: Path) -> list[str]:
        records = {name: work / f"heard-{name}.wav" for name in SPEECHES}
        async with venue(work, "V") as (leader, (v,)), contextlib.AsyncExitStack() as stack:
            began_ms = now_ms()
            v.badge.press()
            await v.wait_for("granted", after_ms=began_ms)
            soft: list[Command] = []
            for number, (name, speech) in enumerate(SPEECHES.items()):
                args = ("--wav", wav(f"{name}.wav", speech.pcm), "--record", records[name])
                who = ("--leader", leader.address, "--name", name, *own(work, number, name))
                command = running(work / f"log-{name}", "badge", *who, *args)
                soft.append(await stack.enter_async_context(command))
            while len((await ask(leader)).floors[0].queue) < len(SPEECHES):
                await keep_talking(v)
            for _ in range(ADOPTED_S * 4):
                await keep_talking(v)
            first = (await ask(leader)).floors[0].queue[0]
            _, last_ms = await v.badge.speak(words(1, 1.2).pcm, now_ms())
            v.badge.release(last_ms)
            for command in soft:
                result = await command.end()
                assert result.code == 0, result.err
                assert "talk now" in result.err and "Traceback" not in result.err
        (second,) = SPEECHES.keys() - {first}
        found = faults_in(read_speech(records[second]), SPEECHES[first])
        for name, record in records.items():
            found += faults_in(v.badge.speaker.pcm, SPEECHES[name])
            found += faults_in(read_speech(record), words(1, 1.2))
        return found

    assert asyncio.run(scenario(work)) == []


@pytest.mark.proof
def test_an_odd_wav_is_heard_by_a_badge_that_only_records(work: Path) -> None:
    """48 kHz, three channels, float; the recording is written when the badge is told to end."""
    speech = words(1, 2.0)
    file = work / "odd.wav"
    odd = soxr.resample(speech.pcm / 32_768, RATE_HZ, 48_000)
    soundfile.write(file, np.stack([odd] * 3, axis=1), 48_000, subtype="FLOAT")

    async def scenario(work: Path) -> list[str]:
        record = work / "heard.wav"
        async with run_leader(work, "0.0.0.0:0") as leader:
            there = leader.address.replace("0.0.0.0", "127.0.0.1")
            ear = (
                "badge",
                "--leader",
                there,
                "--name",
                "Ear",
                "--record",
                record,
                *own(work, 1, "Ear"),
            )
            async with running(work / "ear", *ear) as listener:
                await listener.line("joined")
                mouth = (
                    "badge",
                    "--leader",
                    there,
                    "--name",
                    "Mouth",
                    "--wav",
                    file,
                    *own(work, 2, "Mouth"),
                )
                result = await run(work / "mouth", *mouth)
                assert result.code == 0, result.err
                await listener.line("heard Mouth")
                assert (await listener.stop()).code == 0
        return faults_in(read_speech(record), speech)

    assert asyncio.run(scenario(work)) == []


@pytest.mark.proof
def test_a_virtual_badge_says_a_file_too(work: Path, wav: WriteWav) -> None:
    file = wav("said.wav", words(1, 1.0).pcm)

    async def scenario(work: Path) -> list[str]:
        async with venue(work, "V") as (leader, (v,)):
            said = ("--wav", file, *own(work, 1, "Soft"))
            args = ("badge", "--virtual", "--leader", leader.address, *said)
            result = await run(work / "log", *args)
            assert result.code == 0, result.err
            assert "done" in result.err
            await v.wait_for("heard")
            await asyncio.sleep(PLAYED_S)
        return faults_in(v.badge.speaker.pcm, words(1, 1.0))

    assert asyncio.run(scenario(work)) == []


def test_the_enter_key_is_the_talk_button(work: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with run_leader(work) as leader, run_badges("V", leader.address, work) as (v,):
            heard = ("--record", tmp_path / "heard.wav", *own(work, 1, "Soft"))
            args = ("--leader", leader.address, *heard)
            async with running(tmp_path / "log", "badge", *args) as command:
                await command.line("joined")
                stdin = command.process.stdin
                assert stdin is not None
                stdin.write(b"\n")
                stdin.flush()
                await command.line("talk now")
                await v.wait_for("hearing")
                stdin.write(b"\n")
                stdin.flush()
                await v.wait_for("heard")
                await command.line("done")
                stdin.close()  # nobody can press any more; it still listens
                await asyncio.sleep(ADOPTED_S)
                stopped_ms = now_ms()
                v.badge.press()
                await v.wait_for("granted", after_ms=stopped_ms)
                v.badge.release()
                await until(lambda: command.err.count("heard V") == 1, "a burst heard")
                assert (await command.stop()).code == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["soft", "virtual"])
def test_without_a_leader_it_says_so(
    kind: str, wav: WriteWav, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soft_badge, "JOIN_LIMIT_S", 0.5)
    monkeypatch.setattr(soft_virtual, "JOIN_LIMIT_S", 0.5)
    args = ["badge", "--leader", "127.0.0.1:9", "--wav", str(wav("x.wav", words(1, 1.0).pcm))]
    assert cli.main(args + (["--virtual"] if kind == "virtual" else [])) == 3
    assert capfd.readouterr().err == "pressel: no leader answers; is one running?\n"
