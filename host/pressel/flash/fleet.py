"""Many badges at once: each in a thread, each with a progress bar, and none stops the others."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from serial.tools import list_ports

from pressel.errors import PresselError

from .job import DeviceRegistry, Order, Outcome, flash_badge

_STAGES = ("connect", "write", "verify", "boot", "check", "register", "done")


# Opened by each thread for itself: a database connection is bound to its thread.
OpenRegistry = Callable[[], contextlib.AbstractContextManager[DeviceRegistry]]


def attached_ports() -> list[str]:
    """Serial ports on USB: those of a board's bridge or of the chip itself."""
    return sorted(each.device for each in list_ports.comports() if each.vid is not None)


def flash_fleet(ports: list[str], order: Order, registry: OpenRegistry | None) -> list[Outcome]:
    """Flash all `ports` in parallel; the outcomes in their order."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[stage]}"))
    console = Console(stderr=True)
    with (
        Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bars,
        ThreadPoolExecutor(len(ports)) as threads,
    ):
        return list(threads.map(lambda port: _one(port, order, registry, bars), ports))


def _one(port: str, order: Order, registry: OpenRegistry | None, bars: Progress) -> Outcome:
    bar = bars.add_task(port, total=len(_STAGES), stage="")

    def tell(stage: str, share: float) -> None:
        bars.update(bar, completed=_STAGES.index(stage) + share, stage=stage)

    try:
        with registry() if registry else contextlib.nullcontext() as opened:
            return flash_badge(port, order, opened, tell)
    except PresselError as error:
        bars.update(bar, stage="failed")
        return Outcome(port, error=str(error))
