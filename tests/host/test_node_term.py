"""The leader's term: up with every start, whatever happened to the clock or the disk."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.node.term import load_record, next_term, store_record
from ptt.cluster.ballot import NOBODY

IN_2026_S = 1_780_000_000.0
BEFORE_NTP_S = 3_600.0  # a board without a battery wakes in 1970


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
    assert int((tmp_path / "new" / "folder" / "term").read_text("ascii")) == term
    assert [each.name for each in (tmp_path / "new" / "folder").iterdir()] == ["term"]


@pytest.mark.parametrize("now_s", [IN_2026_S - 86_400 * 365, BEFORE_NTP_S, 0.0])
def test_goes_up_when_the_clock_was_set_back(tmp_path: Path, clock, now_s: float) -> None:
    before = next_term(tmp_path)
    clock(now_s)
    assert next_term(tmp_path) == before + 1


def test_goes_up_when_the_disk_was_lost_a_second_later(tmp_path: Path, clock) -> None:
    before = next_term(tmp_path / "old")
    clock(IN_2026_S + 1)
    assert next_term(tmp_path / "new") > before


def test_starts_with_one_when_nothing_is_known(tmp_path: Path, clock) -> None:
    clock(BEFORE_NTP_S)
    assert next_term(tmp_path) == 1


def test_a_left_over_of_a_power_cut_does_not_matter(tmp_path: Path, clock) -> None:
    before = next_term(tmp_path)
    (tmp_path / "term.new").write_text("17", "ascii")  # cut off while it was written
    assert next_term(tmp_path) == before + 1


@pytest.mark.parametrize("content", [b"", b"x", b"1 2", b"\xff", b"9" * 5000, b"1073741823"])
def test_a_damaged_file_is_told_and_left(tmp_path: Path, clock, content: bytes) -> None:
    file = tmp_path / "term"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"is damaged .*delete it and start again") as caught:
        next_term(tmp_path)
    assert str(file) in str(caught.value)
    assert file.read_bytes() == content
    file.unlink()
    assert next_term(tmp_path) > 1


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
    assert next_term(tmp_path) == record[0] + 257  # the same host as a leader without others


def test_a_host_without_a_disk_begins_where_it_can_hardly_have_voted(tmp_path: Path, clock) -> None:
    assert load_record(tmp_path) == (44_310_400, NOBODY)
    assert not (tmp_path / "term").exists()  # nothing has been spoken
