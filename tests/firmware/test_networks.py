"""The extra that changes the badge's network: what it begins with, keeps, and falls back to."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import NVS, Wlan

FLASHED = ("venue", "secret")
TOLD = (7, b"venue 2", b"correct horse")


class Badge:
    """A handset whose participant is not there, and a Wi-Fi that comes when the test says so."""

    def __init__(self, firmware: Load, flashed: tuple[str, str] = FLASHED, now_ms: int = 0) -> None:
        self.now_ms = now_ms
        self.rooms: list[Any] = []
        self.sent: list[Any] = []
        join = SimpleNamespace(state=1, silent_ms=lambda now_ms: 0)
        self.participant: Any = SimpleNamespace(
            take_room=self.rooms.append,
            join=join,
            link=SimpleNamespace(address="leader"),
            send=lambda kind, values, to, now_ms: self.sent.append(values),
        )
        kept = firmware("hal.nvs").Nvs().blob("network")
        made = firmware("app.extras.networks").WifiChange(self.participant, flashed, kept, now_ms)
        self.change = made
        self.wifi = firmware("hal.wifi").Wifi(*made.first())
        self.wlan = Wlan.made[-1]
        self.is_quiet = True
        self.handset: Any = SimpleNamespace(wifi=self.wifi, is_quiet=lambda: self.is_quiet)

    def run(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 500):
            self.now_ms += 500
            self.wifi.poll(self.now_ms)
            self.change.room.handle_timeout(self.now_ms)
            self.change.step(self.handset, self.now_ms)

    def tell(self, network: tuple[int, bytes, bytes]) -> None:
        self.change.room._on_network(list(network), b"", "leader", self.now_ms)

    def joined(self) -> list[tuple[str, str]]:
        return [call[1:3] for call in self.wlan.calls if call[0] == "connect"]


@pytest.fixture
def badge(firmware: Load) -> Badge:
    made = Badge(firmware)
    made.wlan.is_near = True
    made.run(1000)
    return made


def test_it_begins_with_what_it_was_flashed_with(badge: Badge) -> None:
    assert badge.joined() == [FLASHED] and NVS.kept.get("network") is None


def test_a_trial_that_passes_is_kept_on_flash(badge: Badge, firmware: Load) -> None:
    badge.tell(TOLD)
    badge.is_quiet = False
    badge.run(5000)
    assert badge.joined() == [FLASHED]  # somebody talks
    badge.is_quiet = True
    badge.run(1000)
    assert badge.joined()[1:] == [("venue 2", "correct horse")]
    assert not Badge(firmware).change.room.present[0]  # not kept before it has passed
    badge.run(12000)
    assert badge.sent[-1] == (7, 0)
    assert Badge(firmware).change.first() == ("venue 2", "correct horse")


def test_a_trial_that_fails_ends_where_it_began(badge: Badge, firmware: Load) -> None:
    badge.tell(TOLD)
    badge.run(1500)
    badge.participant.join.state = 0
    badge.run(28000)
    assert badge.joined()[-1] == ("venue 2", "correct horse")
    badge.run(4000)
    assert badge.joined()[-1] == FLASHED
    badge.participant.join.state = 1
    badge.tell(TOLD)
    assert badge.sent[-1] == (7, 2)
    badge.run(60000)
    assert badge.joined()[-1] == FLASHED and Badge(firmware).change.first() == FLASHED


def test_a_badge_that_was_flashed_anew_forgets_it(badge: Badge, firmware: Load) -> None:
    badge.tell(TOLD)
    badge.run(15000)
    for flashed in (("venue", "other secret"), ("other", "secret"), ("venue\nsecret", "")):
        assert Badge(firmware, flashed).change.first() == flashed
    assert Badge(firmware).change.first() == ("venue 2", "correct horse")


def test_the_other_one_when_the_present_one_is_gone(badge: Badge, firmware: Load) -> None:
    badge.tell(TOLD)
    badge.run(15000)
    again = Badge(firmware, now_ms=0x3FFFFFFF - 60_000)
    again.run(119_000)
    assert set(again.joined()) == {("venue 2", "correct horse")}
    again.run(2000)
    assert again.joined()[-1] == FLASHED
    again.wlan.is_near = True
    again.run(2000)
    assert Badge(firmware).change.first() == FLASHED  # where it was found


def test_spoilt_flash_is_as_none(badge: Badge, firmware: Load) -> None:
    badge.tell(TOLD)
    badge.run(15000)
    whole = NVS.kept["network"]
    for spoilt in (b"", whole[:4], whole[:9], b"\xff" * 100):
        NVS.kept["network"] = spoilt
        assert Badge(firmware).change.first() == FLASHED


def test_flash_that_takes_nothing_costs_nothing_else(
    badge: Badge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*values: Any) -> None:
        raise OSError(28)

    monkeypatch.setattr(NVS, "set_blob", refuse)
    badge.tell(TOLD)
    badge.run(15000)
    assert badge.sent[-1] == (7, 0) and badge.joined()[-1] == ("venue 2", "correct horse")
