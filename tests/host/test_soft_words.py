"""A badge's events in words: every reason that the message table knows has some."""

from __future__ import annotations

from typing import Any

import pytest

from pressel.schema.events import event_table
from pressel.schema.messages import load_table
from pressel.soft.words import describe
from ptt.badge.floor import DENIED_NO_ANSWER, DENIED_NO_LEADER
from ptt.base import events
from ptt.wire import messages

ENUMS = load_table().enums
KINDS = {
    "denial": events.DENIED,
    "revocation": events.REVOKED,
    "nack": events.REFUSED,
    "call": events.CALL_OVER,
}
REASONS = [(enum, key, value.number) for enum in KINDS for key, value in ENUMS[enum].items()]
UNKNOWN = 127

# What a participant tells, and what a person must read in it (None: nothing at all).
LINES: list[tuple[int, Any, str | None]] = [
    (events.JOINED, 7, "joined as node 7"),
    (events.LOST, 3000, "looking for it"),
    (events.LOST, 0, "looking for it"),
    (events.PENDING, 1, None),
    (events.GRANTED, 5, "talk now"),
    (events.QUEUED, 1, "you are number 1"),
    (events.QUEUED, 4, "you are number 4"),
    (events.DENIED, DENIED_NO_LEADER, "no leader"),
    (events.DENIED, DENIED_NO_ANSWER, "does not answer"),
    (events.REVOKED, 0, "taken away"),
    (events.RELEASED, 5, "done"),
    (events.SENT, (5, 100, 0), None),
    (events.TAKEN, (7, 5), "node 7 talks"),
    (events.IDLE, 5, "nobody talks"),
    (events.HEARING, (7, 5), None),
    (events.HEARD, (7, 5, 100, 2, 1, 0, 0), "100 frames, 2 concealed, 1 late"),
    (events.SETTINGS, 3, None),
    (events.TEXT, (messages.TEXT_PERSON, 7, "Zoë".encode(), b"come here"), "Zoë: come here"),
    (events.TEXT, (messages.TEXT_PERSON, 7, "Zoë", "come here"), "Zoë: come here"),
    (events.TEXT, (messages.TEXT_LEGACY, 0, b"Tom", b"hello"), "Tom (old app): hello"),
    (events.TEXT, (messages.TEXT_PERSON, 7, b"\x1b[2JEve", b"\x07"), "?[2JEve: ?"),
    (events.TEXT_SENT, 1, "the leader has your text"),
    (events.TEXT_SENT, 0, "did not reach the leader"),
    (events.RECEIPT, (5, 4, 3, 2), "heard by 3 of 4, 2 of them without a gap"),
    (events.OTHER_TABLE, -1, "update the leader"),
    (events.OTHER_TABLE, 0, "flash the badge"),
    (events.OTHER_TABLE, 1, "flash the badge"),
    (events.UPDATE, 12, "release 12"),
    (events.MOVED, 9, "another leader"),
    (events.TALK_WARNING, 5, "5 s left"),
    (events.SCANNED, 3, "group 3"),
    (events.CALL, 7, "private call with node 7"),
]


@pytest.mark.parametrize(("kind", "value", "words"), LINES)
def test_what_happens_is_said(kind: int, value: Any, words: str | None) -> None:
    line = describe(kind, value)
    assert line is None if words is None else words in (line or "")


def test_no_event_of_a_participant_is_forgotten() -> None:
    said = {kind for kind, _, _ in LINES} | set(KINDS.values())
    of_a_leader = {*range(events.MEMBER_JOINED, events.FLOOR_FREED + 1)}
    of_a_leader |= {events.DEPOSED, events.HIGHER_TERM, events.LEADING, events.STRANGER}
    of_a_leader |= {events.FORGED, events.RELAY_LOST, events.DOUBLE}
    assert said == set(range(len(events.NAMES))) - of_a_leader


@pytest.mark.parametrize(("enum", "key", "number"), REASONS)
def test_every_reason_of_the_table_has_words(enum: str, key: str, number: int) -> None:
    line = describe(KINDS[enum], number)
    unknown = describe(KINDS[enum], UNKNOWN)
    assert line and unknown
    assert line != unknown.replace(str(UNKNOWN), str(number)), f"{key} has no words"
    assert len(line.split()) > 3


def test_reasons_differ_in_words() -> None:
    for enum, kind in KINDS.items():
        lines = [describe(kind, value.number) for value in ENUMS[enum].values()]
        assert len(set(lines)) == len(lines)


def test_reasons_that_only_a_badge_gives_are_named() -> None:
    own = {word.number for word in event_table().words["own_denial"].values()}
    assert own == {DENIED_NO_LEADER, DENIED_NO_ANSWER}
