"""One demo from start to report."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from pressel.errors import PresselError
from pressel.report.burst import Report
from pressel.report.make import make_report
from pressel.report.run import BadgeRun, BadgeStats, RunData
from pressel.report.timeline import PcmTimeline

from . import script
from .actor import Actor
from .speeches import Speech, load_speeches
from .venue import run_badges, run_leader

Tell = Callable[[str, float], None]

_PARENT_CHECK_S = 0.5
_FOLDERS_MAX = 9  # demos at once that share one --out


def run_demo(
    out: Path, speech: Path | None, dies_with_parent: bool, tell: Tell
) -> tuple[Report, Path]:
    """Play the script, measure it, write the report; returns it and its folder.

    `tell` gets each step as (words, expected seconds). Raises PresselError.
    """
    speeches, source = load_speeches(speech)
    with _own_folder(out) as folder:
        work = folder / f".work-{os.getpid()}"
        try:
            work.mkdir()
            run = asyncio.run(_run(work, speeches, source, dies_with_parent, tell))
            tell("measuring what was heard", 4.0)
            return make_report(run, folder), folder
        finally:
            shutil.rmtree(work, ignore_errors=True)


async def _run(
    work: Path, speeches: list[Speech], source: str, dies_with_parent: bool, tell: Tell
) -> RunData:
    _end_on_signals()
    watch = asyncio.create_task(_watch_parent(os.getppid())) if dies_with_parent else None
    started_at = datetime.now().astimezone()
    tell("starting a leader and three badges", 3.0)
    async with (
        run_leader(work) as leader,
        run_badges(script.NAMES, leader.address, work) as actors,
    ):
        turns = await script.play(actors, speeches, tell)
        bursts = tuple(script.as_burst(turn, actors) for turn in turns)
    if watch:
        watch.cancel()
    return RunData(
        title="Speech from badge to badge",
        speech_source=source,
        started_at=started_at,
        badges=tuple(_badge_run(actor) for actor in actors),
        bursts=bursts,
    )


def _badge_run(actor: Actor) -> BadgeRun:
    badge = actor.badge
    heard, played = badge.microphone, badge.speaker
    return BadgeRun(
        name=actor.name,
        microphone=PcmTimeline(heard.t0_ms, heard.pcm),
        speaker=PcmTimeline(played.t0_ms, played.pcm),
        stats=BadgeStats.from_event(badge.last_stats or {}),
    )


def _end_on_signals() -> None:
    """A terminated demo cleans up like an interrupted one."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)


async def _watch_parent(parent: int) -> None:
    """End when `make` was killed: it can no longer tell us."""
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _own_folder(out: Path) -> Iterator[Path]:
    """`out`, or `out-2` and so on while another demo writes there."""
    for number in range(1, _FOLDERS_MAX + 1):
        folder = out if number == 1 else out.with_name(f"{out.name}-{number}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = open(folder / ".lock", "w")  # noqa: SIM115
        except OSError as error:
            raise PresselError(f"cannot write to {folder}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        with lock:
            _clear_left_overs(folder)
            yield folder
        return
    raise PresselError(f"{_FOLDERS_MAX} demos write to {out} already; choose another --out")


def _clear_left_overs(folder: Path) -> None:
    """What a demo that was killed could not delete."""
    for left in folder.glob(".work-*"):
        shutil.rmtree(left, ignore_errors=True)
