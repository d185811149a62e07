"""What is wrong with single badges, as the live page says it: each cause with what to do."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.host.test_bundle import NOW_S as MADE_S
from tests.host.test_bundle import S, sources
from tests.host.test_console_view import NOW_S, badge, status_of
from tests.host.test_health import burst

from pressel.bundle.contents import contents
from pressel.bundle.pseudonyms import Pseudonyms
from pressel.health.badges import HELD_MS, of_badges
from pressel.health.microphone import SILENT_MIN_S
from pressel.health.verdict import judge
from pressel.node import unrest
from pressel.node.burst_state import BurstState
from pressel.node.held_words import ADVISED
from pressel.node.leader_state import HeldState, LeaderState, MicrophoneState
from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields
from pressel.tree import ROOT
from ptt.base.numbers import DEVICES_MAX

RESTARTS = {name: each.text for name, each in event_table().numbers("restart").items()}


def told(status: LeaderState) -> list[tuple[str, str]]:
    return [(each.title, each.text) for each in of_badges(status, judge((), NOW_S))]


@pytest.mark.parametrize(
    ("times", "cause", "says"),
    [
        (3, "brown_out", "Its battery is weak"),
        (9, "power_on", "loose contact"),
        (4, "watchdog", "its program hung"),
        (4, "deep_sleep", "Give out another badge"),
        (2, "watchdog", "its program hung"),
        (1, "watchdog", ""),
        (2, "reset", ""),  # an update, and somebody who tries it out
    ],
)
def test_a_badge_that_restarts_again_and_again_is_named(times: int, cause: str, says: str) -> None:
    status = status_of()
    status.members[3].restarts = times
    status.members[3].badge = badge("").model_copy(update={"restart": RESTARTS[cause]})
    if not says:
        assert told(status) == []
        return
    ((title, text),) = told(status)
    assert title == "B3 restarts again and again"
    assert text.startswith(f"{times} times") and RESTARTS[cause] in text and says in text


def test_a_button_that_is_stuck_is_named_unless_nothing_is_heard_anyway() -> None:
    """A burst that somebody ends, in between, is no stuck button."""
    over = [burst(n, "B3", {"B1": 0.0}) for n in range(3)]
    limit = event_table().numbers("revocation")["talk_limit"].number
    for each in over[1:]:
        each.cause = event_fields("floor_freed", ("B3", 1, limit))["cause"]
    status, health = status_of(), judge(over, NOW_S)
    ((title, text),) = [(each.title, each.text) for each in of_badges(status, health)]
    assert title == "B3 talks until it is cut off"
    assert text.startswith("2 times in a row") and "stuck" in text
    status.members[3].microphone = MicrophoneState(
        spoken=0, clipped_percent=0, windy_percent=0, silent_s=SILENT_MIN_S
    )
    assert of_badges(status, health) == []
    assert of_badges(status_of(), judge([*over, burst(4, "B3", {"B1": 0.0})], NOW_S)) == []


def test_a_badge_whose_storage_takes_no_write_is_named_and_a_soft_one_is_not() -> None:
    for free, says in ((40_000, ["B3 keeps nothing"]), (None, [])):
        status = status_of()
        changed = {"starts": 0, "heap_free_bytes": free}
        status.members[3].badge = badge("").model_copy(update=changed)
        assert [title for title, _ in told(status)] == says


def test_who_answers_and_hears_nothing_is_named() -> None:
    """Not who has just joined, is off, talked itself, or heard another group meanwhile."""

    def said(heard: str, listeners: int, group: int = 1, talker: str = "B0") -> BurstState:
        made = burst(next(places), talker, dict.fromkeys(heard.split(), 0.0))
        made.listeners, made.group = listeners, group
        return made

    def titles(*bursts: BurstState, silent_ms: int = 0) -> list[str]:
        status = status_of()
        del status.members[4:]
        status.members[3].silent_ms = silent_ms
        found = of_badges(status, judge(bursts, NOW_S))
        return [each.title for each in found if "hears nothing" in each.title]

    places = itertools.count(1)
    deaf = [said("B1 B2", 3) for _ in range(3)]
    assert titles(*deaf) == ["B3 hears nothing"]
    assert titles(*deaf[:2]) == []
    assert titles(*deaf, said("B0 B1 B2", 3, talker="B3")) == ["B3 hears nothing"]
    assert titles(*deaf, silent_ms=60_000) == []
    assert titles(*deaf, said("B1 B2 B3", 3)) == []
    assert titles(*deaf, said("B3", 1, group=200)) == []
    assert titles(*[said("B1 B2", 2) for _ in range(3)]) == []
    assert titles(*[said("B1 B2", 3, talker="B3") for _ in range(3)]) == ["B0 hears nothing"]
    assert titles(*[said("", 3) for _ in range(3)]) == []  # then it is the talker's


def test_who_gets_the_floor_and_whose_voice_never_comes_is_named() -> None:
    silent = event_table().numbers("revocation")["silent"].number
    over = [burst(n, "B3", {}) for n in range(1, 4)]
    for each in over:
        each.listeners, each.cause = 3, event_fields("floor_freed", ("B3", 1, silent))["cause"]
    ((title, text),) = [
        (each.title, each.text) for each in of_badges(status_of(), judge(over, NOW_S))
    ]
    assert title == "Nobody hears what B3 says"
    assert text.startswith("3 times in a row") and "access point" in text
    assert of_badges(status_of(), judge(over[:1], NOW_S)) == []
    over[2].heard = 1  # it went silent in the middle
    assert of_badges(status_of(), judge(over, NOW_S)) == []


def test_two_badges_of_one_identity_are_told_once() -> None:
    """The leader holds them off, too: that has the same cause."""
    status = status_of()
    status.members[1].doubles = 1
    why, advice = next(iter(ADVISED.items()))
    for name in ("B1", "B2"):
        status.held.append(
            HeldState(device=name, name=name, why=why, times=9, ago_ms=0, advice=advice)
        )
    old = HeldState(device="B3", name="B3", why=why, times=9, ago_ms=HELD_MS + 1)
    status.held.append(old)
    (twice, _) = of_badges(status, judge((), NOW_S))
    style = (ROOT / "host" / "pressel" / "console" / "static" / "console.css").read_text("utf-8")
    assert twice.tone == "bad" and ".card.bad {" in style
    assert [title for title, _ in told(status)] == [
        "Two badges have the identity of B1", "B2 is held off",
    ]  # fmt: skip
    assert told(status)[1][1] == "It joins again and again: 9 times. " + (
        "Look at the Wi-Fi where it is, and whether two badges have one identity."
    )


@pytest.mark.parametrize(
    ("heard_by", "others", "is_named"),
    [([0, 0], 0, True), ([3, 0, 0], 0, True), ([0, 0, 1], 0, False), ([0], 0, False),
     ([0, 0], 1, False)],
)  # fmt: skip
def test_who_talks_in_a_group_without_others_is_named(
    heard_by: list[int], others: int, is_named: bool
) -> None:
    """Not who has moved meanwhile, nor who has tried once."""
    status = status_of()
    for member in status.members[: 1 + others]:
        member.group = 7
    bursts = [
        burst(place, "B0", {f"B{n}": 0.0 for n in range(1, 1 + count)})
        for place, count in enumerate(heard_by)
    ]
    found = of_badges(status, judge(bursts, NOW_S))
    assert [each.title for each in found] == ["Nobody is there to hear B0"] * is_named
    assert all("group 7" in each.text for each in found)
    status.members = status.members[:1]
    assert not of_badges(status, judge(bursts, NOW_S))  # nobody else is on duty at all


@pytest.mark.parametrize(
    ("builds", "named"),
    [
        (("0.9.12", "0.10.0", "0.10.0", "soft 0.8.0"), "B0 (0.9.12)"),
        (("0.11.0", "0.10.0", "0.10.0"), ""),  # an update begins with it
        (("0.9", "0.9", "0.10", "0.10", "0.11"), ""),  # and goes on
        (("another", "0.10.0", "0.10.0", "99999.1", "."), ""),
        (("soft 0.8.0", "0.10.0"), ""),
    ],
)
def test_who_is_behind_most_others_is_named(builds: tuple[str, ...], named: str) -> None:
    status = status_of()
    status.members = status.members[: len(builds)]
    for member, build in zip(status.members, builds, strict=True):
        member.build = build
    titles = [title for title, _ in told(status)]
    assert titles == [f"An older release: {named}"] * bool(named)
    for member in status.members:
        member.table_advice = "update the badges"  # that has a line of its own
    assert not [title for title, _ in told(status) if "older" in title]


def test_what_is_reported_is_counted_for_a_while_and_passed_on() -> None:
    passed: list[str] = []
    now = [0.0]
    room = unrest.Unrest(lambda event, fields: passed.append(event), lambda: now[0])
    for event in (unrest.RESTARTED, unrest.RESTARTED, unrest.DOUBLE, "text"):
        room.report(event, {"device": "01", "name": "Ann"})
        now[0] += 1.0
    assert passed == [unrest.RESTARTED, unrest.RESTARTED, unrest.DOUBLE, "text"]
    assert [room.lately(e, "01") for e in (unrest.RESTARTED, unrest.DOUBLE, "text")] == [2, 1, 0]
    now[0] = unrest.LATELY_S + 0.5
    assert room.lately(unrest.RESTARTED, "01") == 1 and not room.lately(unrest.RESTARTED, "02")
    for number in range(DEVICES_MAX):
        room.report(unrest.RESTARTED, {"device": f"x{number}"})
    assert not room.lately(unrest.RESTARTED, "01") and room.lately(unrest.RESTARTED, "x0")


def test_a_bundle_names_them_in_its_own_words(tmp_path: Path) -> None:
    figures, settings, status, bursts, lines = sources(tmp_path)
    (member,) = status["members"]
    member |= {"restarts": 5, "doubles": 1}
    member["badge"]["restart"] = RESTARTS["brown_out"]
    why = list(ADVISED)[2]
    status["held"] = [
        {"device": S["a key"], "name": S["another name"], "why": why, "times": 3, "ago_ms": 5,
         "advice": S["a text"]},
        {"device": S["an address"], "name": S["a host"], "why": S["a text"], "times": 3,
         "ago_ms": 5},
    ]  # fmt: skip
    names = Pseudonyms(tmp_path)
    found = contents(figures, settings, status, bursts, lines, names, MADE_S)
    ann, other, third = (names.of("badge", S[each]) for each in ("a device", "a key", "an address"))
    todo = {each["title"]: each["text"] for each in found["needs"]["todo"]}
    assert RESTARTS["brown_out"] in todo[f"{ann} restarts again and again"]
    assert f"Two badges have the identity of {ann}" in todo
    assert why[1:] in todo[f"{other} is held off"] and f"{third} is held off" in todo
    assert found["badges"][0]["report"]["restart"] == RESTARTS["brown_out"]
    assert found["badges"][0]["restarts"] == 5
    assert not [secret for secret in S.values() if secret.lower() in str(found).lower()]
