"""`pressel settings wifi` says who cannot follow, before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pressel.boards.chip import chip_ids
from pressel.boards.heap import left_out
from pressel.cli import main
from pressel.cli import settings_wifi as wifi
from pressel.node.leader_state import LeaderState, MemberState
from pressel.pack.packing import PACKINGS, STOCK

ABLE = ["updates", "secret_texts", "networks"]


def venue(*members: MemberState) -> LeaderState:
    return LeaderState(
        term=1, address="", uptime_s=1, members=list(members), floors=[], voice_in=0, voice_out=0,
        refused={},
    )  # fmt: skip


def member(name: str, features: list[str], build: str = "0.1.7") -> MemberState:
    return MemberState(
        node=len(name), name=name, device="", address="", build=build, features=features, group=1,
        silent_ms=0, table_advice=None, settings_version=1,
    )  # fmt: skip


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []

    def begin(what: str) -> Any:
        def begun(*_: Any, **__: Any) -> int:
            calls.append(what)
            return 0

        return begun

    monkeypatch.setattr(wifi, "put", begin("put"))
    monkeypatch.setattr(wifi, "start", begin("start"))
    return calls


@pytest.mark.parametrize("way", ["--at-once", "--dry-run", "--open"])
def test_badges_that_cannot_change_are_named(
    way: str, done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:  # fmt: skip
    here = venue(
        member("Ann", ABLE), member("Bar 2", ["updates", "secret_texts"]),
        member("Cy", ["networks"]), member("Desk", [], "soft 0.1.0"),
    )  # fmt: skip
    monkeypatch.setattr(wifi, "venue_now", lambda control, port: (here, ""))
    file = tmp_path / "password"
    file.write_text("long enough\n")
    words = [way] if way == "--open" else [way, "--password-file", str(file)]
    assert main(["settings", "wifi", "Venue 2", *words]) == 0
    said = capsys.readouterr().err
    assert "2 badges (Bar 2, Cy) cannot change" in said and "pressel provision PORT --wifi" in said
    assert "Ann" not in said and "Desk" not in said
    assert done == ["start" if way == "--open" else "put"]


def test_nothing_is_said_where_all_can(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wifi, "venue_now", lambda control, port: (venue(member("Ann", ABLE)), ""))
    assert main(["settings", "wifi", "Venue 2", "--open"]) == 0
    assert capsys.readouterr().err == "" and done == ["start"]


@pytest.mark.parametrize("packing", PACKINGS)
def test_its_help_is_right_about_who_can(packing: str) -> None:
    able = [chip for chip in chip_ids() if "networks" not in left_out(chip, packing)]
    assert able == (["esp32s3"] if packing == STOCK.name else chip_ids())
