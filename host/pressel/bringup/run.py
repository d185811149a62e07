"""Runs the bring-up tests one after the other and keeps what came out: a run that was broken off
goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.boards.board import board_ids, load_board
from pressel.boards.chip import Chip, chip_ids, load_chip
from pressel.errors import UsageError
from pressel.flash.messages import FlashError

from .badge import Bench, Unfinished
from .judge import answered, judged
from .plan import Test
from .result import Done, Result, read_result, write_result

_GONE = ("unplugged", "stopped", "no-port", "port-busy", "no-permission")  # the next fails, too


@dataclass
class Person:
    """Who sits before the badge. `ask` gives the answer to a yes-or-no question; None: nobody."""

    say: Callable[[str], None]
    ask: Callable[[str], bool] | None


@dataclass
class Bringup:
    """One badge on the `bench`, its facts and the `result` so far, kept in `file`."""

    bench: Bench
    board: dict[str, Any]
    chip: Chip
    file: Path
    result: Result
    person: Person
    talk_minutes: float = 60.0

    def run(self, tests: list[Test], tell: Callable[[Test, Done], None]) -> None:
        """Run and record each; `tell` hears how each ended. FlashError when the badge is gone."""
        for test in tests:
            done = self._one(test)
            self.result.tests[test.id] = done
            write_result(self.file, self.result)
            tell(test, done)

    def _one(self, test: Test) -> Done:
        left_out = test.left_out(self.board)
        if not left_out and test.needs_person and self.person.ask is None:
            left_out = "it needs a person; run it without --nobody"
        if left_out:
            return self._done(test, "left out", left_out)
        start = f"{test.start}\nlength_ms = {round(self.talk_minutes * 60_000)}"
        try:
            told = self.bench.run(test, self.person.say, start)
        except Unfinished as error:
            done = self._done(test, "broken", str(error))
            done.values = [each for each in judged(test, error.told, self.board, self.chip)
                           if each.value is not None]  # fmt: skip
            return done
        except FlashError as error:
            if error.code in _GONE:
                raise
            return self._done(test, "broken", str(error))
        self.result.machine = str(told.get("machine", self.result.machine))[:200]
        values = judged(test, told, self.board, self.chip)
        if test.question and self.person.ask is not None:
            values.append(answered(test, self.person.ask(test.question)))
        alone = test.needs_leader and not told.get("joined")
        wrong = [each for each in values if not each.ok and not (alone and each.key == "granted")]
        why = (
            "no leader let it in: start one that knows it, and run this one again" if alone else ""
        )
        done = self._done(test, "failed" if wrong else "left out" if alone else "passed", why)
        done.values = values
        return done

    def _done(self, test: Test, outcome: Any, why: str) -> Done:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return Done(number=test.number, outcome=outcome, why=why, at=at)


def board_of(name: str) -> str:
    """The id of the known board with this name; the name itself of another."""
    return next((each for each in board_ids() if load_board(each).name == name), name)


def begun(port: str, bench: Bench, file: Path | None, person: Person) -> Bringup:
    """Ask the badge who it is, and take up an earlier result of it. UsageError when it is not a
    badge of ours or `file` is another badge's."""
    told = bench.facts()
    board = told["board"]
    if board.get("chip") not in chip_ids():
        raise UsageError(
            f"the badge on {port} has no board file; make it with `pressel flash`, which a "
            "bring-up begins with"
        )
    device = str(told["device"])
    file = file or Path(f"bringup-{device}.json")
    board_id = board_of(str(board["name"]))
    result = Result(board=board_id, device=device, emulated=told["emulated"])
    if board_id in board_ids() and load_board(board_id).psram in ("quad", "octal"):
        board["psram"] = load_board(board_id).psram  # a badge does without this fact
    if file.exists():
        earlier = read_result(file)
        if earlier.device != device:
            raise UsageError(
                f"{file} is of the badge {earlier.device}, and {device} is on {port}; name another "
                "file with --out"
            )
        result = earlier
    return Bringup(bench, board, load_chip(board["chip"]), file, result, person)
