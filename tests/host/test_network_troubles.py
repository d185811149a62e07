"""What a network does with datagrams besides losing them, as the live page says it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.host.test_bundle import NOW_S as MADE_S
from tests.host.test_bundle import sources
from tests.host.test_console_view import NOW_S, badge, status_of
from tests.host.test_health import burst
from tests.shared.venue import Venue

from pressel.bundle.contents import contents
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.health.order import OVERTAKEN_MIN_PERCENT, TWICE_MIN_PERCENT, disorder
from pressel.health.pace import SLOW_MS
from pressel.health.rating import BADLY, WELL
from pressel.health.troubles import troubles
from pressel.health.verdict import judge
from pressel.node.burst_state import BurstState
from pressel.node.leader_state import LeaderState
from pressel.node.order import MOMENTS_MAX, Order

NAMES = [f"B{number}" for number in range(8)]


def venue_of(trips_ms: dict[str, int], point: str = "") -> LeaderState:
    """Eight badges; those whose round trip is given are at access point `point`."""
    status = status_of(dict.fromkeys(NAMES, "77:02"))
    for member in status.members:
        trip_ms = trips_ms.get(member.name)
        where = point if trip_ms is not None else "77:02"
        told = {"round_trip_ms": 8 if trip_ms is None else trip_ms, "access_point": where or None}
        member.badge = badge("").model_copy(update=told)
    return status


def said(trips_ms: dict[str, int], lost: float = 0.0, late: float = 0.0) -> list[BurstState]:
    """One burst of each, with the round trips of then."""
    bursts = [
        burst(n, talker, {name: lost for name in NAMES if name != talker}, late=late)
        for n, talker in enumerate(NAMES)
    ]
    for each in bursts:
        each.hearings = [replace(h, trip_ms=trips_ms.get(h.name, 8)) for h in each.hearings]
    return bursts


def told(status: LeaderState, bursts: list[BurstState]) -> list[tuple[str, str]]:
    health = judge(bursts, NOW_S, disorder(status))
    return [(each.title, each.text) for each in troubles(status, health, ())]


@pytest.mark.parametrize(
    ("slow", "point", "title", "says"),
    [
        (1, "", "B0 waits long for an answer", "no other badge's way"),
        (2, "77:02", "B0, B1 wait long for an answer", "no other badge's way"),
        (4, "3f:a1", "Who is at access point 3f:a1 waits long for an answer", "mesh"),
        (6, "3f:a1", "Everybody waits long for an answer", "put a host into the venue"),
        (8, "", "Everybody waits long for an answer", "a VPN"),
    ],
)
def test_whoever_waits_long_though_nothing_is_lost_is_named(
    slow: int, point: str, title: str, says: str
) -> None:
    trips_ms = dict.fromkeys(NAMES[:slow], 2 * SLOW_MS)
    ((found, text),) = told(venue_of(trips_ms, point), said(trips_ms))
    assert found == title and says.lower() in text.lower() and f"{2 * SLOW_MS} ms" in text


def test_one_slow_answer_is_no_trouble_and_a_full_channel_is_not_called_a_long_way() -> None:
    trips_ms = dict.fromkeys(NAMES, 2 * SLOW_MS)
    assert told(venue_of(trips_ms), said({})) == []  # a nap
    assert told(venue_of({}), said(trips_ms)) == []  # mended
    assert told(venue_of(trips_ms), []) == []
    ((title, _),) = told(venue_of(trips_ms), said(trips_ms, lost=0.1))
    assert title == "Nearly everybody hears badly"
    one = {"B0": 2 * SLOW_MS}
    bad = said(one)
    for each in bad:
        each.hearings = [
            replace(h, played=170, concealed=30) if h.name == "B0" else h for h in each.hearings
        ]
    ((title, _),) = told(venue_of(one), bad)
    assert title == "B0 hears badly"


@pytest.mark.parametrize(
    ("figures", "title", "why"),
    [
        ({"twice_percent": 97}, "Everything comes twice", "everything comes twice"),
        ({"overtaken_percent": 18}, "Datagrams overtake one another", "overtake one another"),
    ],
)
def test_a_network_that_copies_or_mixes_is_named_and_not_called_a_full_channel(
    figures: dict[str, int], title: str, why: str
) -> None:
    status = status_of()
    for name, percent in figures.items():
        setattr(status, name, percent)
    assert [each for each, _ in told(status, said({}))] == [title]  # before anybody loses a word
    bad = said({}, lost=0.1, late=0.9)
    ((found, text),) = told(status, bad)
    assert found == title and f"{max(figures.values())} of 100" in text
    health = judge(bad, NOW_S, disorder(status))
    assert why in health.why and "full" not in health.why
    first = said({})
    first[0].hearings = [replace(h, played=180, concealed=20, late=20) for h in first[0].hearings]
    assert not judge(first, NOW_S, disorder(status)).badges["B0"].is_blamed
    assert judge(first, NOW_S).badges["B0"].is_blamed  # else it would be its own way


def test_a_few_copies_are_no_trouble() -> None:
    status = status_of()
    status.twice_percent = TWICE_MIN_PERCENT - 1
    status.overtaken_percent = OVERTAKEN_MIN_PERCENT - 1
    assert told(status, said({})) == [] and disorder(None) == ""


def _order(spoil: str) -> tuple[int, int]:
    """Two moments of talk over a network that does so with each fifth datagram of badges; shares of
    what comes twice, and what is overtaken."""
    venue = Venue(badges=2)
    order = Order(lambda: venue.leader)
    venue.run(3000)
    order.note()
    receive, count = venue.leader.receive_datagram, itertools.count(1)
    kept: list[tuple[bytes, Any]] = []

    def passes(data: Any, source: Any, now_ms: int) -> None:
        data, place = bytes(data), next(count) % 5
        if spoil == "overtaken" and not place:
            kept.append((data, source))
            return
        receive(data, source, now_ms)
        if spoil == "twice":
            receive(data, source, now_ms)
        if place == 4:
            for late, sender in kept:
                receive(late, sender, now_ms)
            kept.clear()

    venue.leader.receive_datagram = passes
    for _ in range(2):
        venue.press("A")
        venue.run(4000)
        venue.release("A")
        venue.run(1000)
        order.note()
    shares = order.twice_percent, order.overtaken_percent
    for _ in range(MOMENTS_MAX):
        order.note()
    assert (order.twice_percent, order.overtaken_percent) == (0, 0)  # forgotten
    return shares


def test_a_leader_counts_what_comes_twice_or_is_overtaken() -> None:
    assert _order("") == (0, 0)
    twice, overtaken = _order("twice")
    assert 95 <= twice <= 100 and overtaken == 0
    twice, overtaken = _order("overtaken")
    assert twice == 0 and 15 <= overtaken <= 22


def test_a_bundle_says_it_and_blames_nobody(tmp_path: Path) -> None:
    figures, settings, status, _, lines = sources(tmp_path)
    bursts = said({})
    bursts[0].hearings = [replace(h, played=180, concealed=20, late=20) for h in bursts[0].hearings]
    for each in bursts:
        each.at = MADE_S - 60
    names = Pseudonyms(tmp_path)
    for percent, word in ((0, BADLY), (40, WELL)):
        told = {**status, "overtaken_percent": percent}
        found = contents(figures, settings, told, bursts, lines, names, MADE_S)
        titles = [each["title"] for each in found["needs"]["todo"]]
        assert ("Datagrams overtake one another" in titles) == bool(percent)
        (first,) = [e for e in found["health"]["badges"] if e["badge"] == names.of("badge", "B0")]
        assert first["word"] == word
