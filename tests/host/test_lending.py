"""Badges are lent and come back, and the venue's log tells who has which."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pressel import cli
from pressel.errors import UsageError
from pressel.node.forgetting import Forgetting, days_kept
from pressel.registry.store import Registry

A, B = "0200000000000001", "fffffffffffffffe"


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    made = Registry(tmp_path, now_s=lambda: 1_800_000_000)
    made.enrol(A, "Bar 1")
    made.enrol(B, "Bar 2")
    return made


def test_what_board_it_is_is_told_once_and_outlives_its_names(registry: Registry) -> None:
    for board in ("esp32-devkit", "esp32-devkit", "0a-" + 21 * "z", "a"):
        registry.set_board(A, board)
        assert registry.boards() == {A: board}
    told = [each for each in registry.about_venue() if each.entry.verb == "device board"]
    assert len(told) == 3
    registry.revoke(A)
    registry.erase(A)
    assert registry.boards() == {A: "a"}
    registry.set_board(A, "")
    assert registry.boards() == {}
    for board in ("C3", "-c3", "33", "c 3", 25 * "c", "c3\n", "é"):
        with pytest.raises(UsageError, match="no board can be called"):
            registry.set_board(B, board)
    with pytest.raises(UsageError, match="no device"):
        registry.set_board("0" * 16, "c3")
    assert registry.boards() == {}


def test_a_person_tells_what_board_a_badge_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], registry: Registry
) -> None:
    def said(*words: str) -> tuple[int, str]:
        code = cli.main(["device", *words, "--state", str(tmp_path)])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert "is the board esp32-devkit" in said("board", "Bar 1", "esp32-devkit")[1]
    code, text = said("board", "Bar 2", "esp32-devkti")
    assert code == 2 and "no board is called 'esp32-devkti'; did you mean 'esp32-devkit'?" in text
    registry.set_board(A, "own-board")  # it was flashed elsewhere
    assert said("board", "Bar 2", "own-board")[0] == 0
    assert said("list")[1].count("own-board") == 2
    assert said("board", "Bar 2")[0] == said("board", "Bar 2", "esp32-devkit", "--unknown")[0] == 2
    assert "a board that nobody knows" in said("board", "Bar 2", "--unknown")[1]
    assert said("list")[1].count("own-board") == 1


def test_who_has_it_is_told_until_it_is_back(registry: Registry) -> None:
    with registry.log.asked_by("boss"):
        registry.lend(B, " Ann Alder ", "headset too")
    (loan,) = registry.loans()
    assert (loan.device, loan.person, loan.by, loan.note) == (B, "Ann Alder", "boss", "headset too")
    assert loan.since_s == 1_800_000_000
    registry.lend(A, "Ben")
    assert {each.device for each in registry.loans()} == {A, B}
    registry.give_back(B)
    assert [each.device for each in registry.loans()] == [A]
    registry.verify((), ())


def test_it_is_lent_to_one_at_a_time(registry: Registry) -> None:
    registry.lend(A, "Ann")
    with pytest.raises(UsageError, match=f"Ann has Bar 1.*device return {A}"):
        registry.lend(A, "Ben")
    with pytest.raises(UsageError, match="lent to nobody"):
        registry.give_back(B)
    registry.revoke(B)
    with pytest.raises(UsageError, match="is revoked"):
        registry.lend(B, "Ben")
    with pytest.raises(UsageError, match="is known"):
        registry.lend("0" * 16, "Ben")


@pytest.mark.parametrize("person", ["", " ", "two\nlines", "x" * 61, "\x1b[2J"])
def test_a_person_is_a_line(registry: Registry, person: str) -> None:
    with pytest.raises(UsageError, match="a person is one line"):
        registry.lend(A, person)
    with pytest.raises(UsageError, match="a note is one line"):
        registry.lend(A, "Ann", "x" * 201)


def test_what_another_host_wrote_and_means_nothing_is_passed_over(registry: Registry) -> None:
    registry.record("device lend", "", {"high": 1 << 40, "low": 1, "lent": 1}, {"person": "Eve"})
    registry.record("device lend", "", {"lent": 1}, {"person": "Eve"})
    assert registry.loans() == []


def test_the_commands(
    registry: Registry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--state", str(tmp_path)]
    assert cli.main(["device", "lend", "Bar 2", "Ann", "--note", "till Sunday", *at]) == 0
    assert cli.main(["device", "inventory", "--json", *at]) == 0
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["Bar 2"]["loan"]["person"] == "Ann" and told["Bar 1"]["loan"] is None
    assert told["Bar 1"]["on"] is None  # no host runs
    assert cli.main(["device", "inventory", *at]) == 0
    shown = capsys.readouterr()
    first, second = shown.out.splitlines()[1:3]
    assert "Bar 2" in first and "Ann" in first and "till Sunday" in first
    assert "Bar 1" in second and "in the drawer" in second
    assert "2 badges, 1 lent, 1 in the drawer" in shown.err
    labels = tmp_path / "labels"
    assert cli.main(["device", "label", "--all", "--out", str(labels), *at]) == 0
    assert sorted(each.stem for each in labels.iterdir()) == sorted([A, B])
    for words in ([], ["Bar 1", "--all"]):
        assert cli.main(["device", "label", *words, *at]) == UsageError.exit_code
    assert cli.main(["device", "return", "Bar 2", *at]) == 0
    assert cli.main(["device", "return", "Bar 2", *at]) == 2


DAY_S = 86_400
LENT_S = 1_800_000_000


def names_in(registry: Registry) -> set[str]:
    texts = [each.texts for each in registry.log.told()]
    return {said for each in texts for said in each.values() if said is not None}


def test_names_are_forgotten_when_the_days_are_over_but_of_who_has_a_badge(tmp_path: Path) -> None:
    now = [LENT_S]
    with Registry(tmp_path, now_s=lambda: now[0]) as registry, registry.log.asked_by("boss"):
        registry.enrol(A, "Bar 1")
        registry.enrol(B, "Bar 2")
        registry.lend(A, "Ann Alder", "headset too")
        registry.give_back(A)
        registry.lend(B, "Ben Birch", "till Sunday")
        now[0] += 10 * DAY_S
        registry.lend(A, "Cy Cedar")
        registry.give_back(A)
    with Registry(tmp_path, now_s=lambda: now[0]) as registry:
        assert registry.forget_people(LENT_S + DAY_S, 9) > 0
        kept = names_in(registry)
        assert not {"Ann Alder", "headset too"} & kept
        assert {"Ben Birch", "till Sunday", "Cy Cedar", "Bar 1"} <= kept
        (loan,) = registry.loans()
        assert (loan.person, loan.note) == ("Ben Birch", "till Sunday")
        registry.verify((), ())
        assert registry.forget_people(LENT_S + DAY_S, 9) == 0  # and says so once
        verbs = [each.entry.verb for each in registry.log.told()]
        assert verbs.count("names forget") == 1
        registry.give_back(B)
        registry.forget_people(now[0] + 1, 9)
        assert not {"Ben Birch", "Cy Cedar", "boss"} & names_in(registry)
        registry.verify((), ())
    for file in tmp_path.iterdir():
        assert b"Ben Birch" not in file.read_bytes(), file


def test_a_host_forgets_by_a_clock_that_does_not_leap(tmp_path: Path) -> None:
    with Registry(tmp_path, now_s=lambda: LENT_S) as registry:
        registry.enrol(A, "Bar 1")
        registry.lend(A, "Ann")
        registry.give_back(A)
    clocks = {"set": float(LENT_S), "true": 0.0}

    async def in_thread(act: Callable[..., int], *values: int) -> int:
        return act(*values)

    days = 0
    made = Forgetting(
        tmp_path, lambda: days, in_thread, lambda: clocks["set"], lambda: clocks["true"]
    )

    def look() -> set[str]:
        asyncio.run(made.look(0))
        with Registry(tmp_path, now_s=lambda: LENT_S) as registry:
            return names_in(registry)

    clocks["set"] += 40 * 365 * DAY_S
    assert "Ann" in look()
    clocks["true"] += 29 * DAY_S
    assert "Ann" in look()  # for ever
    days = 30
    assert "Ann" in look()
    clocks["true"] += 2 * DAY_S
    assert "Ann" not in look()


def test_the_venue_says_for_how_long_and_until_then_the_host_s_own_configuration() -> None:
    for venue, own, days in (
        (None, 30, 0),  # nobody leads: who knows what the venue wants by now
        (None, None, 0),
        (0, None, 0),
        (0, 30, 30),
        (90, 30, 90),
        (7, None, 7),
    ):
        assert days_kept(venue, own) == days
