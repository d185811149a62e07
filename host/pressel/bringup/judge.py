"""What measured values say of a board's facts and of our numbers. Knows no badge and no file."""

from __future__ import annotations

from typing import Any

from pressel.boards.chip import Chip

from .numbers import number_now
from .plan import Test, Value
from .result import Measured


def judged(test: Test, values: dict[str, Any], board: dict[str, Any], chip: Chip) -> list[Measured]:
    """One row for each value of `test`; a value that the badge did not tell is not right."""
    return [_row(each, values.get(each.key), board, chip) for each in test.values]


def answered(test: Test, yes: bool) -> Measured:
    """The row of what a person answered."""
    place = test.number_of_answer
    return Measured(key="answer", value=yes, expected="yes: " + test.question, ok=yes,
                    number=place, now=number_now(place))  # fmt: skip


def _row(wanted: Value, value: Any, board: dict[str, Any], chip: Chip) -> Measured:
    facts = {"board": board, "chip": chip.model_dump()}
    expected, ok = _expected(wanted, value, facts)
    if value is None:
        ok = False
    place = wanted.fact or wanted.number
    now = _shown(_fact(facts, wanted.fact)) if wanted.fact else number_now(wanted.number)
    return Measured(key=wanted.key, value=value, unit=wanted.unit, expected=expected, ok=ok,
                    number=place, now=now, why=wanted.why)  # fmt: skip


def _expected(wanted: Value, value: Any, facts: dict[str, Any]) -> tuple[str, bool]:
    if wanted.equals is not None:
        return _shown(wanted.equals) or "none", value == wanted.equals
    least = _fact(facts, wanted.least) if wanted.least else wanted.min
    most = _fact(facts, wanted.most) if wanted.most else wanted.max
    if least is None and most is None and wanted.fact:
        fact = _fact(facts, wanted.fact)
        return _shown(fact), value == fact
    words = " to ".join(f"{each:,g}" for each in (least, most) if each is not None)
    if least == most:
        words = f"{least:,g}"
    elif least is None:
        words = f"at most {words}"
    elif most is None:
        words = f"at least {words}"
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    ok = is_number and (least is None or value >= least) and (most is None or value <= most)
    return words, ok


def _fact(facts: dict[str, Any], key: str) -> Any:
    at: Any = facts
    for part in key.split("."):
        at = at.get(part) if isinstance(at, dict) else None
    return at


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
