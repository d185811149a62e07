"""How long a voice takes from a page of the console to a badge, and back: a leader, a virtual badge
and the console as on one host, and a client that does what the page's script does. Writes the
record of the report of phase 8.

    python -m tests.talked --times 10
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import correlate
from tests.e2e.stage import PLAYED_S, words
from tests.e2e.test_console_talk import Page, console, opened

from pressel.audio.wav import RATE_HZ
from pressel.demo.actor import Actor
from pressel.demo.venue import run_badges, run_leader
from pressel.report.timeline import Pcm
from pressel.sim.commit import commit
from pressel.sim.report.talked import RECORDS
from pressel.virtual import now_ms

SPOKEN_S = 2.0
PAUSE_S = 1.0
FRAME_MS = 20.0


def begins_ms(recording: Pcm, speech: Pcm) -> float:
    """Where `speech` begins in a recording, from its beginning."""
    likeness = correlate(recording.astype(np.float64), speech.astype(np.float64), "valid")
    return float(np.argmax(likeness)) / RATE_HZ * 1000


async def to_the_badge(page: Page, badge: Actor) -> float:
    """Speak at the page; gives when."""
    begun_ms = now_ms()
    await page.speak(words(1, SPOKEN_S))
    await badge.wait_for("heard", after_ms=begun_ms)
    await asyncio.sleep(PLAYED_S)
    return begun_ms


def played_ms(badge: Actor, begun_ms: float) -> float:
    """From the moment a sound was at the page until the badge, which has ended, played it."""
    speaker = badge.badge.speaker
    since = max(0, int((begun_ms - speaker.t0_ms) * RATE_HZ / 1000))
    until = since + int(2 * SPOKEN_S * RATE_HZ)
    return begins_ms(speaker.pcm[since:until], words(1, SPOKEN_S).pcm)


async def to_the_page(page: Page, badge: Actor) -> float:
    """From the moment a sound is at the badge until its frame is at the page."""
    said = words(2, SPOKEN_S)
    before = len(page.heard)
    told = await badge.press_and_speak(said.pcm)
    await page.until_quiet()
    heard = np.frombuffer(b"".join(page.heard[before:]), "<i2")
    at_ms = begins_ms(heard, said.pcm)
    frame, rest_ms = divmod(at_ms, FRAME_MS)
    return page.heard_ms[before + int(frame)] + rest_ms - told.first_ms


async def measured(folder: Path, times: int) -> dict[str, list[float]]:
    begun: list[float] = []
    to_page: list[float] = []
    async with (
        run_leader(folder) as leader,
        run_badges("A", leader.address, folder) as (badge,),
    ):
        with console(folder, leader.control) as address:
            async with opened(address) as page:
                for _ in range(times):
                    begun.append(await to_the_badge(page, badge))
                    await asyncio.sleep(PAUSE_S)
                    to_page.append(await to_the_page(page, badge))
                    await asyncio.sleep(PAUSE_S)
    to_badge = [played_ms(badge, each) for each in begun]
    return {"to_badge_ms": to_badge, "to_page_ms": to_page}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="talked-") as folder:
        found = asyncio.run(measured(Path(folder), times))
    told: dict[str, Any] = {
        "source": commit() or "unknown", "cores": os.cpu_count(), "load": round(load, 1), **found,
    }  # fmt: skip
    RECORDS.write_text(json.dumps(told, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
