"""Boxes that share a sweep: the same runs with the same results, whoever did them, also when one
of the boxes dies; and nobody takes part who has other keys."""

from __future__ import annotations

import contextlib
import datetime
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.patience import PATIENCE_S, wait_for

from pressel import cli
from pressel.errors import UsageError
from pressel.sim.choice import Choice, specs_of
from pressel.sim.farm import dask, keys
from pressel.sim.farm.address import scheduler_at
from pressel.sim.farm.work import mark_of, run_here
from pressel.sim.sweep import Tally

NOW = datetime.datetime.now(datetime.UTC)
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="Dask is not installed: `make farm` does it"
)
SWEEP = ("sim", "sweep", "--scenario", "one-talker", "--profile", "clean", "--participants", "3")
SEEDS = "1..8"

Begin = Callable[..., tuple[subprocess.Popen[str], str]]


def test_a_sweeps_digest_is_the_same_in_any_order() -> None:
    runs = [
        (Choice("burst", seed=seed), {"digest": f"{seed}", "violations": []}) for seed in (1, 2)
    ]
    one, other, twice = Tally(), Tally(), Tally()
    for choice, result in runs:
        one.add(choice, result)
        twice.add(choice, runs[0][1])
    for choice, result in reversed(runs):
        other.add(choice, result)
    assert one.digest == other.digest
    assert twice.digest != one.digest
    assert len({one.digest, Tally().digest}) == 2


def test_keys_are_private_and_made_once(tmp_path: Path) -> None:
    keys.make(tmp_path / "keys", NOW)
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "keys").iterdir())
    with pytest.raises(UsageError, match="has keys already"):
        keys.make(tmp_path / "keys", NOW)


class Shown:
    """In place of Dask, of which the keys need one class only."""

    @staticmethod
    def Security(**facts: Any) -> dict[str, Any]:
        return facts


def test_keys_are_asked_for_by_both_sides(tmp_path: Path) -> None:
    keys.make(tmp_path, NOW)
    shown = keys.security(tmp_path, Shown)
    assert shown.pop("require_encryption") is True
    assert shown.pop("tls_ca_file") == str(tmp_path / keys.AUTHORITY)
    roles = {name.removeprefix("tls_") for name in shown}
    assert roles == {f"{a}_{b}" for a in ("client", "scheduler", "worker") for b in ("cert", "key")}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / keys.KEY).unlink(), "'pressel sim farm keys "),
        (lambda folder: (folder / keys.AUTHORITY).unlink(), "'pressel sim farm keys "),
        (lambda folder: (folder / keys.KEY).chmod(0o644), "others can read the key"),
        (lambda folder: (folder / keys.CERTIFICATE).write_text("no"), "copy them anew"),
    ],
    ids=["no key", "no authority", "open to others", "damaged"],
)
def test_bad_keys_are_refused(spoil: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    keys.make(tmp_path, NOW)
    spoil(tmp_path)
    with pytest.raises(UsageError, match=words):
        keys.security(tmp_path, Shown)


def test_keys_end(tmp_path: Path) -> None:
    keys.make(tmp_path, NOW - datetime.timedelta(days=keys.DAYS + 1))
    with pytest.raises(UsageError, match="have ended on"):
        keys.security(tmp_path, Shown)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--scheduler", "tls://127.0.0.1:1"], "--scheduler needs --keys"),
        (["--keys", "keys"], "--keys is for --scheduler"),
        (
            ["--scheduler", "tls://127.0.0.1:1", "--keys", "keys", "--processes", "2"],
            "leave --processes out",
        ),
        (["--scheduler", "tcp://127.0.0.1:1", "--keys", "keys"], "is no address of a scheduler"),
    ],
)
@pytest.mark.parametrize("command", ["sweep", "swarm"])
def test_what_makes_no_sense_is_refused(
    command: str, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sim", command, "--seeds", "1", *options]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["", "tls://", "tls://:8786", "tls://h:0", "tls://h:65536", "tls://h:x", "tls:/h", "h:8786"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=f"'{text}' is no address"):
        scheduler_at(text)
    assert scheduler_at("tls://box") == "tls://box:8786"


def test_without_dask_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="run 'make farm'"):
        dask.load()


def test_the_source_is_what_a_run_follows_from(tmp_path: Path) -> None:
    marks = {mark_of(tmp_path)}
    file = tmp_path / "shared/ptt/wire/voice.py"
    file.parent.mkdir(parents=True)
    for text in ("one", "two"):
        file.write_text(text)
        marks.add(mark_of(tmp_path))
    file.rename(file.with_name("other.py"))
    marks.add(mark_of(tmp_path))
    assert len(marks) == 4


def test_a_box_with_another_source_refuses() -> None:
    (spec,) = specs_of([Choice("one-talker", participants=2)])
    assert "has another source" in run_here(spec, "cpython", "other")["refused"]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Starts a command of the farm; gives its process and the first line that it says."""
    with contextlib.ExitStack() as stack:

        def start(*words: str) -> tuple[subprocess.Popen[str], str]:
            program = (sys.executable, "-m", "pressel", "sim", "farm", *words)
            process = stack.enter_context(
                subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
            )
            stack.callback(process.kill)
            assert process.stderr is not None
            return process, process.stderr.readline()

        yield start


def in_order(lines: Iterable[str]) -> list[dict[str, Any]]:
    """What a sweep has printed, by seed, and its summary; without what differs by machine."""
    rows = [json.loads(line) for line in lines]
    for row in rows:
        row.pop("wall_s", None)
    return sorted(rows[:-1], key=lambda row: row["seed"]) + rows[-1:]


def workers_of(box: psutil.Process) -> list[psutil.Process]:
    """Not the processes by which it looks which Python is there."""
    found = []
    for child in box.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [child] if "pressel.sim.world" in child.cmdline() else []
    return found


@needs_dask
@pytest.mark.proof
def test_a_box_dies_and_the_results_are_those_of_one_box(
    begin: Begin, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    for folder in (mine, other):
        keys.make(folder, NOW)
    scheduler, said = begin("schedule", "--keys", str(mine), "--listen", "127.0.0.1:0")
    address = said.split()[-1]
    assert address.startswith("tls://127.0.0.1:")
    stranger, said = begin("work", address, "--keys", str(other))
    assert stranger.wait(PATIENCE_S) == 3
    assert "no scheduler answers" in said
    assert cli.main([*SWEEP, "--seeds", "1", "--scheduler", address, "--keys", str(other)]) == 3
    capsys.readouterr()

    boxes = []
    for _ in range(2):
        box, said = begin("work", address, "--keys", str(mine), "--processes", "1")
        assert "works for " in said
        boxes.append(box)
    asked = [sys.executable, "-m", "pressel", *SWEEP, "--json", "--seeds", SEEDS]
    with subprocess.Popen(
        [*asked, "--scheduler", address, "--keys", str(mine)], stdout=subprocess.PIPE, text=True
    ) as shared:
        assert shared.stdout is not None
        victim = psutil.Process(boxes[0].pid)
        wait_for(lambda: workers_of(victim), "the first run of a box")
        (worker,) = workers_of(victim)
        worker.suspend()  # so that it is in the midst of a run
        victim.kill()
        with contextlib.suppress(psutil.NoSuchProcess):  # the system may have ended it, too
            worker.resume()
        lines = shared.stdout.readlines()
        assert shared.wait(PATIENCE_S) == 0
    worker.wait(PATIENCE_S)  # it ends with its box
    assert [json.loads(line)["seed"] for line in lines[:-1]] == list(range(1, 9))
    assert cli.main([*SWEEP, "--json", "--seeds", SEEDS]) == 0
    assert in_order(lines) == in_order(capsys.readouterr().out.splitlines())

    for process in (boxes[1], scheduler):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
