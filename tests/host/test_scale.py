"""Whose memory grew in a long run, by what was weighed."""

from __future__ import annotations

import os
from typing import Any

import psutil
from tests.memory import SAMPLE_EVERY_S
from tests.soak.scale import Scale

HOUR = int(3600 / SAMPLE_EVERY_S)


def scale(**mib: list[float]) -> Scale:
    found = Scale()
    found.mib = mib
    return found


def test_who_grows_is_named_and_who_fills_up_at_first_is_not() -> None:
    filled = [80.0 + min(n, 100) + n % 7 for n in range(HOUR)]
    leaking = [80.0 + 12.0 * n / HOUR for n in range(HOUR)]
    found = scale(good=filled, bad=leaking)
    assert found.grown() == ["the memory of bad grows by 12.0 MiB an hour"]
    assert any("bad" in line and "+12.0" in line for line in found.lines())


def test_a_short_run_says_nothing_of_memory() -> None:
    found = scale(host=[80.0 + n for n in range(60)])
    assert found.grown() == []
    assert "20 minutes" in found.lines()[0]


def test_who_ends_before_its_time_is_named() -> None:
    class Gone:
        def memory_info(self) -> Any:
            raise psutil.NoSuchProcess(1)

    found = Scale()
    gone: Any = Gone()
    found.weigh({"me": psutil.Process(os.getpid()), "badge 3": gone})
    assert found.grown() == ["badge 3 ended before its time"]
    assert found.mib["me"][0] > 1
