"""The Wireshark dissector over a capture of real processes."""

from __future__ import annotations

import asyncio
import collections
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.e2e.command import Command, run, running, until
from tests.e2e.stage import own, venue, words
from tests.host.capture import TSHARK, WITHOUT, Tshark

DUMPCAP = shutil.which("dumpcap")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(TSHARK is None or DUMPCAP is None, reason=WITHOUT),
]

ALWAYS = {
    *("HELLO", "WELCOME", "SETTINGS_SNAPSHOT", "SETTINGS_ACK", "HEARTBEAT"),
    *("FLOOR_REQUEST", "FLOOR_GRANT", "FLOOR_TAKEN", "VOICE_FRAME", "FLOOR_RELEASE", "FLOOR_IDLE"),
    *("RECEIVER_REPORT", "BURST_RECEIPT"),
}


async def capturing(command: Command) -> None:
    """Wait until dumpcap captures; skip where it may not."""
    await until(lambda: "File: " in command.err or command.process.poll() is not None, "dumpcap")
    if command.process.poll() is not None:
        pytest.skip(f"no right to capture: {command.err.strip().splitlines()[-1]}")


def test_a_real_session_names_every_datagram(
    work: Path, tmp_path: Path, wav: Callable[[str, NDArray[np.int16]], Path]
) -> None:
    """A soft badge speaks to a virtual one, on a port that only the CRC can tell."""
    file = tmp_path / "session.pcap"

    async def scenario() -> None:
        async with venue(work, ()) as (leader, _):
            port = leader.address.rpartition(":")[2]
            args = ("-i", "lo", "-P", "-q", "-f", f"udp port {port}", "-w", str(file))
            command = (DUMPCAP or "",)
            async with running(tmp_path / "dumpcap", *args, command=command) as dumpcap:
                await capturing(dumpcap)
                ear = ("badge", "--virtual", "--leader", leader.address, "--name", "Ear")
                async with running(tmp_path / "ear", *ear, *own(work, 1, "Ear")) as soft:
                    await soft.line("joined")
                    said = wav("said.wav", words(1, 1.0).pcm)
                    mouth = ("badge", "--leader", leader.address, "--name", "Mouth", "--wav", said)
                    result = await run(tmp_path / "mouth", *mouth, *own(work, 2, "Mouth"))
                    assert result.code == 0, result.err
                    await soft.line("heard node")
                    await soft.stop()
                await asyncio.sleep(0.5)  # what the kernel still holds of the capture
                await dumpcap.stop()

    asyncio.run(scenario())
    shown = Tshark(tmp_path).read(file)
    names = collections.Counter(seen.info.split()[0] for seen in shown)
    assert set(names) >= ALWAYS, names
    assert names["VOICE_FRAME"] > 80  # 50 a second, in and out
    for seen in shown:
        assert seen.protocol == "pressel" and seen.faults == (), (seen.info, seen.faults)
