"""Many badges at once: each in a thread, each with a progress bar, and none stops the others."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from pressel.errors import PresselError, disk_error
from pressel.registry.roll import Roll

from .identity import Claims
from .job import STAGES, Tell, flash_badge
from .line import Stop
from .messages import FlashError, flash_error
from .order import Order, Outcome

# Opened by each thread for itself: a database connection is bound to its thread.
OpenRegistry = Callable[[], contextlib.AbstractContextManager[Roll]]

_LOOK_S = 0.5  # as long as Ctrl-C may go unheard

_STYLES = {"failed": "red", "done": "green"}


Work = Callable[[str, Roll | None, Tell, Stop], Outcome]  # on one port


def flash_fleet(ports: list[str], order: Order, registry: OpenRegistry | None) -> list[Outcome]:
    """Flash all `ports` in parallel, as `run_fleet` does."""
    claims = Claims()

    def work(port: str, opened: Roll | None, tell: Tell, stop: Stop) -> Outcome:
        return flash_badge(port, order, opened, tell, stop, claims)

    return run_fleet(ports, STAGES, work, registry)


def run_fleet(
    ports: list[str], stages: tuple[str, ...], work: Work, registry: OpenRegistry | None
) -> list[Outcome]:
    """Do `work` on all `ports` in parallel; the outcomes in their order. Ctrl-C stops each badge at
    whatever it waits for; these end with the code "stopped", and the outcomes of the others are
    told."""
    fleet = _Fleet(stages, work, registry)
    with _asks(fleet.stop), fleet.bars, ThreadPoolExecutor(len(ports)) as threads:
        jobs: list[Future[Outcome]] = [threads.submit(fleet.run, port) for port in ports]
        while wait(jobs, _LOOK_S).not_done:
            pass  # a signal that comes just before the wait begins is heard after it
    return [job.result() for job in jobs]


@contextlib.contextmanager
def _asks(stop: Stop) -> Iterator[None]:
    """Ctrl-C asks `stop` and interrupts nothing, however often: the outcomes would be lost."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are heard only there
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.ask())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class _Fleet:
    def __init__(self, stages: tuple[str, ...], work: Work, registry: OpenRegistry | None) -> None:
        self._stages = stages
        self._work = work
        self._registry = registry
        self.stop = Stop()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[stage]}"),
            TimeElapsedColumn(),
        )
        is_shown = sys.stderr.isatty()
        self.bars = Progress(*columns, console=Console(stderr=True), disable=not is_shown)

    def run(self, port: str) -> Outcome:
        bar = self.bars.add_task(port, total=len(self._stages) - 1, stage="")

        def tell(stage: str, share: float) -> None:
            if self.stop.is_asked and stage != "done":
                raise flash_error("stopped", port=port, stage=stage)
            done = self._stages.index(stage) + (share if share < 1 else 0)
            self._show(bar, stage, completed=done)

        try:
            opened = self._registry() if self._registry else contextlib.nullcontext()
            with opened as registry:
                return self._work(port, registry, tell, self.stop)
        except Exception as error:
            self._show(bar, "failed")
            return _failed(port, error)

    def _show(self, bar: TaskID, stage: str, **changes: float) -> None:
        style = _STYLES.get(stage, "")
        text = f"[{style}]{stage}[/]" if style else stage
        self.bars.update(bar, stage=text, **changes)  # pyright: ignore[reportArgumentType]


def _failed(port: str, error: Exception) -> Outcome:
    error = disk_error(error) or error
    if not isinstance(error, PresselError):  # a bug; the other badges do not mind
        reason = f"{type(error).__name__}: {error}"
        error = flash_error("loader", port=port, reason=reason)
    code = error.code if isinstance(error, FlashError) else ""
    return Outcome(port, error=str(error), code=code)
