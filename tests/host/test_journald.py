"""Events in the journal of systemd: their fields, and that nothing waits for it."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

import pytest

from pressel.node.journald import FIELDS, Journald, entry
from pressel.node.log import WordLog
from pressel.trace.logs import all_lines


def fields(data: bytes) -> dict[str, str]:
    return dict(line.split("=", 1) for line in data.decode().splitlines())


def test_a_burst_can_be_searched_by_its_number() -> None:
    told = fields(entry("floor_granted", {"talker": "Ann", "lease": 5012}))
    assert told["MESSAGE"] == "Ann talks, lease 5012"
    assert told["PRESSEL_EVENT"] == "floor_granted"
    assert told["PRESSEL_BURST"] == "5012"
    assert told["PRIORITY"] == "6"


@pytest.mark.parametrize(
    ("event", "told", "field"),
    [
        ("member_joined", {"name": "Ann", "node": 3}, ("PRESSEL_JOIN", "3")),
        ("settings", {"version": 41}, ("PRESSEL_CHANGE", "41")),
        ("badge_update", {"device": "02", "release": 7, "state": "s"}, ("PRESSEL_CAMPAIGN", "7")),
        ("became_leader", {"term": 9, "convergence_ms": 1}, ("PRESSEL_TERM", "9")),
    ],
)
def test_so_can_a_join_a_change_a_campaign_and_a_term(event, told, field) -> None:
    assert field in fields(entry(event, told)).items()


def test_what_is_wrong_is_a_warning() -> None:
    assert fields(entry("registry", {"advice": "x"}))["PRIORITY"] == "4"


def test_a_name_cannot_forge_a_field() -> None:
    data = entry("text", {"from": "Eve\nPRIORITY=0", "origin": "person", "text": "\nMESSAGE=x"})
    assert len(data.splitlines()) == len(fields(data)) == 5
    assert fields(data)["PRIORITY"] == "6"


def test_what_the_journal_gives_is_read_as_a_log(tmp_path: Path) -> None:
    told = {"lease": 7, "listeners": 3, "heard": 2, "whole": 1}
    kept = {**fields(entry("receipt", told)), "__REALTIME_TIMESTAMP": "1800000000250000"}
    long = fields(entry("text", {"from": "Ann", "origin": "person", "text": "x" * 3000}))
    foreign = {"MESSAGE": "Started.", "__REALTIME_TIMESTAMP": "1800000000250000"}
    half = {**kept, FIELDS: '{"lease": 7'}
    file = tmp_path / "leader.json"
    entries = (kept, {**long, "__REALTIME_TIMESTAMP": "1"}, foreign, half)
    file.write_text("".join(json.dumps(each) + "\n" for each in entries))
    (line,) = all_lines(file)
    assert (line.event, line.fields, line.at_s) == ("receipt", told, 1_800_000_000.25)


def test_it_is_sent_to_the_journal_and_nothing_waits_for_it(tmp_path: Path) -> None:
    journal = Journald(tmp_path / "socket")
    told = {"talker": "Ann", "lease": 7}
    assert not journal.report("floor_granted", told)  # there is none
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "socket"))
        assert journal.report("floor_granted", told)
        assert reader.recv(4096) == entry("floor_granted", told)
        taken = 0
        while journal.report("floor_granted", told):  # until it is full
            taken += 1
            assert taken < 100_000
    journal.close()


def test_a_log_without_a_journal_still_says_its_words(tmp_path: Path, monkeypatch, capfd) -> None:
    facts = os.fstat(sys.stderr.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{facts.st_dev}:{facts.st_ino}")
    log = WordLog(journal=Journald(tmp_path / "socket"))
    log("floor_granted", {"talker": "Ann", "lease": 7})
    assert capfd.readouterr().err == "<6>Ann talks, lease 7\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.bind(str(tmp_path / "socket"))
        log("floor_granted", {"talker": "Ann", "lease": 7})
        assert b"PRESSEL_BURST=7" in reader.recv(4096)
    assert capfd.readouterr().err == ""
