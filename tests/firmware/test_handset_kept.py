"""What a handset keeps over a restart: the settings in force, and the hosts that it knew."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.handset_stage import (
    Build,
    build,
    run,
    settings,
    tell,
)
from tests.firmware.hardware import (
    NVS,
)

from pressel.schema.messages import message_table
from ptt.base.defaults import PLAYOUT_DELAY_MS

__all__ = ["build"]


def obeyed(handset: Any) -> tuple[int, int]:
    """Version and playout delay."""
    return handset.participant.settings.version, handset.participant.playout.path.least_ms


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What NVS holds; empty at first."""
    monkeypatch.setattr(NVS, "kept", {})
    return NVS.kept


def test_a_badge_starts_with_the_settings_that_it_had_last(
    build: Build, storage: dict[str, Any]
) -> None:
    handset = build()
    assert obeyed(handset) == (0, PLAYOUT_DELAY_MS)
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)
    assert obeyed(build()) == (0, 200)  # the number means nothing to the next leader


@pytest.mark.parametrize("version", [3, 7, 9])
def test_what_somebody_made_of_its_settings_is_gone_once_it_hears_its_leader(
    version: int, build: Build, storage: dict[str, Any]
) -> None:
    """An older version put back, one that was edited, one that is newer than there is."""
    storage["settings"] = settings(version, 300)
    handset = build()
    assert obeyed(handset) == (0, 300)
    tell(handset, settings(7, 200))
    assert obeyed(handset) == (0, 200)
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)


def test_settings_on_trial_are_not_kept(build: Build, storage: dict[str, Any]) -> None:
    """What crashes a badge, or cuts it off, is gone with its next start."""
    handset = build()
    tell(handset, settings(7, 200))
    handset.participant.settings.told = settings(8, 300)
    run(handset, 1000, 63_000)
    assert storage["settings"] == settings(7, 200)


def test_settings_are_written_once(build: Build, storage: dict[str, Any]) -> None:
    handset = build()
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    before = NVS.commits
    tell(handset, settings(7, 200))
    run(handset, 63_000, 190_000)
    assert NVS.commits == before


def test_settings_of_a_newer_build_are_read_as_far_as_they_are_known(
    build: Build, storage: dict[str, Any]
) -> None:
    storage["settings"] = settings(7, 140) + bytes(6)
    assert obeyed(build()) == (0, 140)


@pytest.mark.parametrize(
    "kept", [b"\1", settings(7, 140)[:9], settings(7, 19), settings(7, 140, 1), b"\xff" * 10]
)
def test_settings_that_cannot_be_are_left_alone(
    kept: bytes, build: Build, storage: dict[str, Any]
) -> None:
    storage["settings"] = kept
    assert obeyed(build()) == (0, PLAYOUT_DELAY_MS)


def told_starts(handset: Any) -> int:
    """As its reports have it."""
    (health,) = (each for each in handset.extras if type(each).__name__ == "Health")
    return health._starts


def test_a_flash_that_fails_does_not_stop_the_badge_and_is_told(
    build: Build, storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a count of starts that is 0: at the start, or when there is something to keep."""

    def fail(*_: Any) -> None:
        raise OSError(5)

    storage["starts"] = 0xFFFF
    monkeypatch.setattr(NVS, "set_blob", fail)
    handset = build()
    assert told_starts(handset) == storage["starts"] == 1  # it wraps, and not to 0
    tell(handset, settings(7, 200))
    run(handset, 1000, 63_000)
    assert obeyed(handset) == (0, 200) and told_starts(handset) == 0
    monkeypatch.setattr(NVS, "set_i32", fail)
    assert told_starts(build()) == 0
    config = json.loads(Path("config.json").read_text())
    del config["device"]  # it would be kept, too
    Path("config.json").write_text(json.dumps(config))
    sys.modules.pop("app.boot", None)
    assert import_module("app.boot").build().participant.device == b"\x02\0\0\0\0\x07\0\0"


def test_row_46_the_hosts_that_it_knew_are_asked_after_a_restart(
    build: Build, storage: dict[str, Any]
) -> None:
    handset = build(leader="10.0.0.1")
    membership = handset.participant.membership
    membership.standbys = [("10.0.0.2", 47800), ("10.0.0.3", 47801)]
    run(handset, 1000, 62_000)
    assert storage["hosts"] == b"10.0.0.2:47800 10.0.0.3:47801"
    membership = build(leader="10.0.0.1").participant.membership
    assert membership.hosts()[1:] == [("10.0.0.2", 47800), ("10.0.0.3", 47801)]


@pytest.mark.parametrize("kept", [b"\xff\xfe", b"10.0.0.2:x", b"::", b""])
def test_hosts_that_cannot_be_are_left_alone(
    build: Build, storage: dict[str, Any], kept: bytes
) -> None:
    storage["hosts"] = kept
    assert build(leader="10.0.0.1").participant.membership.hosts() == [("10.0.0.1", 47800)]


def test_settings_fit_what_the_badge_keeps() -> None:
    table = message_table()
    (row,) = [each for each in table.message if each.settings]
    size = sum(int(field.type.removeprefix("u")) // 8 for field in row.fields)
    assert size <= 64  # `hal.nvs` reads no longer ones
