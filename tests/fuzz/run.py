"""The fuzz run: python -m tests.fuzz.run --seconds N

Every harness in turn under atheris, then inputs changed at random. Says how many were tried and
which one failed. Exit code 1 when one did. Crashes and what was learned go to build/fuzz.

Without atheris: --count N --seed S. A single input again: --replay HARNESS FILE.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .corpus import keep, seeds
from .harnesses import HARNESSES
from .mutation import GROWTH_BYTES_MAX, Outcome, run_all

BUILD = Path(__file__).resolve().parents[2] / "build" / "fuzz"
RSS_MB_MAX = 1024
ONE_INPUT_S_MAX = 20
BYTES_MAX = 1300  # of one input; a datagram has 1,200
SCRIPT_BYTES_MAX = 800  # of one for an engine, which takes longer
PROCESSES = 2
SHARES = {"envelope": 0.3, "voice": 0.3, "codec": 0.2, "evolution": 0.19}
ENGINE_SHARE = 0.005  # of a count: a whole engine takes a hundred times as long
MUTATION_PART = 0.2  # of the seconds
COUNT_A_SECOND = 60_000  # rather few, so that the seconds are kept on a slow machine


def fuzz_for(seconds: float, names: list[str]) -> bool:
    """True when nothing failed."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed; not every machine has a wheel. Random changes only:")
        return mutate(int(seconds * COUNT_A_SECOND), 1, names)
    each = max(1, int(seconds * (1 - MUTATION_PART) / len(names)))
    fine = [fuzz_with_atheris(name, each) for name in names]
    return mutate(int(seconds * MUTATION_PART * COUNT_A_SECOND), 1, names) and all(fine)


def longest(name: str) -> int:
    return BYTES_MAX if name in SHARES else SCRIPT_BYTES_MAX


def fuzz_with_atheris(name: str, seconds: int) -> bool:
    learned = BUILD / name
    learned.mkdir(parents=True, exist_ok=True)
    prefix = BUILD / f"{name}-"
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder, "start")
        write_seeds(name, start)
        options = [
            f"-max_total_time={seconds}",
            f"-artifact_prefix={prefix}",
            f"-max_len={longest(name)}",
            f"-rss_limit_mb={RSS_MB_MAX}",
            f"-timeout={ONE_INPUT_S_MAX}",
            "-print_final_stats=1",
        ]
        command = [sys.executable, "-m", "tests.fuzz.worker", name, *options]
        done = subprocess.run(
            [*command, str(learned), str(start)], capture_output=True, text=True, check=False
        )
    tried = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    count = int(tried[1]) if tried else 0
    print(f"{name:18} {count:>10} executions, {count // seconds:>6} a second, atheris", flush=True)
    written = re.search(r"Test unit written to (\S+)", done.stderr)
    if done.returncode == 0 and not written:
        return True
    print(traceback_of(done.stderr))
    if written:
        tell_failure(name, Path(written[1]))
    return False


def traceback_of(output: str) -> str:
    """What atheris printed of the exception; all of it when there was none (out of memory)."""
    _, _, found = output.partition("Uncaught Python exception: ===")
    return found.partition("==")[0].strip() or output[-2000:]


def tell_failure(name: str, file: Path) -> None:
    place = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    print(f"{name} FAILED. Try this input again with")
    print(f"  python -m tests.fuzz.run --replay {name} {place}")


def mutate(count: int, seed: int, names: list[str]) -> bool:
    counts = {name: max(PROCESSES, int(count * SHARES.get(name, ENGINE_SHARE))) for name in names}
    outcomes = run_all(counts, seed, PROCESSES, BUILD)
    for name in names:
        tell_outcome(name, [outcome for outcome in outcomes if outcome.harness == name])
    return all(
        outcome.failed is None and outcome.growth_bytes < GROWTH_BYTES_MAX for outcome in outcomes
    )


def tell_outcome(name: str, parts: list[Outcome]) -> None:
    count = sum(part.executions for part in parts)
    speed = sum(part.executions / max(part.seconds, 1e-9) for part in parts)
    growth_kb = max(part.growth_bytes for part in parts) // 1024
    print(
        f"{name:18} {count:>10} executions, {speed:>6.0f} a second, random changes, "
        f"memory {growth_kb:+} kB",
        flush=True,
    )
    for part in parts:
        if part.failed is not None:
            print(part.error)
            tell_failure(name, BUILD / f"mutation-{name}")
        elif part.growth_bytes >= GROWTH_BYTES_MAX:
            print(f"{name} FAILED: memory grew by {part.growth_bytes >> 20} MB")


def minimise() -> None:
    """Of what was learned and what was kept before, keep only inputs that reach something new."""
    for name in HARNESSES:
        with tempfile.TemporaryDirectory() as folder:
            kept, best = Path(folder, "kept"), Path(folder, "best")
            write_seeds(name, kept)
            best.mkdir()
            command = [sys.executable, "-m", "tests.fuzz.worker", name, "-merge=1"]
            options = [f"-max_len={longest(name)}", str(best), str(kept)]
            learned = [str(BUILD / name)] if (BUILD / name).is_dir() else []
            subprocess.run([*command, *options, *learned], capture_output=True, check=True)
            keep(name, [path.read_bytes() for path in best.iterdir()])


def write_seeds(name: str, folder: Path) -> None:
    folder.mkdir()
    for number, seed in enumerate(seeds(name)):
        (folder / str(number)).write_bytes(seed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="for all harnesses together")
    parser.add_argument("--count", type=int, help="random changes instead: so many inputs")
    parser.add_argument("--seed", type=int, default=1, help="of the random changes")
    parser.add_argument("--harness", choices=HARNESSES, help="only this one")
    parser.add_argument("--replay", nargs=2, metavar=("HARNESS", "FILE"))
    parser.add_argument("--minimise", action="store_true", help="write corpus/ anew")
    given = parser.parse_args()
    names = [given.harness] if given.harness else list(HARNESSES)
    if given.replay:
        HARNESSES[given.replay[0]](Path(given.replay[1]).read_bytes())
        print("Nothing failed.")
    elif given.minimise:
        minimise()
    elif given.count:
        return 0 if mutate(given.count, given.seed, names) else 1
    elif given.seconds:
        return 0 if fuzz_for(given.seconds, names) else 1
    else:
        parser.error("--seconds, --count, --replay or --minimise")
    return 0


if __name__ == "__main__":
    sys.exit(main())
