"""Computers talk in Opus at a real leader, and somebody comes who lacks it."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.e2e.command import running, typed
from tests.e2e.stage import PLAYED_S, faults_in, own, reported, words
from tests.e2e.test_failover import Person
from tests.patience import PATIENCE_S

from pressel.audio import codecs as host
from pressel.audio.wav import RATE_HZ, read_speech
from pressel.demo.speeches import Speech
from pressel.demo.venue import STATE, LeaderProcess, run_leader
from pressel.node import control
from pressel.node.burst_state import BurstPage, BurstState
from pressel.soft.sound import Heard, Wanted
from ptt.base.numbers import FRAME_MS
from ptt.wire import messages

MISSED_S = 2.0  # of the burst, by whoever joins amid it: at most

pytestmark = [pytest.mark.e2e, pytest.mark.proof]


class Keeping:
    """No microphone, and a speaker that keeps what it gets."""

    def __init__(self) -> None:
        self.pcm: list[array[int]] = []

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            played = wanted()
            if played is not None:
                self.pcm.append(array("h", played))
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - loop.time()))


async def settled(leader: LeaderProcess) -> list[BurstState]:
    """All bursts of the leader, as soon as one is over and everybody has reported."""
    deadline_s = time.monotonic() + PATIENCE_S
    while True:
        page = await asyncio.to_thread(control.ask, leader.control, "bursts")
        bursts = BurstPage.model_validate(page).bursts
        if bursts:
            return bursts
        assert time.monotonic() < deadline_s, "no burst has ended"
        await asyncio.sleep(0.2)


def test_opus_is_heard_whole_and_coded_anew_for_who_comes_without_it(
    work: Path, wav: Callable[[str, NDArray[np.int16]], Path]
) -> None:
    if not host.host_codecs():
        pytest.skip("PyAV is not installed")
    speech = words(0)

    async def scenario() -> None:
        async with run_leader(work) as leader:
            there, port = leader.address.split(":")
            old = Person(7, (there, int(port)), work / STATE)
            old.badge.participant.playout.codecs._codecs.pop(messages.CODEC_OPUS)
            sound: Any = Keeping()
            old.badge._sound = sound
            who = ("badge", "--leader", leader.address, "--name")
            record = work / "heard.wav"
            hears = ("Ear", "--record", record, *own(work, 1, "Ear"))
            says = ("Mouth", "--wav", wav("said.wav", speech.pcm), *own(work, 2, "Mouth"))
            async with running(work / "ear", *who, *hears) as ear:
                await ear.line("joined")
                async with running(work / "mouth", *who, *says) as mouth:
                    await ear.line("Mouth talks")
                    async with old.badge:
                        carrying = asyncio.create_task(old.badge.carry_sound())
                        told = {"talker": "Mouth", "codec": "Opus", "listeners": "B7", "count": 1}
                        await reported(leader, "coded_anew", **told)
                        result = await mouth.end()
                        assert result.code == 0, result.err
                        await ear.line("heard Mouth")
                        await asyncio.sleep(PLAYED_S)
                        carrying.cancel()
                (burst,) = await settled(leader)
                assert (await ear.stop()).code == 0
            assert (burst.codec, burst.coded_anew) == ("Opus", 1)
            heard = {each.name: each.concealed for each in burst.hearings}
            assert heard == {"Ear": 0, "B7": 0}
            told = (await typed("trace", str(burst.burst), "--control", leader.control)).out
            assert "it was in Opus" in told
            assert "coded anew for 1 listener without Opus" in told
        assert faults_in(read_speech(record), speech) == []
        heard_late = np.concatenate([np.array(each) for each in sound.pcm])
        assert faults_in(heard_late, Speech(speech.pcm[int(MISSED_S * RATE_HZ) :], "")) == []

    asyncio.run(scenario())
