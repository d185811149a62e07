"""Builds with other message tables: whole sessions with them, and their frozen vectors."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tests.host import compatibility
from tests.host.compatibility import RESULTS, play
from tests.host.other_build import (
    BATTERY,
    NEWER,
    NOW,
    OLDER,
    OTHER_MAJOR,
    Build,
    load_build,
    table_of,
)
from tests.shared import oracle, vectors
from tests.vectors.writer.__main__ import FOLDER, living

from pressel.docs.compatibility import cells
from pressel.node.snapshot import ADVICE
from pressel.schema.messages import load_table
from ptt.base import events

HEADER_BYTES = 24
FROZEN = {  # of the table and all vectors: a change here means that history was changed
    OLDER: "57af85f0fc9060e1",
    NEWER: "7d51370fa9c2fda0",
}
SAME_MAJOR = [(NEWER, "now"), ("now", NEWER), ("now", "now")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("builds")


def build_of(version: str, folder: Path) -> Build:
    return NOW if version == "now" else load_build(table_of(version), folder)


# Whole sessions


@pytest.mark.parametrize(("leader", "badge"), SAME_MAJOR)
def test_a_whole_session_between_builds(leader: str, badge: str, folder: Path) -> None:
    venue, found = play(build_of(leader, folder), build_of(badge, folder))
    for what in ("joins", "talks", "hears", "queues", "texts", "settings"):
        assert found[what], what
    assert found["receipts"]
    oracle.check_all(venue)
    oracle.check_all_heard(venue)
    oracle.check_at_rest(venue)


def test_a_badge_without_keys_is_told_and_stays_outside(folder: Path) -> None:
    venue, found = play(NOW, build_of(OLDER, folder))
    assert not found["joins"] and len(venue.leader.members) == 2
    assert "update the older one" in found["badge says"]


def test_a_badge_with_keys_does_not_believe_a_leader_without(folder: Path) -> None:
    venue, found = play(build_of(OLDER, folder), NOW)
    assert not found["joins"]
    assert "update the leader" in found["badge says"]
    assert venue.badge("A").engine.refusals.as_dict()["unsealed"] > 1


def test_a_message_of_a_newer_build_is_counted_and_not_answered(folder: Path) -> None:
    newer = build_of(NEWER, folder)
    for leader, badge in ((NOW, newer), (newer, NOW)):
        venue, _ = play(leader, badge)
        today: Any = venue.leader if leader is NOW else venue.badge("A").engine
        assert today.refusals.as_dict()["type"] > 3
        assert today.newer > 0
        assert venue.answers == []
        assert BATTERY not in NOW.messages.LAYOUTS


@pytest.mark.parametrize(("leader", "badge"), [("now", OTHER_MAJOR), (OTHER_MAJOR, "now")])
def test_another_major_version_is_told_once_on_both_sides(
    leader: str, badge: str, folder: Path
) -> None:
    venue, found = play(build_of(leader, folder), build_of(badge, folder))
    assert not found["joins"]
    told = venue.badge("A").all(events.OTHER_TABLE)
    assert told == [1 if leader == OTHER_MAJOR else -1]
    assert len(venue.leader.members) == (0 if leader == OTHER_MAJOR else 2)


def test_a_badge_that_was_told_joins_when_the_leader_has_been_updated(folder: Path) -> None:
    venue, _ = play(build_of(OTHER_MAJOR, folder), NOW)
    venue.restart_leader(term=2)
    venue.run(3000)
    assert venue.badge("A").kinds()[-2:] == ["joined", "settings"]


def test_other_sources_of_the_same_version_are_told_too(folder: Path) -> None:
    table = load_table()
    reasons = {**table.enums["denial"], "tired": table.enums["denial"]["stale"]}
    changed = table.model_copy(update={"enums": {**table.enums, "denial": reasons}})
    other = load_build(changed, folder)
    for leader, badge in ((NOW, other), (other, NOW)):
        _, found = play(leader, badge)
        assert found["joins"]
        assert found["talks"]
        assert found["badge says"].endswith("one version but different sources: flash the badge")
        assert found["leader says"] == ADVICE[0]


def test_the_matrix_in_the_document_is_what_works(folder: Path) -> None:
    now = compatibility.as_text(compatibility.results(folder))
    assert RESULTS.read_text("utf-8") == now, "run `python -m tests.host.compatibility`"


def test_the_document_shows_every_result() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert len(results) == 7
    assert {cell for result in results for cell in cells(result)} > {"yes", "no"}


# Vectors


def test_vectors_follow_the_table() -> None:
    wanted = living()
    there = {
        path.relative_to(FOLDER): path.read_text("utf-8")
        for group in {path.parent for path in wanted}
        for path in (FOLDER / group).glob("*.json")
    }
    assert there == wanted, "run `python -m tests.vectors.writer`"


@pytest.mark.parametrize("build", [OLDER, NEWER])
def test_frozen_vectors_are_frozen(build: str) -> None:
    digest = hashlib.sha256((FOLDER / "builds" / f"{build}.toml").read_bytes())
    for path in sorted((FOLDER / "frozen" / build).glob("*.json")):
        digest.update(path.name.encode() + path.read_bytes())
    assert digest.hexdigest()[:16] == FROZEN[build]


@pytest.mark.parametrize("version", [OLDER, NEWER])
def test_frozen_vectors_are_what_that_build_writes_and_reads(version: str, folder: Path) -> None:
    build = build_of(version, folder)
    table = table_of(version)
    for name in vectors.names(f"frozen/{version}"):
        data = vectors.load(f"frozen/{version}", name)["data"]
        row = next(row for row in table.message if row.number == data[1])
        assert data[0] == table.version_byte
        values = build.decode(data[1], data, HEADER_BYTES, len(data))
        assert len(values) == len(row.fields)
        again = bytearray(len(data))
        end = build.encode(again, HEADER_BYTES, data[1], tuple(values))
        assert again[HEADER_BYTES:end] == data[HEADER_BYTES:end], name
        assert end == len(data) or row.tail


@pytest.mark.parametrize("version", [OLDER, NEWER])
def test_that_build_reads_what_is_sent_today(version: str, folder: Path) -> None:
    """It reads as much of the message as it knows; fields appended since are ignored or have their
    defaults."""
    build = build_of(version, folder)
    seen = set()
    for name in vectors.names("valid"):
        vector = vectors.load("valid", name)
        data = vector["data"]
        if data[1] not in build.messages.LAYOUTS:
            continue
        seen.add(data[1])
        values = build.decode(data[1], data, HEADER_BYTES, len(data))
        known = build.messages.LAYOUTS[data[1]]
        wanted = [vectors.value_of(value) for _, value in vector["reads"]["fields"]]
        wanted += [field[3] for field in known[len(wanted) :]]
        assert values == wanted[: len(known)], name
    assert seen == set(build.messages.LAYOUTS) - {BATTERY}
