"""What runs until it is told to end: the scheduler, which gives runs out, and a box that has lent
itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UnreachableError

from . import dask
from .address import scheduler_at
from .keys import security

_NO_PAGES = "127.0.0.1:0"  # where Dask's web server is, which has no pages here
_CONNECT_S = 15.0
_FAILURES = 3  # boxes that may end while they do a run, before it is the run's fault
_SILENT_S = 60  # a box that has not been heard for so long is gone: what it had, others do


def schedule(host: str, port: int, keys: Path, say: Callable[[str], object]) -> None:
    """Give runs out until a signal ends it. PresselError when the address cannot be had."""
    distributed = dask.load()
    shown = security(keys, distributed)

    async def serve() -> None:
        try:
            scheduler = await distributed.Scheduler(
                host=host,
                port=port,
                protocol="tls",
                security=shown,
                dashboard=False,
                dashboard_address=_NO_PAGES,
                allowed_failures=_FAILURES,
                worker_ttl=_SILENT_S,
            )
        except (OSError, RuntimeError) as error:
            raise PresselError(f"cannot listen at {host}:{port}: {_reason(error)}") from error
        say(f"gives runs out at {scheduler.address}")
        await _serve_until_told(scheduler)

    asyncio.run(serve())


def work(address: str, keys: Path, processes: int | None, say: Callable[[str], object]) -> None:
    """Do what the scheduler at `address` gives out, in `processes` at once (one per core), until a
    signal or the scheduler ends it."""
    address = scheduler_at(address)
    distributed = dask.load()
    shown = security(keys, distributed)
    count = processes or os.cpu_count() or 1

    async def serve(folder: str) -> None:
        try:
            box = await distributed.Worker(
                address,
                nthreads=count,
                security=shown,
                protocol="tls",
                dashboard=False,
                dashboard_address=_NO_PAGES,
                local_directory=folder,
                memory_limit=0,
                death_timeout=_CONNECT_S,
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise UnreachableError(
                f"no scheduler answers at {address}, or it has other keys than those in {keys}"
            ) from error
        say(f"works for {address}, with {count} at once")
        await _serve_until_told(box)

    with tempfile.TemporaryDirectory(prefix="pressel-farm-") as folder:
        asyncio.run(serve(folder))


async def _serve_until_told(server: Any) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    waits = [asyncio.ensure_future(each) for each in (told.wait(), server.finished())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    with contextlib.suppress(Exception):  # of Dask, which ends anyhow
        await server.close()


def _reason(error: BaseException) -> str:
    """The system's own words, which Dask wraps."""
    cause = error.__cause__ or error
    return getattr(cause, "strerror", None) or str(cause)
