"""A `pressel` command as a process of its own, and waiting for things to happen, with deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from tests.patience import PATIENCE_S

from pressel.cli import main

PRESSEL = (sys.executable, "-m", "pressel")

_LOOK_EVERY_S = 0.05
_TYPING = threading.Lock()  # standard output is the process's


@dataclass(frozen=True)
class Result:
    """How a command ended: exit code (negative: the signal) and what it wrote."""

    code: int
    out: str
    err: str

    def is_one_sentence(self) -> bool:
        """One line on standard error that begins with our name, nothing on standard output."""
        return not self.out and self.err.count("\n") == 1 and self.err.startswith("pressel: ")


class Command:
    """A running command; what it writes goes to files in `folder`."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.process = process
        self._folder = folder

    @property
    def out(self) -> str:
        return (self._folder / "out").read_text("utf-8", "replace")

    @property
    def err(self) -> str:
        return (self._folder / "err").read_text("utf-8", "replace")

    def family(self) -> list[psutil.Process]:
        """The process and all below it, as of now."""
        try:
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    async def end(self, limit_s: float = PATIENCE_S) -> Result:
        """Wait until it ends by itself."""
        code = await asyncio.to_thread(self.process.wait, limit_s)
        return Result(code, self.out, self.err)

    async def stop(self) -> Result:
        """End it as a service manager would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return await self.end()

    async def line(self, words: str, limit_s: float = PATIENCE_S) -> None:
        """Wait until it has written `words` to standard error."""
        await until(lambda: words in self.err, f"'{words}' on standard error", limit_s)


@contextlib.asynccontextmanager
async def running(
    folder: Path, *args: str | Path, command: tuple[str, ...] = PRESSEL, cwd: Path | None = None
) -> AsyncIterator[Command]:
    """`pressel` with `args`, killed with all below it if it still runs at the end."""
    folder.mkdir(parents=True)
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [*command, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            cwd=cwd,
            preexec_fn=_hear_interrupts,
        )
    started = Command(process, folder)
    try:
        yield started
    finally:
        for member in reversed(started.family()):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        await started.end()
        if process.stdin:
            process.stdin.close()


def _hear_interrupts() -> None:
    """A background shell makes all processes below it deaf to Ctrl-C, and one may have started the
    tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


async def run(folder: Path, *args: str | Path, limit_s: float = PATIENCE_S) -> Result:
    """`pressel` with `args`, to its end."""
    async with running(folder, *args) as command:
        return await command.end(limit_s)


async def typed(*args: str | Path) -> Result:
    """`pressel` with `args`, to its end, within this process: for commands that ask a host, where
    starting another Python would take longer than all the rest."""
    return await asyncio.to_thread(_type, [str(each) for each in args])


def _type(args: list[str]) -> Result:
    out, err = io.StringIO(), io.StringIO()
    with _TYPING, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(args)
    return Result(code, out.getvalue(), err.getvalue())


async def until(is_so: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
    """Wait for something that nobody tells us about."""
    deadline_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {limit_s:g} s for {what}"
        await asyncio.sleep(_LOOK_EVERY_S)


async def all_gone(processes: list[psutil.Process], limit_s: float = PATIENCE_S) -> None:
    """Wait until none of the processes lives."""
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, limit_s)
    left = [each.cmdline() for each in alive if each.is_running()]
    assert not left, f"still there after {limit_s:g} s: {left}"
