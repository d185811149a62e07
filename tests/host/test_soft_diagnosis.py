"""How a soft badge fares: the lines for whoever sits before it, and what it tells the leader."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pressel.node.badge_state import read_report
from pressel.soft.diagnosis import Diagnosis
from ptt.badge.join import JOINED, SEARCHING
from ptt.base import events
from ptt.microphone.conditioner import Conditioner
from ptt.wire import codec, envelope, messages


def participant(state: int = JOINED, trip_ms: int = 8, standbys: int = 1) -> Any:
    sent: list[tuple[int, tuple[int, ...]]] = []
    return SimpleNamespace(
        join=SimpleNamespace(state=state, node=3, term=7),
        link=SimpleNamespace(address=("192.0.2.5", 47800)),
        membership=SimpleNamespace(
            round_trip_ms=trip_ms, unanswered=70_000, standbys=["address"] * standbys
        ),
        burst=SimpleNamespace(left_out=0),
        playout=SimpleNamespace(path=SimpleNamespace(delay_ms=60)),
        send=lambda kind, values, address, now_ms: sent.append((kind, values)),
        sent=sent,
    )


def shown_of(own: Any) -> Diagnosis:
    return Diagnosis(own, Conditioner())


def test_what_is_wrong_with_the_microphone_is_told_with_what_to_do() -> None:
    conditioner = Conditioner()
    own = participant()
    shown = Diagnosis(own, conditioner)
    conditioner.talked = 1000
    assert shown.lines()[5:] == ["talked for 20 s"]
    conditioner.pauses.count = 120
    assert shown.lines()[5:] == ["talked for 20 s, 12 % of it pauses"]
    own.burst.left_out = 93
    assert shown.lines()[5:] == ["talked for 20 s, 12 % of it pauses, 9 % not sent"]
    conditioner.clipped, conditioner.windy = 30, 19
    assert shown.lines()[6:] == [
        "3 % of it was cut off: turn the microphone down, or speak from farther away"
    ]
    conditioner.clipped, conditioner.windy = 0, 250
    assert shown.lines()[6:] == ["25 % of it had wind, rubbing or hum in it: shield the microphone"]


def test_the_lines() -> None:
    shown = shown_of(participant())
    assert shown.lines() == [
        "leader 192.0.2.5:47800, term 7, answers after 8 ms; 70000 answers missing",
        "2 hosts; this badge is node 3, a participant",
        "nothing heard yet",
        "not in the queue",
        "plays what comes 60 ms later, for its jitter",
        "nothing said yet",
    ]
    assert "has not answered yet" in shown_of(participant(trip_ms=0xFFFF)).lines()[0]
    assert shown_of(participant(standbys=0)).lines()[1].startswith("1 host;")
    assert shown_of(participant(SEARCHING)).lines() == ["no leader: this badge looks for one"]


def test_bursts_that_were_heard_add_up() -> None:
    shown = shown_of(participant())
    for value in ((2, 1, 90, 10, 0, 0, 0), (2, 1, 95, 10, 3, 0, 0), (2, 2, 95, 0, 0, 0, 0)):
        shown.take(events.HEARD, value)  # the second one tells of the first burst once more
    assert shown.lines()[2] == "2 bursts heard: 5.0 % lost, 3 frames late"
    shown.take(events.HEARD, (2, 3, 0, 0, 0, 0, 0))
    assert shown.lines()[2] == "2 bursts heard: 5.0 % lost, 3 frames late"


def test_the_place_in_the_queue_is_the_newest() -> None:
    shown = shown_of(participant())
    shown.take(events.QUEUED, 3)
    shown.take(events.QUEUED, 2)
    assert shown.lines()[3] == "place 2 in the queue"
    shown.take(events.GRANTED, 9)
    assert shown.lines()[3] == "not in the queue"


def test_the_leader_reads_its_report() -> None:
    own = participant()
    shown_of(own).report(0)
    ((kind, values),) = own.sent
    assert kind == messages.BADGE_REPORT
    payload = bytearray(100)
    end = codec.encode(payload, envelope.HEADER_BYTES, kind, values)
    told = read_report(codec.decode(kind, payload, envelope.HEADER_BYTES, end), 0)
    assert (told.delay_ms, told.round_trip_ms, told.unanswered) == (60, 8, 70_000 & 0xFFFF)
    assert told.signal_dbm is told.access_point is told.battery_percent is told.channel is None
    away = participant(SEARCHING)
    shown_of(away).report(0)
    assert away.sent == []
