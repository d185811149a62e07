"""A minute of chaos among real processes: `make chaos` does the same for hours."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.chaos.run import run

pytestmark = [pytest.mark.e2e, pytest.mark.proof]

SECONDS = 60
AN_HOUR_LEAST = 200


def test_a_minute_of_chaos_breaks_no_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        verdict, struck = asyncio.run(run(tmp_path, SECONDS, 11, print))
    assert verdict.broken == []
    assert sum(struck.values()) * 3600 / SECONDS >= AN_HOUR_LEAST
    assert verdict.bursts and verdict.frames_heard and verdict.devices and verdict.settings
