"""The settings on a host's disk: damaged, of a newer host, or changed by somebody while it runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.host.settings_stage import DEFAULTS, DELAY, TALK, Stage

from pressel.node.kept_settings import load_kept, store_kept
from pressel.registry import proved
from pressel.registry.store import Registry
from ptt.leader.settings_in_force import Settings


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"version": 2, "values": {}}', "no proof"),
        ({"version": 0, "values": {}}, "version 0"),
        ({"version": 2}, "damaged"),
        ({"version": 2, "values": {"floor.talk_ms": 5}}, "cannot be 5 ms"),
        ({"version": 2, "values": {"floor.talk_ms": "long"}}, "is no number"),
    ],
)
def test_a_damaged_file_is_told_and_the_defaults_hold(
    tmp_path: Path, content: str | dict[str, Any], words: str
) -> None:
    with Registry(tmp_path):
        pass
    if isinstance(content, dict):
        proved.store(tmp_path, proved.SETTINGS, content)
    else:
        (tmp_path / proved.SETTINGS).write_text(content)
    stage = Stage(tmp_path)
    (told,) = stage.told
    assert told.startswith("settings_file: ") and words in told and str(tmp_path) in told
    assert stage.settings.show({})["values"] == {**DEFAULTS, DELAY: 60, TALK: 60_000}


def test_what_a_newer_host_kept_is_passed_over(tmp_path: Path) -> None:
    with Registry(tmp_path):
        store_kept(tmp_path, Settings(3, 80, 5000))
    told = proved.load(tmp_path, proved.SETTINGS)
    told["values"]["relay.shift"] = 9
    proved.store(tmp_path, proved.SETTINGS, told)
    assert load_kept(tmp_path).values()[:3] == (3, 80, 5000)


def _gone(file: Path) -> None:
    file.unlink()


def _changed(file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("90000", "33000"), "utf-8")


def _older(file: Path) -> None:
    proved.store(file.parent, proved.SETTINGS, {"version": 1, "values": {TALK: 70_000}})


@pytest.mark.parametrize("is_leader", [True, False])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [(_gone, "was gone"), (_changed, "was changed"), (_older, "held version 1")],
)
def test_what_somebody_did_to_the_file_is_told_and_undone(
    tmp_path: Path, spoil: Callable[[Path], None], words: str, is_leader: bool
) -> None:
    stage = Stage(tmp_path) if is_leader else Stage(tmp_path, Settings(2, talk_ms=90_000))
    if is_leader:
        stage.set(TALK, 90_000, 1)
    for _ in range(2):
        stage.keep()
    assert stage.told == []
    spoil(tmp_path / proved.SETTINGS)
    stage.disk_is_full = True
    stage.keep()
    stage.keep()
    assert stage.told == ["settings_file: the disk is full"]
    stage.disk_is_full = False
    for _ in range(2):
        stage.keep()
    (told,) = stage.told[1:]
    assert told.startswith("settings_mended: ") and words in told and str(tmp_path) in told
    (mend,) = asyncio.run(stage.settings.mends.all())
    assert words in mend["why"] and mend["host"] == ""
    if is_leader:
        assert asyncio.run(stage.settings.status({}))["mended"] == [mend]
    assert load_kept(tmp_path).values()[:3] == (2, 60, 90_000)
    os.utime(tmp_path / proved.SETTINGS)  # touched, and as it was
    stage.keep()
    assert len(stage.told) == 2


def test_a_file_that_cannot_be_read_stays_for_whoever_looks_into_it(tmp_path: Path) -> None:
    """What it says is worth more than the defaults, which hold meanwhile."""
    Registry(tmp_path).close()
    (tmp_path / proved.SETTINGS).write_text("{")
    stage = Stage(tmp_path)
    stage.keep()
    assert (tmp_path / proved.SETTINGS).read_text() == "{" and len(stage.told) == 1
