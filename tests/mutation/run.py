"""Plants small faults into the engines, one at a time, and counts those that no test notices:
`python -m tests.mutation.run [ROOM ...] [--minutes N]`, or `make mutation`.

What was tried is kept in build/mutation and holds as long as the file is the same, so a run that
was stopped goes on. A mutant that changes nothing that anybody could notice is named in equal.toml
with the reason, and counts for nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from . import reach, trial
from .changes import Mutant, mutants_of

KEPT = reach.ROOT / "build" / "mutation"
EQUAL = Path(__file__).with_name("equal.toml")
ROOMS = ("base", "wire", "link", "media", "microphone", "badge", "keyboard", "leader", "cluster",
         "fanout", "multicast", "relay", "relayed", "proof")  # fmt: skip
GOAL = 95  # % of what is not equal
_TESTS_MAX_S = 20.0  # that a mutant must live through, the quickest first


@dataclass(frozen=True)
class Planted:
    """A mutant of `file`, and under which key what became of it is kept."""

    file: str
    mutant: Mutant
    key: str


@dataclass
class Room:
    """What became of a room's mutants."""

    killed: int = 0
    equal: int = 0
    left: int = 0
    survived: list[Planted] = field(default_factory=list)

    @property
    def score(self) -> float | None:
        """Of those that were tried, in %."""
        tried = self.killed + len(self.survived)
        return 100 * self.killed / tried if tried else None


def planted(room: str) -> Iterator[Planted]:
    for path in sorted((reach.ENGINES / room).rglob("*.py")):
        source = path.read_text("utf-8")
        file = str(path.relative_to(reach.ROOT))
        whole = hashlib.sha256(source.encode()).hexdigest()[:16]
        seen: dict[str, int] = {}
        for mutant in mutants_of(source):
            name = f"{file}:{mutant.where}:{mutant.what}"
            seen[name] = seen.get(name, -1) + 1
            yield Planted(file, mutant, f"{whole}:{name}:{seen[name]}")


class Kept:
    """Results by key, a line each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.results: dict[str, str] = {}
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                key, result = json.loads(line)
                self.results[key] = result

    def add(self, key: str, result: str) -> None:
        self.results[key] = result
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([key, result]) + "\n")


def equal_names() -> set[tuple[str, str, str]]:
    """Those that change nothing: file, where, what."""
    rows = tomllib.loads(EQUAL.read_text("utf-8")).get("mutant", [])
    return {(row["file"], row["where"], row["what"]) for row in rows}


def is_equal(each: Planted, equal: set[tuple[str, str, str]]) -> bool:
    return (each.file, each.mutant.where, each.mutant.what) in equal


def try_all(waiting: list[Planted], found: reach.Reach, kept: Kept, until_s: float) -> None:
    """Until all are tried, or the time is over."""
    running: dict[int, Planted] = {}
    count = len(waiting)
    queue = iter(waiting)
    done = 0
    workers = os.cpu_count() or 1
    while True:
        while len(running) < workers and time.monotonic() < until_s:
            each = next(queue, None)
            if each is None:
                break
            tests = found.tests(each.file, each.mutant.line, bool(each.mutant.where))
            chosen, seconds = _within(tests, found.seconds)
            if not chosen:
                kept.add(each.key, trial.SURVIVED)
                done += 1
                continue
            number = trial.begin(reach.ROOT / each.file, each.mutant.text, chosen, seconds)
            running[number] = each
        if not running:
            return
        number, status = os.wait()
        each = running.pop(number)
        kept.add(each.key, trial.result(status))
        done += 1
        if sys.stderr.isatty() or done % 200 == 0:
            print(f"\r{done:,} of {count:,} mutants tried", end="", file=sys.stderr, flush=True)


def _within(tests: list[str], seconds: dict[str, float]) -> tuple[list[str], float]:
    chosen: list[str] = []
    spent_s = 0.0
    for test in tests:
        spent_s += seconds.get(test, 0.0)
        if chosen and spent_s > _TESTS_MAX_S:
            break
        chosen.append(test)
    return chosen, spent_s


def judged(room: str, kept: Kept, equal: set[tuple[str, str, str]]) -> Room:
    found = Room()
    for each in planted(room):
        result = kept.results.get(each.key)
        if is_equal(each, equal):
            found.equal += 1
        elif result is None:
            found.left += 1
        elif result == trial.KILLED:
            found.killed += 1
        else:
            found.survived.append(each)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Which faults in the engines no test notices.")
    parser.add_argument("rooms", nargs="*", default=ROOMS, help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--minutes", type=float, default=480.0)
    parser.add_argument("--anew", action="store_true", help="measure anew which test reaches what")
    given = parser.parse_args()
    for room in given.rooms:
        if not (reach.ENGINES / room).is_dir():
            parser.error(f"there is no room '{room}'; take one of {', '.join(ROOMS)}")
    until_s = time.monotonic() + given.minutes * 60
    print("which test reaches which line?", file=sys.stderr, flush=True)
    found = reach.measured(KEPT / "reach", until_s, anew=given.anew)
    if found is None:
        return 0
    kept, equal = Kept(KEPT / "results.jsonl"), equal_names()
    waiting = [
        each
        for room in given.rooms
        for each in planted(room)
        if each.key not in kept.results and not is_equal(each, equal)
    ]
    trial.prepare()
    for file in sorted({each.file for each in waiting}):
        tests, seconds = _within(found.tests(file, 0, False), found.seconds)
        if tests:
            trial.check(reach.ROOT / file, tests, seconds)
    try_all(waiting, found, kept, until_s)
    print(text({room: judged(room, kept, equal) for room in given.rooms}))
    return 0


def text(rooms: dict[str, Room]) -> str:
    """The survivors, and the score by room."""
    lines = [""]
    for room in rooms.values():
        for each in room.survived:
            where = f" in {each.mutant.where}" if each.mutant.where else ""
            lines.append(f"{each.file}:{each.mutant.line}{where}: {each.mutant.what}")
    lines += [
        "",
        "| room | killed | survived | equal | not tried | score |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, room in rooms.items():
        score = "-" if room.score is None else f"{room.score:.1f} %"
        lines.append(
            f"| {name} | {room.killed:,} | {len(room.survived):,} | {room.equal:,} | {room.left:,} "
            f"| {score} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
