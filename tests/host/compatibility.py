"""What works between builds: whole sessions of engines with different message tables.

    python -m tests.host.compatibility

writes the results down for docs/protocol-compatibility.md; a test says when they have changed.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.host.other_build import NEWER, NOW, OLDER, OTHER_MAJOR, Build, load_build, table_of
from tests.shared.venue import Badge, Venue

from pressel.node.snapshot import ADVICE
from pressel.soft.words import describe
from ptt.base import events
from ptt.base.numbers import NACK_INTERVAL_MS
from ptt.wire import messages

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "protocol-compatibility.json"


class MixedVenue(Venue):
    """A leader of one build; badge A of another, B and C of the leader's or today's."""

    def __init__(self, leader: Build, badge: Build, seed: int = 1) -> None:
        super().__init__(badges=0, seed=seed, is_coded=True)
        self.build = leader
        self.is_clear = OLDER in (leader.version, badge.version)
        self.leader: Any = leader.Leader(1, seed + 1000)
        self.answers: list[int] = []  # types of the NACKs sent, as reasons
        self.texts = {"A": b"from A", "B": b"from B"}
        for index, build in enumerate((badge, NOW, NOW)):
            self.badges.append(self.make_badge(index, build, seed * 50 + index + 1))

    def make_badge(self, index: int, build: Build, seed: int) -> Badge:
        badge = Badge(index, seed, build.Participant)
        badge.next_frame_ms = self.now_ms
        badge.engine.start(self.now_ms)
        self.collect(badge)
        return badge

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        if data[1] == messages.NACK:
            self.answers.append(data[24])
        super().send(data, source, destination)

    def burst(self, name: str) -> tuple[int, int]:
        """Badge `name` talks for 600 ms; (lease, frames), or (0, 0) when it could not."""
        before = len(self.badge(name).all(events.SENT))
        self.press(name)
        self.run(600)
        self.release(name)
        self.run(2500)  # until the receipt has come
        sent = self.badge(name).all(events.SENT)[before:]
        return (sent[0][0], sent[0][1]) if sent else (0, 0)


def play(leader: Build, badge: Build) -> tuple[MixedVenue, dict[str, Any]]:
    """A whole session, and what worked in it, seen from badge A."""
    venue = MixedVenue(leader, badge)
    venue.run(2000)
    a, b = venue.badge("A"), venue.badge("B")
    found: dict[str, Any] = {"leader": leader.version, "badge": badge.version}
    found["joins"] = "joined" in a.kinds()
    talked, heard = venue.burst("A"), venue.burst("B")
    found["talks"] = talked[1] > 25 and b.heard_of(talked[0]) == list(range(talked[1]))
    found["hears"] = heard[1] > 25 and a.heard_of(heard[0]) == list(range(heard[1]))
    found["receipts"] = [each[0] for each in a.all(events.RECEIPT)] == [talked[0]]
    found["queues"] = queues(venue)
    found["texts"] = texts(venue)
    found["settings"] = changes_settings(venue)
    found["badge says"] = said_by_badge(a)
    found["leader says"] = said_by_leader(venue)
    return venue, found


def queues(venue: MixedVenue) -> bool:
    """B talks, A waits and talks when B is done."""
    a = venue.badge("A")
    grants = len(a.all(events.GRANTED))
    venue.press("B")
    venue.run(200)
    venue.press("A")
    venue.run(200)
    waited = a.all(events.QUEUED) == [1]
    venue.release("B")
    venue.run(400)
    talked = len(a.all(events.GRANTED)) == grants + 1
    venue.release("A")
    venue.run(1500)
    return waited and talked


def texts(venue: MixedVenue) -> bool:
    """A text from A to B, and one back."""
    for name, text in venue.texts.items():
        badge = venue.badge(name)
        badge.engine.keyboard.send(text, venue.now_ms)
        venue.collect(badge)
        venue.run(500)
    return all(
        [value[3] for value in venue.badge(reader).all(events.TEXT)] == [venue.texts[writer]]
        for reader, writer in (("A", "B"), ("B", "A"))
    )


def changes_settings(venue: MixedVenue) -> bool:
    settings = venue.build.Settings(version=2, playout_delay_ms=80)
    venue.leader.publish(settings, venue.now_ms)
    venue.collect_leader()
    venue.run(1000)
    everybody = venue.leader.members.all()
    told = venue.badge("A").all(events.SETTINGS)[-1:] == [2]
    return told and all(member.settings.acknowledged == 2 for member in everybody)


def said_by_badge(badge: Badge) -> str:
    """What a person reads about it."""
    lines = {
        describe(kind, value)
        for _, kind, value in badge.events
        if kind in (events.OTHER_TABLE, events.REFUSED)
    }
    return "; ".join(sorted(line for line in lines if line))


def said_by_leader(venue: MixedVenue) -> str:
    """What the operator reads of badge A; the answer, when it has not become a member."""
    member = next((m for m in venue.leader.members.all() if m.name == b"A0"), None)
    if member is not None:
        return ADVICE.get(member.table_is, "")
    if venue.build.version == OLDER:
        return "(it waits for an answer that never comes)"
    assert venue.answers
    assert set(venue.answers) == {messages.NACK_VERSION}
    assert len(venue.answers) <= 1 + venue.now_ms // NACK_INTERVAL_MS
    return "(it answers with NACK, version)"


def pairs(folder: Path) -> list[tuple[Build, Build]]:
    """(leader, badge) of every session that is tried."""
    others = [load_build(table_of(version), folder) for version in (OLDER, NEWER, OTHER_MAJOR)]
    return [(NOW, NOW), *((NOW, other) for other in others), *((other, NOW) for other in others)]


def results(folder: Path) -> list[dict[str, Any]]:
    return [play(leader, badge)[1] for leader, badge in pairs(folder)]


def as_text(found: list[dict[str, Any]]) -> str:
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        RESULTS.write_text(as_text(results(Path(folder))), encoding="utf-8")
