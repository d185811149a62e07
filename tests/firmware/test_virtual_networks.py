"""The real firmware changes its Wi-Fi network by the leader's word, in virtual time: a password
with a letter wrong costs the badge that tries it half a minute, and nobody else anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.host.stepped_venue import Venue

from pressel.pack import build_firmware
from pressel.virtual.make_kit import make_kit
from pressel.virtual.stepped import Fault
from ptt.base.clock import wrapped
from ptt.base.numbers import CONFIRM_MS, WIFI_TRIAL_MS
from ptt.leader.settings_in_force import Settings

FLASHED = {"venue": "secret"}
RIGHT = {"venue 2": "correct horse"}
NETWORKS = {7: (b"venue 2", b"correct horse"), 8: (b"venue 2", b"correct hose")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    build_firmware(folder / "firmware", without=("smooth_playout", "g722", "multicast"))
    make_kit(folder).save(folder / "kit.json")
    return folder


@pytest.fixture
def venue(made: Path, tmp_path: Path) -> Any:
    venue = Venue(2, made / "kit.json", made / "firmware", tmp_path)
    for todo in venue.todo:
        todo.append(Fault("networks", {"known": {**FLASHED, **RIGHT}}))
    venue.leader.settings.learn(NETWORKS)
    venue.run(3000)
    yield venue
    for badge in venue.badges:
        badge.kill()


def told(venue: Venue, index: int, name: str) -> list[Any]:
    return [each["value"] for each in venue.events[index] if each.get("event") == name]


def said(venue: Venue) -> list[tuple[int, bool, int]]:
    members = sorted(venue.leader.members.all(), key=lambda each: each.device)
    found = [each.settings for each in members]
    return [(each.acknowledged, each.refused, each.network) for each in found]


def test_a_wrong_one_is_left_within_its_trial(venue: Venue) -> None:
    first = min(member.device for member in venue.leader.members.all())
    candidate = Settings(2, network=8)
    venue.leader.try_out(candidate, frozenset([first]), wrapped(venue.now_ms))
    begun_ms = venue.now_ms
    venue.run(begun_ms + 6000)
    assert told(venue, 0, "network") == [[8, 2]] and told(venue, 0, "lost") != []
    venue.run(begun_ms + WIFI_TRIAL_MS + 5000)
    assert told(venue, 0, "network") == [[8, 2], [0, 0]]
    venue.run(begun_ms + WIFI_TRIAL_MS + 10000)
    assert said(venue) == [(2, True, -1), (1, False, 0)]
    assert told(venue, 1, "network") == [] and told(venue, 1, "lost") == []


def test_a_right_one_is_kept_over_a_restart(venue: Venue) -> None:
    venue.leader.publish(Settings(2, network=7), wrapped(venue.now_ms))
    venue.run(venue.now_ms + CONFIRM_MS + 6000)
    assert said(venue) == [(2, False, 7)] * 2
    for events in venue.events:
        events.clear()
    now_ms = venue.now_ms
    venue.badges[0].reset(now_ms)
    venue.due[0] = now_ms
    venue.todo[0] = [Fault("networks", {"known": RIGHT})]  # the old one is gone
    venue.run(now_ms + 6000)
    assert told(venue, 0, "wifi") == [1] and told(venue, 0, "joined") != []
    assert said(venue)[0] == (2, False, 7)
    for events in venue.events:
        assert "correct" not in repr(events) and "venue 2" not in repr(events)
