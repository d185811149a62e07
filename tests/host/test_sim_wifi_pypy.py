"""The Wi-Fi model runs on Python 3.9 and PyPy, with the same numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SMOKE = """
import binascii
from pressel.sim.wifi import capacity, cost, roaming
from pressel.sim.wifi.channel import Channel
from ptt.base.prng import Prng

prng = Prng(7)
channel = Channel({"interference_ppm": 30000}, prng)
for station in range(50):
    channel.join(station, -45 - station)
channel.set_sleeping(4, True)
seen = [roaming.silence_us(prng), cost.airtime_us("n", 39000, 186)]
for tick in range(300):
    now_us = tick * 20000
    for station in range(50):
        seen.append(channel.unicast(now_us, station, 186, station % 2 == 0))
    seen += [at for _, at in channel.multicast(now_us, 530, range(50))]
text = repr((seen, channel.airtime_us, capacity.table_rows()))
print(binascii.crc32(text.encode()), len(seen), channel.lost_in_queue, channel.lost_by_retries)
"""


def run(python: str) -> str:
    paths = os.pathsep.join(str(ROOT / room) for room in ("host", "shared"))
    result = subprocess.run(
        [python, "-c", SMOKE],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("python", ["pypy3", "python3.9"])
def test_the_same_run_elsewhere(python: str) -> None:
    other = shutil.which(python)
    if other is None:
        pytest.skip(f"{python} is not installed")
    works = subprocess.run([other, "--version"], capture_output=True, check=False)
    if works.returncode != 0:
        pytest.skip(f"{python} does not run")
    assert run(other) == run(sys.executable)
