"""`pressel settings set` names the badges that are here and have no room to obey."""

from __future__ import annotations

import pytest

from pressel import cli
from pressel.cli import settings_change
from pressel.node.leader_state import LeaderState, MemberState

SAVE = "power.power_save"
OLD, NEW = "00000000000000a1", "00000000000000b2"
ROOM = ["updates", "smooth_playout"]


def member(name: str, device: str, features: list[str], build: str = "0.1.7") -> MemberState:
    return MemberState(
        node=len(name), name=name, device=device, address="", build=build, features=features,
        group=1, silent_ms=0, table_advice=None, settings_version=1,
    )  # fmt: skip


HERE = LeaderState(
    term=1, address="", uptime_s=1, floors=[], voice_in=0, voice_out=0, refused={},
    members=[member("Bar", OLD, ["updates"]), member("Ann", NEW, ROOM),
             member("Desk", "", [], "soft 0.1.0")],
)  # fmt: skip


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the leader was asked who is here."""
    times: list[str] = []

    def now(control: object, port: object) -> tuple[LeaderState, str]:
        times.append("asked")
        return HERE, ""

    monkeypatch.setattr(settings_change, "venue_now", now)
    monkeypatch.setattr(settings_change, "put", lambda values, **options: 0)
    monkeypatch.setattr(settings_change, "start", lambda values, **options: 0)
    return times


@pytest.mark.parametrize("more", [[], ["--staged"], ["--dry-run"]])
def test_who_cannot_obey_is_named_before_the_change(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["settings", "set", f"{SAVE}=on", *more]) == 0
    said = capsys.readouterr().err
    assert f"{SAVE}: 1 badge (Bar) cannot obey it" in said
    assert "Ann" not in said and "Desk" not in said


@pytest.mark.parametrize(("device", "is_named"), [(OLD, True), (NEW, False)])
def test_of_a_badge_s_own_value_only_that_badge(
    device: str, is_named: bool, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(settings_change, "whose_of", lambda *_: device)
    assert cli.main(["settings", "set", f"{SAVE}=on", "--at", "x"]) == 0
    assert ("Bar" in capsys.readouterr().err) == is_named


@pytest.mark.parametrize(("board", "is_told"), [("esp32-devkit", True), ("esp32s3-es8311", False)])
def test_of_a_board_s_value_what_its_chip_can_do(
    board: str, is_told: bool, asked: list[str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(settings_change, "whose_of", lambda *_: board)
    assert cli.main(["settings", "set", f"{SAVE}=on", "--at", board]) == 0
    assert (f"badges on board {board} cannot" in capsys.readouterr().err) == is_told
    assert not asked


def test_nobody_is_asked_about_what_all_obey(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["settings", "set", "talk_ms=90s", "playout_delay_ms=80"]) == 0
    assert capsys.readouterr().err == "" and not asked
