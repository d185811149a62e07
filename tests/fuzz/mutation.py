"""Fuzzing without atheris: inputs that are there already, changed at random, the same for a seed.

It does not learn what it has reached, so it needs more tries, but it needs nothing except Python.
"""

from __future__ import annotations

import multiprocessing
import random
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

import psutil

from .corpus import seeds
from .harnesses import HARNESSES

BYTES_MAX = 2000
SPLICES = (0, 1, 1, 2, 3, 8)  # changes to one input
INTERESTING = (0, 1, 2, 3, 0x20, 0x21, 0x22, 0x3F, 0x40, 0x7F, 0x80, 0xA4, 0xFE, 0xFF)
SETTLED = 0.3  # of the run: by then, caches are full and memory has to stay
GROWTH_BYTES_MAX = 4 << 20


@dataclass(frozen=True)
class Outcome:
    """One harness in one process. `failed`: the input that raised, with its traceback."""

    harness: str
    executions: int
    seconds: float
    growth_bytes: int
    failed: bytes | None = None
    error: str = ""


def mutated(base: bytes, other: bytes, source: random.Random) -> bytes:
    """`base` with a few bytes changed, cut out, doubled, or taken from `other`."""
    data = bytearray(base)
    for _ in range(source.choice(SPLICES)):
        at = source.randrange(len(data) + 1)
        size = source.choice((1, 1, 2, 4, source.randrange(1, 65)))
        what = source.randrange(7)
        if what == 0 and at < len(data):
            data[at] ^= 1 << source.randrange(8)
        elif what == 1 and at < len(data):
            data[at] = source.choice(INTERESTING)
        elif what == 2:
            data[at : at + size] = source.randbytes(size)
        elif what == 3:
            del data[at : at + size]
        elif what == 4:
            data[at:at] = source.randbytes(size)
        elif what == 5:
            data[at:at] = data[at : at + size]
        elif other:
            start = source.randrange(len(other))
            data[at : at + size] = other[start : start + size]
    return bytes(data[:BYTES_MAX])


def run_one(harness: str, count: int, seed: int) -> Outcome:
    """`count` inputs for one harness, here. Stops at the first that raises."""
    source = random.Random(f"{harness} {seed}")
    call, pool = HARNESSES[harness], seeds(harness) or [source.randbytes(200)]
    begin, memory, settled = time.monotonic(), psutil.Process().memory_info, 0
    for number in range(count):
        if number == int(count * SETTLED):
            settled = memory().rss
        data = mutated(source.choice(pool), source.choice(pool), source)
        try:
            call(data)
        except Exception:
            seconds = time.monotonic() - begin
            return Outcome(harness, number + 1, seconds, 0, data, traceback.format_exc())
    growth = memory().rss - settled
    return Outcome(harness, count, time.monotonic() - begin, growth)


def run_all(counts: dict[str, int], seed: int, processes: int, keep_in: Path) -> list[Outcome]:
    """Each harness `counts[name]` times, divided among processes; seeds `seed`, `seed` + 1, ..."""
    jobs = [
        (name, count // processes, seed + part)
        for name, count in counts.items()
        for part in range(processes)
    ]
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        outcomes = pool.starmap(run_one, jobs, chunksize=1)
    for outcome in outcomes:
        if outcome.failed is not None:
            keep_in.mkdir(parents=True, exist_ok=True)
            (keep_in / f"mutation-{outcome.harness}").write_bytes(outcome.failed)
    return outcomes
