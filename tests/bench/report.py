"""`make report-phase5`: docs/reports/phase5-audio.md, from the simulator and the benches beside.

`python -m tests.bench.report pauses` makes only the part with that word in its heading anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import badge_cost, concealment, pauses, playout

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "reports" / "phase5-audio.md"
V1_RUNS = ROOT / "docs" / "reports" / "phase0-runs.jsonl"
LIMIT_S = 600

# What the fixed delay of commit 3353b78 gave for the same cells: p50 and p95 of mouth to ear in ms.
BEFORE = {
    ("one-talker", "clean", 100): (128.3, 135.3),
    ("one-talker", "busy", 100): (255.3, 281.3),
    ("one-talker", "stress", 100): (246.3, 323.3),
    ("one-talker", "clean", 25): (119.2, 127.2),
    ("burst", "clean", 25): (134.7, 164.8),
    ("one-talker", "busy", 25): (314.2, 343.2),
    ("burst", "busy", 25): (222.2, 341.0),
    ("one-talker", "stress", 25): (269.2, 281.2),
    ("burst", "stress", 25): (196.8, 279.2),
    ("one-talker", "dtim", 25): (103.5, 207.5),
    ("burst", "dtim", 25): (108.6, 176.9),
}
HEAD = """# Phase 5: what people hear, as far as it goes

Written by `make report-phase5`. [audio-pipeline.md](../audio-pipeline.md) says how it works.
Stock ESP32s, soft badges and the bridge for old apps have the playout alone ("plain"); badges
with room have the smooth playout.
"""
DELAY = """
## Mouth to ear

One run of seed 1 a row: before the playout delay followed the path, and now, plain and smooth. The
targets at p95 are 150 ms on clean and 250 ms on busy. Simulated people never pause, so the plain
playout, which catches up in pauses, looks worse than it is. What is not heard and what is clipped
are those of the smooth playout. 100 badges share one access point, so packets hold two frames: 20
ms of their delay. Beside it the same cell of the old app (v1), as the baseline has modelled it.
"""
FIRMWARE = """
## With the firmware itself

Eight badges, of which three run the firmware on real MicroPython, at the turns of its own loop; and
the same cell with engines alone. One run of seed 1 of `one-talker` a row, plain playout; the two
also differ by chance.
"""
FIRMWARE_BADGES = 3
PLAYOUT = """
## Playout beside others

`python -m tests.bench.playout`: 40 bursts of 5 s a trace; clean, busy and stress are two hops of
the simulator's profiles. Late is what was made up though it came, of what came. The constant delay,
and one for each burst, are chosen by somebody who knows the trace, for the late loss of "smooth".
Speex is rebuilt from descriptions, and stronger than its library: [decision
37](../adr/0037-the-playout-waits-for-what-a-burst-needs.md) has both, and the aim.
"""
CONCEALMENT = """
## Concealment

`python -m tests.bench.concealment`: PESQ-WB of the plain coder (2.65 without loss), mean of 24
runs.
"""
PAUSES = """
## Pauses

`python -m tests.bench.pauses`: the recordings in the tree, with 22 % of silence between them, in
noises made to published spectra, three of each. Frames of speech that are louder than the noise of
the same frame, of them those that listeners do not hear as they were said, because they were left
out as pauses; and the frames that were not sent, of all.
"""
BADGE = """
## What it takes of a badge

`python -m tests.bench.badge_cost`: the budgets that tests keep, of native instructions for all that
a frame needs; a chip that does one a cycle has so much of its time left. The target is 20 % of 240
MHz. A badge without room, as each at 160 MHz is, has no smooth playout, no G.722 and no levelled
microphone. A listener in G.722 who makes up lateness exceeds the target in every other frame at
most. While somebody talks, a badge's own code keeps no byte, and makes at most 64 bytes of garbage
a frame (`tests/shared/test_allocation.py`, `tests/firmware/test_hour.py`). Battery is by the model
of [power.md](../power.md), for an evening on a finished board.
"""
EAR = """
The same by PLCMOS, which knows only what was heard (1 to 5, the recordings themselves 4.6): mean of
8 runs. It puts the ways of concealing in the same order.
"""
CODECS = """
By codec, with the voice's own period. The aim is 2.8 at 5 % alone with the best codec that a badge
has, which is G.722. STOI hardly tells them apart: words survive what the ear minds. `make listen`
writes a page with players, in which people judge by ear. PLCMOS as above.
"""
EDGES = """
Clicks: steps from one sample to the next (of 32,767) where what was made up begins and ends.
"""


def run(scenario: str, profile: str, participants: int, *more: str) -> dict[str, Any]:
    """The figures of one run, with `more` options. Raises `CalledProcessError` when something must
    never have been."""
    command = [sys.executable, "-m", "pressel", "sim", "run", scenario, "--json", "--seed", "1"]
    command += ["--profile", profile, "--participants", str(participants), *more]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=LIMIT_S)
    return json.loads(done.stdout)["kpis"]


def mouth_to_ear() -> list[str]:
    rows = [
        "| scenario | profile | badges | before: p50 ms | p95 | plain: p50 | p95 | smooth: p50"
        " | p95 | not heard % | clipped ms | v1: p95 | not heard % |",
        "|---|---|" + "--:|" * 11,
    ]
    old = v1_figures()
    for (scenario, profile, participants), (p50_ms, p95_ms) in BEFORE.items():
        plain = run(scenario, profile, participants)
        smooth = run(scenario, profile, participants, "--smooth")
        delays = [each["mouth_to_ear_ms"] for each in (plain, smooth)]
        cells = [cell for each in delays for cell in (each["p50"], each["p95"])]
        rows.append(
            f"| {scenario} | {profile} | {participants} | "
            + " | ".join(f"{cell:.0f}" for cell in (p50_ms, p95_ms, *cells))
            + f" | {100 * smooth['frame_loss']:.1f} | {smooth['clipped_ms']:.0f}"
            + f" | {old[scenario, profile, participants]} |"
        )
    return rows


def in_firmware() -> list[str]:
    rows = [
        "| profile | engines: p50 ms | p95 | not heard % | firmware: p50 | p95 | not heard % |",
        "|---|" + "--:|" * 6,
    ]
    for profile in ("clean", "busy", "stress"):
        cells = []
        for more in ((), ("--virtual-badges", str(FIRMWARE_BADGES))):
            kpis = run("one-talker", profile, 8, *more)
            delay = kpis["mouth_to_ear_ms"]
            cells += [f"{delay['p50']:.0f}", f"{delay['p95']:.0f}"]
            cells.append(f"{100 * kpis['frame_loss']:.1f}")
        rows.append(f"| {profile} | {' | '.join(cells)} |")
    return rows


def v1_figures() -> dict[tuple[str, str, int], str]:
    """Two cells of each run of the old app with seed 1, by scenario, profile and participants."""
    found = {}
    for line in V1_RUNS.read_text("utf-8").splitlines():
        made = json.loads(line)
        if made["protocol"] == "v1" and made["seed"] == 1:
            delay, lost = made["kpis"]["mouth_to_ear_ms"], made["kpis"]["frame_loss"]
            late = "–" if delay is None else f"{delay['p95']:,.0f}"
            cells = f"{late} | {100 * lost:.1f}" if lost is not None else f"{late} | –"
            found[made["scenario"], made["profile"], made["participants"]] = cells
    return found


def concealed() -> list[str]:
    by_ear = [EAR, *concealment.by_ear()]
    in_codecs = [CODECS, *concealment.codecs()]
    return [*concealment.table(), *by_ear, *in_codecs, EDGES, *concealment.edges()]


PARTS: tuple[tuple[str, Callable[[], list[str]]], ...] = (
    (DELAY, mouth_to_ear),
    (FIRMWARE, in_firmware),
    (PLAYOUT, playout.rows),
    (CONCEALMENT, concealed),
    (PAUSES, pauses.table),
    (BADGE, badge_cost.table),
)


def main(word: str = "") -> None:
    made = dict(_parts(TARGET.read_text("utf-8"))) if word else {}
    parts = [HEAD.rstrip("\n")]
    for text, rows in PARTS:
        heading = text.split("\n")[1]
        if word.lower() in heading.lower() or heading not in made:
            made[heading] = "\n".join([text, *rows()])
        parts.append(made[heading])
    TARGET.write_text("\n".join(parts) + "\n", "utf-8")


def _parts(report: str) -> Iterator[tuple[str, str]]:
    """Each part of a report by its heading."""
    for part in report.rstrip("\n").split("\n\n## ")[1:]:
        yield "## " + part.split("\n")[0], "\n## " + part


if __name__ == "__main__":
    main(*sys.argv[1:2])
