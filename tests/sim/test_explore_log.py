"""Faults planted in the registry's log: the explorer finds each, and the way to it can be gone
again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.sim.mutants import replaced

from pressel.cli import main
from pressel.registry import intake
from pressel.registry.chains import Chains
from pressel.registry.intake import Intake
from pressel.registry.log import VENUE, Log
from pressel.registry.standing import Standing, Word
from pressel.sim.explore.log import Bounds, LogModel
from pressel.sim.explore.search import explore, timeline

FULL = 9  # entries of the first host when it has been crowded once, and has changed the device


def _forgives() -> AbstractContextManager[Any]:
    """A revocation is a change like any other."""
    return replaced(Word, "ends", property(lambda self: False))


def _takes_from_all() -> AbstractContextManager[Any]:
    return replaced(Chains, "is_allowed", lambda self, host: True)


def _looks_at_numbers() -> AbstractContextManager[Any]:
    """An entry whose number is there is not compared."""
    return replaced(
        Intake, "_is_kept", lambda self, host, signed, number, head: number <= head.index
    )


def _does_not_tell() -> AbstractContextManager[Any]:
    """A host does not say what it has heard."""
    return replaced(Log, "_hear", lambda self: None)


def _is_stubborn() -> AbstractContextManager[Any]:
    """What a host has said itself counts more."""
    original = Standing._first

    def first(self: Standing, words: list[Word]) -> Word | None:
        return original(self, [each for each in words if each.kept.host == self._own] or words)

    return replaced(Standing, "_first", first)


def _has_little_room() -> AbstractContextManager[Any]:
    return replaced(intake, "CHAIN_MAX", 3)


def _begins_anew() -> AbstractContextManager[Any]:
    """What a second checkpoint drops is the end, and numbers are given twice."""

    def compact(self: Log, least: int, tail: int) -> bool:
        rows = list(self.chains.rows(self.own))
        last = max(each.number for each in rows if each.subject != VENUE)
        if len(rows) > FULL:
            self.chains.drop(self.own, last + 1)
        return True

    return replaced(Log, "compact", compact)


FAULTS: list[tuple[Callable[[], AbstractContextManager[Any]], Bounds, str]] = [
    (_forgives, Bounds(leads=1, changes=1), "revoked"),
    (_takes_from_all, Bounds(3, leads=0, changes=0, removals=1), "removed"),
    (_looks_at_numbers, Bounds(leads=0, revocations=0, turns=1), "told"),
    (_does_not_tell, Bounds(leads=1, revocations=0), "verified"),
    (_is_stubborn, Bounds(leads=1, revocations=0), "alike"),
    (_has_little_room, Bounds(leads=0, changes=1), "honest"),
    (_begins_anew, Bounds(leads=0, changes=1, revocations=0, compactions=2), "one chain"),
]


@pytest.mark.parametrize(("plant", "bounds", "breaks"), FAULTS, ids=[each[2] for each in FAULTS])
def test_a_log_that_is_wrong_is_caught(
    plant: Callable[[], AbstractContextManager[Any]], bounds: Bounds, breaks: str
) -> None:
    with plant():
        model = LogModel(bounds)
        found = explore(model, 6)
        lines = timeline(model, found.way)
    assert found.broken is not None and found.broken.startswith(f"{breaks}:"), found
    assert len(lines) == found.depth


def test_the_way_to_a_fault_is_kept_and_gone_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "ways" / "log-split.json")
    with _forgives():
        assert main(["sim", "explore", "log-split", "--out", str(tmp_path / "ways")]) == 4
        assert f"pressel sim replay {file}" in capsys.readouterr().out
        assert main(["sim", "replay", file]) == 4
        shown = capsys.readouterr().out
        assert "revokes the device" in shown and "revoked: a device that a host knows" in shown
    assert main(["sim", "replay", file]) == 0
    assert "no promise is broken on this way" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no way"),
        ('{"search": "log-split", "way": 3}', "holds no way"),
        ('{"search": ["x"], "way": []}', "does not have"),
        ('{"search": "log-split", "way": [["hear", 0, 7]]}', "cannot happen there"),
        ('{"search": "log-split", "way": [[{}]]}', "cannot happen there"),
        ('{"search": "two-boot", "way": [[]]}', "cannot happen there"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(
    content: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "way.json"
    file.write_text(content)
    assert main(["sim", "replay", str(file)]) == 2
    assert words in capsys.readouterr().err


def test_a_file_stands_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "replay", str(tmp_path / "way.json"), "--seed", "1"]) == 2
    assert "--seed is for scenarios" in capsys.readouterr().err
    assert main(["sim", "replay", str(tmp_path / "way.json")]) == 2
    assert "cannot be read" in capsys.readouterr().err
