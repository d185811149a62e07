"""Runs that others do: as `workers.outcomes`, but on the boxes that have lent themselves to a
scheduler, and in the order in which they were asked for."""

from __future__ import annotations

import contextlib
import itertools
import time
import uuid
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pressel.errors import PresselError, UnreachableError

from ..workers import Interpreter, Outcomes, Result, RunDied, Spec
from . import dask
from .address import scheduler_at
from .keys import security
from .work import run_here, source

_CONNECT_S = 15.0
_LOOK_S = 2.0  # while a run is waited for: is anybody left who could do it?
_NOBODY_S = 60.0  # a box that restarts is back by then
_UNDER_WAY = 256  # asked for at once: some minutes of a dozen cores, and 2 MB of facts


class Farm:
    """A connection to the scheduler at `address`, which must be "tls://HOST:PORT"."""

    def __init__(self, address: str, keys: Path, python: str | None = None) -> None:
        address = scheduler_at(address)
        self._distributed = dask.load()
        self._address, self._python = address, python
        shown = security(keys, self._distributed)
        try:
            self._client = self._distributed.Client(
                address, security=shown, timeout=_CONNECT_S, set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            raise UnreachableError(
                f"no scheduler answers at {address}, or it has other keys than those in {keys}; "
                "'pressel sim farm schedule' begins one"
            ) from error

    def close(self) -> None:
        """Whatever is under way is not wanted any more."""
        with contextlib.suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=_LOOK_S)

    def outcomes(
        self,
        specs: Sequence[Spec],
        using: Interpreter | None = None,
        processes: int | None = None,
    ) -> Outcomes:
        """(index, outcome) of each of `specs`, in their order. Which Python and how many processes
        is for each box to say. UnreachableError when scheduler or boxes stay away."""
        mark = uuid.uuid4().hex
        todo = iter(enumerate(specs))
        asked: deque[tuple[int, Spec, Any]] = deque()
        try:
            while True:
                for index, spec in itertools.islice(todo, _UNDER_WAY - len(asked)):
                    future = self._client.submit(
                        run_here, spec, self._python, source(), key=f"{mark}-{index}", pure=False
                    )
                    asked.append((index, spec, future))
                if not asked:
                    return
                index, spec, future = asked[0]
                outcome = self._outcome(spec, future)
                asked.popleft()
                yield index, outcome
        finally:
            with contextlib.suppress(Exception):  # the scheduler may be gone
                self._client.cancel([future for _, _, future in asked])

    def _outcome(self, spec: Spec, future: Any) -> Result | RunDied:
        seen_s = time.monotonic()
        while True:
            try:
                answer = future.result(timeout=_LOOK_S)
            except TimeoutError:
                if self._boxes():
                    seen_s = time.monotonic()
                elif time.monotonic() - seen_s > _NOBODY_S:
                    raise UnreachableError(
                        f"no box works for {self._address}, for {_NOBODY_S:g} s now; "
                        "begin 'pressel sim farm work' on one"
                    ) from None
                continue
            except self._distributed.KilledWorker:
                return RunDied(spec, "each box that was given it ended")
            except (OSError, self._distributed.CancelledError) as error:
                raise self._lost() from error
            if "result" in answer:
                return answer["result"]
            if "died" in answer:
                return RunDied(spec, answer["died"])
            raise PresselError(f"a box {answer['refused']}")

    def _boxes(self) -> int:
        try:
            return len(self._client.nthreads())
        except Exception as error:  # of Dask, which has many for this
            raise self._lost() from error

    def _lost(self) -> UnreachableError:
        return UnreachableError(
            f"the scheduler at {self._address} has ended, or lost what we asked"
        )
