"""What a swarm has found: failures, how often each fault struck, which rules have fired."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..sweep import Tally
from ..workers import Result, RunDied
from .kinds import KINDS


class SwarmTally:
    """Counts runs as they finish, in whatever order."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.struck: Counter[str] = Counter()  # by kind of fault
        self.runs_with: Counter[str] = Counter()  # runs in which it has struck
        self.fired: Counter[str] = Counter()  # by rule

    def add(self, choice: Any, outcome: Result | RunDied) -> Any:
        """The failure, if it is one."""
        if not isinstance(outcome, RunDied):
            self.struck.update(outcome["struck"])
            self.runs_with.update(outcome["struck"].keys())
            self.fired.update(outcome["fired"])
        return self.tally.add(choice, outcome)

    def idle_kinds(self) -> list[str]:
        """Kinds of fault that have not struck at all."""
        return [name for name in KINDS if not self.struck[name]]

    def idle_rules(self) -> list[str]:
        """Rules that no run has reached."""
        return [rule for rule, count in self.fired.items() if not count]

    def as_json(self) -> dict[str, Any]:
        struck = {
            name: {"runs": self.runs_with[name], "times": self.struck[name]} for name in KINDS
        }
        return {**self.tally.as_json(), "struck": struck, "fired": dict(self.fired)}
