"""`pressel timeline` puts the logs of several hosts in one order, and counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pressel.cli import main
from pressel.node.event_log import EventLog
from pressel.node.timeline import figures, read_logs
from ptt.base import events
from ptt.cluster import election_events, election_rules


def _write(file: Path, *rows: tuple[float, str, dict]) -> Path:
    lines = [json.dumps({"event": event, **fields, "at": at}) for at, event, fields in rows]
    file.write_text("\n".join(["no event at all", *lines, '{"event": "cut'[:9]]))
    return file


@pytest.fixture
def logs(tmp_path: Path) -> list[str]:
    a = _write(
        tmp_path / "a.json",
        (100.0, "ready", {"port": 1}),
        (100.4, "attempt", {"term": 257}),
        (100.5, "became_leader", {"term": 257, "convergence_ms": 500}),
        (101.0, "floor_granted", {"talker": "Ann [1]", "lease": 1}),
        (103.0, "floor_freed", {"talker": "Ann [1]", "lease": 1, "cause": "leader changed"}),
        (103.1, "lost_leadership", {"term": 257, "why": "overslept"}),
    )
    b = _write(
        tmp_path / "b.json",
        (100.6, "leader_is", {"leader": "a", "term": 257, "convergence_ms": 600}),
        (101.8, "attempt", {"term": 514}),
        (101.9, "became_leader", {"term": 514, "convergence_ms": 510}),
    )
    return [str(a), str(b)]


def test_events_of_all_logs_are_in_order(logs: list[str], capsys) -> None:
    assert main(["timeline", *logs, "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert len(rows) == 9
    assert rows[3] == {
        "at": 100.6, "source": "b", "event": "leader_is", "leader": "a", "term": 257,
        "convergence_ms": 600,
    }  # fmt: skip


def test_the_chart_is_to_be_read(logs: list[str], capsys) -> None:
    assert main(["timeline", *logs]) == 0
    shown = capsys.readouterr().out
    lines = [line.rstrip() for line in shown.splitlines()]
    assert any(
        line.split() == ["0.500", *["LEADS,", "term", "257,", "after", "500", "ms"]]
        for line in lines
    )
    assert "Ann [1] talks, lease 1" in shown  # brackets are no markup
    assert any(line.split()[:6] == ["b", "1", "0", "1", "0", "600"] for line in lines)
    assert any(line.endswith("1 leader changed") for line in lines)


def test_figures(logs: list[str]) -> None:
    found = figures(read_logs([Path(each) for each in logs]))
    assert found["a"].events == {"attempt": 1, "became_leader": 1, "lost_leadership": 1}
    assert found["b"].convergence_ms == [600, 510]
    assert (found["a"].grants, found["a"].causes) == (1, {"leader changed": 1})


def test_what_is_no_log_is_told(tmp_path: Path, capsys) -> None:
    empty = _write(tmp_path / "empty.json")
    for file, words in ((empty, "holds no events"), (tmp_path / "none.json", "cannot read")):
        assert main(["timeline", str(file)]) == 2
        assert words in capsys.readouterr().err


def test_every_event_of_an_election_has_its_words(tmp_path: Path) -> None:
    """What `EventLog` writes is what the timeline reads."""
    told: list[tuple[str, dict]] = []
    log = EventLog(lambda event, fields: told.append((event, fields)), lambda: None, bytes.hex)
    host = b"\x01" * 8
    values = {
        election_events.BECAME_LEADER: 257,
        election_events.LOST_LEADERSHIP: (257, election_rules.MINORITY),
        election_events.LEADER_IS: (host, 257),
        election_events.LEADER_LOST: (host, 257),
        election_events.ATTEMPT: 257,
        election_events.ATTEMPT_FAILED: (257, election_rules.NO_QUORUM),
        election_events.TERM_DOUBTED: (host, 1073741813),
        election_events.TERMS_USED_UP: 1073741567,
    }
    assert len(values) == len(election_events.EVENT_NAMES)
    for kind, value in values.items():
        log.on_election(kind, value, 30)
    log.on_floor(events.FLOOR_GRANTED, (2, 7))
    log.on_floor(events.FLOOR_FREED, (2, 7, 0))
    file = _write(tmp_path / "x.json", *((float(n), *each) for n, each in enumerate(told)))
    rows = read_logs([file])
    assert len(rows) == len(values) + 2
    assert not any("?" in row.words() for row in rows), [row.words() for row in rows]
