"""The record of term and vote: what a host begins above, whatever happened to clock and disk."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.node.term import load_record, store_record
from ptt.base.numbers import CLOCK_TERM_MAX
from ptt.cluster import ballot
from ptt.cluster.ballot import NOBODY, TERM_MAX, mark_of

IN_2026_S = 1_780_000_000.0
BEFORE_NTP_S = 3_600.0  # a board without a battery wakes in 1970
IN_2066_S = 3_030_000_000.0  # a board whose battery is nearly flat
OWN = b"\x80 a host"


def next_term(folder: Path) -> int:
    """Do as a host that is alone: stand in the term and write it down."""
    term = ballot.next_term(load_record(folder, is_alone=True)[0], OWN)
    store_record(folder, (term, OWN))
    return term


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """Sets what the time of day is."""

    def set_to(now_s: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now_s)

    set_to(IN_2026_S)
    return set_to


def test_goes_up_with_every_start(tmp_path: Path, clock) -> None:
    terms = [next_term(tmp_path) for _ in range(5)]
    assert terms == sorted(set(terms))


def test_is_on_disk_before_it_is_used(tmp_path: Path, clock) -> None:
    term = next_term(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "term").read_text("ascii") == f"{term} {OWN.hex()}\n"
    assert [each.name for each in (tmp_path / "new" / "folder").iterdir()] == ["term"]


@pytest.mark.parametrize("now_s", [IN_2026_S - 86_400 * 365, BEFORE_NTP_S, 0.0, IN_2066_S])
def test_goes_up_one_step_when_the_clock_is_wrong(tmp_path: Path, clock, now_s: float) -> None:
    before = next_term(tmp_path)
    clock(now_s)
    assert next_term(tmp_path) == before + 256


def test_goes_up_when_the_disk_was_lost_minutes_later(tmp_path: Path, clock) -> None:
    before = next_term(tmp_path / "old")
    clock(IN_2026_S + 256)  # four minutes: a step of terms
    assert next_term(tmp_path / "new") > before


def test_starts_with_the_first_of_its_own_when_nothing_is_known(tmp_path: Path, clock) -> None:
    clock(BEFORE_NTP_S)
    assert next_term(tmp_path) == 256 + mark_of(OWN)


def test_a_left_over_of_a_power_cut_does_not_matter(tmp_path: Path, clock) -> None:
    before = next_term(tmp_path)
    (tmp_path / "term.new").write_text("17", "ascii")  # cut off while it was written
    assert next_term(tmp_path) == before + 256


@pytest.mark.parametrize("content", [b"", b"x", b"1 2", b"\xff", b"9" * 5000])
def test_a_damaged_file_is_told_and_left(tmp_path: Path, clock, content: bytes) -> None:
    file = tmp_path / "term"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"is damaged; delete it and start again") as caught:
        next_term(tmp_path)
    assert str(file) in str(caught.value)
    assert file.read_bytes() == content
    file.unlink()
    assert next_term(tmp_path) > 1


@pytest.mark.parametrize("term", [TERM_MAX - 255, TERM_MAX, 1073741823, 10**4000])
def test_row_36_a_term_above_which_nobody_can_lead_is_told_with_the_way_back(
    tmp_path: Path, clock, term: int
) -> None:
    file = tmp_path / "term"
    file.write_text(f"{term}", "ascii")
    with pytest.raises(
        UsageError, match="above which nobody can lead: stop all hosts, delete"
    ) as it:
        next_term(tmp_path)
    assert str(file) in str(it.value) and "\n" not in str(it.value) and len(str(it.value)) < 400
    file.unlink()  # as the sentence says
    assert next_term(tmp_path) < CLOCK_TERM_MAX


def test_a_term_beyond_the_last_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        store_record(tmp_path, (TERM_MAX + 1, OWN))
    assert not (tmp_path / "term").exists()


def test_a_folder_that_cannot_be_is_told(tmp_path: Path, clock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot keep the leader's state in"):
        next_term(tmp_path / "file" / "state")
    (tmp_path / "state" / "term").mkdir(parents=True)
    with pytest.raises(UsageError, match="cannot keep the leader's state in"):
        next_term(tmp_path / "state")


def test_a_vote_is_remembered(tmp_path: Path, clock) -> None:
    record = (1 << 28 | 7, b"\x07" * 8)
    store_record(tmp_path, record)
    assert load_record(tmp_path) == record
    store_record(tmp_path, (record[0] + 256, NOBODY))
    assert load_record(tmp_path) == (record[0] + 256, NOBODY)


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("led", [44_310_391, 44_310_400 + 86_400, 1 << 28])
def test_begins_above_what_a_leader_of_an_earlier_version_led_in(
    tmp_path: Path, clock, is_alone: bool, led: int
) -> None:
    """It kept a term without a vote, by the clock or above it."""
    (tmp_path / "term").write_text(f"{led}\n", "ascii")
    term, vote = load_record(tmp_path, is_alone=is_alone)
    assert term >= led and vote == NOBODY
    assert ballot.next_term(term, OWN) > led


def test_an_old_copy_of_its_folder_takes_a_lone_host_back_no_term(tmp_path: Path, clock) -> None:
    first = next_term(tmp_path)
    kept = (tmp_path / "term").read_bytes()
    clock(IN_2026_S + 86_400)
    second = next_term(tmp_path)
    (tmp_path / "term").write_bytes(kept)
    clock(IN_2026_S + 2 * 86_400)
    assert next_term(tmp_path) > second > first
    assert load_record(tmp_path)[0] < load_record(tmp_path, is_alone=True)[0] + 1


def test_a_host_without_a_disk_begins_where_it_can_hardly_have_voted(tmp_path: Path, clock) -> None:
    assert load_record(tmp_path) == (44_310_400, NOBODY)
    assert not (tmp_path / "term").exists()  # nothing has been spoken
