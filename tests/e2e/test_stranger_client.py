"""Somebody who has only docs/protocol-v2.md talks with a badge: its client stands beside this."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.e2e.command import Command, running, until
from tests.e2e.stage import ADOPTED_S, ask, faults_in, keep_talking, venue, words
from tests.e2e.stage import own as own_file

from pressel.audio.wav import read_speech

pytestmark = pytest.mark.e2e

WriteWav = Callable[[str, NDArray[np.int16]], Path]
CLIENT = (sys.executable, str(Path(__file__).with_name("stranger_client.py")))


def told(client: Command, event: str) -> dict[str, Any] | None:
    """The client's first line about `event`."""
    lines = [json.loads(line) for line in client.out.splitlines()]
    return next((line for line in lines if line["event"] == event), None)


def test_the_client_knows_nothing_of_us() -> None:
    source = Path(CLIENT[1]).read_text("utf-8")
    imported = [
        line.split()[1] for line in source.splitlines() if line.startswith(("import", "from"))
    ]
    assert {name.partition(".")[0] for name in imported} <= {
        "__future__",
        "cryptography",
        *sys.stdlib_module_names,
    }


def test_a_stranger_and_a_badge_hear_each_other_whole(
    work: Path, tmp_path: Path, wav: WriteWav
) -> None:
    """The badge talks; the stranger presses meanwhile, waits in the queue, and speaks then."""
    record = tmp_path / "heard.wav"
    own, answer = words(2, 2.0), words(1, 2.0)

    async def scenario() -> None:
        async with venue(work, "V") as (leader, (v,)):
            v.badge.press()
            await v.wait_for("granted")
            say = ("--say", wav("say.wav", own.pcm), "--record", record, "--bursts", 1)
            args = (leader.address, "Stranger", *map(str, say), *own_file(work, 1, "Stranger"))
            async with running(tmp_path / "log", *args, command=CLIENT) as client:
                while not (await ask(leader)).floors[0].queue:
                    await keep_talking(v)
                for _ in range(ADOPTED_S * 4):
                    await keep_talking(v)
                _, last_ms = await v.badge.speak(answer.pcm)
                v.badge.release(last_ms)
                result = await client.end()
                assert result.code == 0, result.err
                queued, receipt, heard = (
                    told(client, each) for each in ("queued", "receipt", "heard")
                )
                assert queued and receipt and heard
                _, _, played, concealed, late, _, _ = (await v.wait_for("heard")).value
                is_whole = played and not concealed and not late  # a busy machine is late
                assert receipt["counts"][1:] == [1, 1, 1 if is_whole else 0]
        assert faults_in(v.badge.speaker.pcm, own) == []
        assert faults_in(read_speech(record), answer) == []

    asyncio.run(scenario())


def test_a_first_word_is_not_lost(work: Path, tmp_path: Path, wav: WriteWav) -> None:
    """On a free floor the stranger speaks from the press on; a soft badge records."""
    speech = words(3, 1.5)
    record = tmp_path / "soft.wav"

    async def scenario() -> None:
        async with venue(work, ()) as (leader, _):
            ear = ("badge", "--leader", leader.address, "--name", "Ear", "--record", record)
            async with running(tmp_path / "ear", *ear, *own_file(work, 2, "Ear")) as soft:
                await soft.line("joined")
                say = ("--say", str(wav("say.wav", speech.pcm)))
                args = (leader.address, "Stranger", *say, *own_file(work, 1, "Stranger"))
                async with running(tmp_path / "log", *args, command=CLIENT) as client:
                    assert (await client.end()).code == 0
                    assert told(client, "queued") is None
                await until(lambda: "heard Stranger" in soft.err, "the end of the burst")
                await soft.stop()

    asyncio.run(scenario())
    assert faults_in(read_speech(record), speech) == []
