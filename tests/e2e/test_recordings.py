"""What is said at real hosts is kept, exported by a command, and there when the leader is gone."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.e2e.command import Result, typed, until
from tests.e2e.test_failover import Person, badges_port
from tests.e2e.test_nodes import Cluster, cluster_of

from ptt.base.numbers import FRAME_SAMPLES

pytestmark = pytest.mark.e2e

LOUD = 1000  # of samples between -3000 and 3000, on average


async def typed_at(cluster: Cluster, name: str, *words: str | Path) -> Result:
    return await typed(*words, "--control", cluster.folder / f"{name}.sock")


async def kept(cluster: Cluster, name: str) -> list[str]:
    result = await typed_at(cluster, name, "recordings", "list", "--json")
    assert result.code == 0, result.err
    return [each["mark"] for each in json.loads(result.out)["recordings"]]


async def until_kept(cluster: Cluster, name: str, count: int) -> str:
    for _ in range(100):
        if len(marks := await kept(cluster, name)) >= count:
            return marks[-1]
        await asyncio.sleep(0.2)
    raise AssertionError(f"{name} never had {count} recordings")


async def talk(person: Person, frames: int) -> None:
    person.badge.press()
    await until(lambda: person.may_send, "the floor")
    await asyncio.sleep(frames * 0.02)
    person.badge.release()


def test_what_is_said_outlives_its_leader(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            standby = "ab".replace(leader, "")
            at = ("127.0.0.1", badges_port(cluster, leader))
            person = Person(1, at, cluster.state(leader))
            async with person.badge:
                sound = asyncio.create_task(person.badge.carry_sound())
                await until(lambda: person.badge.participant.settings.version, "settings")
                await talk(person, 20)
                assert await kept(cluster, standby) == []  # nobody wants it yet
                wanted = "recording.kept_min", "1h"
                result = await typed_at(cluster, standby, "settings", "set", *wanted)
                assert result.code == 0, result.err
                await talk(person, 60)
                mark = await until_kept(cluster, standby, 1)
                sound.cancel()
            file = tmp_path / "said.wav"
            result = await typed_at(cluster, standby, "recordings", "export", mark, file)
            assert result.code == 0 and "s are in" in result.err, result.err
            pcm, _ = soundfile.read(file, dtype="int16")
            assert len(pcm) >= 50 * FRAME_SAMPLES and np.abs(pcm[FRAME_SAMPLES:]).mean() > LOUD
            again = await typed_at(cluster, standby, "recordings", "export", mark, file)
            assert again.code == 2 and again.is_one_sentence()
            held = await typed_at(cluster, standby, "recordings", "hold", mark, "--why", "a claim")
            assert held.code == 0, held.err
            own = cluster.state(standby) / "recordings.sqlite"
            await until(own.exists, "a copy")
            await asyncio.sleep(1)

            cluster.commands[leader].process.send_signal(signal.SIGKILL)
            await cluster.until_led(standby)
            assert await kept(cluster, standby) == [mark]
            copy = tmp_path / "copy.wav"
            assert (await typed_at(cluster, standby, "recordings", "export", mark, copy)).code == 0
            assert copy.read_bytes() == file.read_bytes()
            refused = await typed_at(cluster, standby, "recordings", "delete", mark)
            assert refused.code == 1 and "is held; release it first" in refused.err
            assert (await typed_at(cluster, standby, "recordings", "release", mark)).code == 0
            assert (await typed_at(cluster, standby, "recordings", "delete", mark)).code == 0
            assert await kept(cluster, standby) == []
            log = await typed("audit", "list", "--json", "--state", cluster.state(standby))
            told = [json.loads(line)["verb"] for line in log.out.splitlines()]
            wanted = ("export", "hold", "export", "release", "delete")
            assert [word for word in told if word.startswith("recordings ")] == [
                f"recordings {word}" for word in wanted
            ]

    asyncio.run(scenario())
