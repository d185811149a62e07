"""Many runs, of which only those that broke a promise matter."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .choice import Choice, specs_of
from .workers import Interpreter, Outcomes, Result, RunDied, outcomes


@dataclass(frozen=True)
class Failure:
    """A run that broke a promise, or broke down: then `last_words` is its traceback."""

    choice: Choice
    violations: int
    first: str
    last_words: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            **asdict(self.choice),
            "violations": self.violations,
            "first": self.first,
            "error": self.last_words,
            "replay": self.choice.replay_command(),
        }


@dataclass
class Tally:
    """What a sweep has found so far."""

    runs: int = 0
    violations: int = 0
    failing: list[Failure] = field(default_factory=list)
    _marks: int = 0  # the sum of all runs' marks: in whatever order they finish, it is the same

    @property
    def digest(self) -> str:
        """Of all runs and what happened in each: equal wherever and in whatever order they ran."""
        return f"{self._marks % (1 << 128):032x}"

    def add(self, choice: Choice, outcome: Result | RunDied) -> Failure | None:
        """Counts a run; the failure if it is one."""
        self.runs += 1
        came = "broke down" if isinstance(outcome, RunDied) else outcome["digest"]
        mark = hashlib.sha256(f"{choice.replay_command()} {came}".encode()).digest()
        self._marks += int.from_bytes(mark[:16], "big")
        failure = _failure(choice, outcome)
        if failure:
            self.violations += failure.violations
            self.failing.append(failure)
        return failure

    def as_json(self) -> dict[str, Any]:
        """Failures in the order of seeds, not of arrival, so that the same sweep says the same."""
        order = sorted(self.failing, key=lambda each: (each.choice.seed, str(each.choice)))
        return {
            "runs": self.runs,
            "digest": self.digest,
            "violations": self.violations,
            "failing": [each.as_json() for each in order],
        }


def sweep(
    choices: Sequence[Choice],
    using: Interpreter | None = None,
    processes: int | None = None,
    start: Callable[..., Outcomes] = outcomes,
) -> Generator[tuple[Choice, Result | RunDied], None, None]:
    """Each run's outcome, as they finish. Workers end with the iterator."""
    finished = start(specs_of(choices), using, processes)
    with contextlib.closing(finished):
        for index, outcome in finished:
            yield choices[index], outcome


def _failure(choice: Choice, outcome: Result | RunDied) -> Failure | None:
    if isinstance(outcome, RunDied):
        last = outcome.last_words.splitlines()[-1]
        return Failure(choice, 0, f"broke down: {last}", outcome.last_words)
    violations = outcome["violations"]
    if not violations:
        return None
    first = violations[0]
    words = f"{first['checker']} at {first['at_ms'] / 1000:.3f} s: {first['what']}"
    return Failure(choice, len(violations), words)
