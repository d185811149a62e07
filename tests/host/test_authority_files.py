"""Files that say who may do what: no byte of them can be changed so that something else holds.

A file is read again with each of its bytes changed. It is refused in a sentence, or says what it
said before.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import PresselError, UsageError
from pressel.node.kept_settings import load_kept, store_kept
from pressel.registry import backup
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry
from pressel.update.campaign import Campaign, find_campaign, store_campaign
from ptt.leader.settings_in_force import Settings

ANN = "00000000000000a1"
BYTES_MAX = 1500  # of a file that are changed one by one; of longer ones so many by chance


@dataclass(frozen=True)
class File:
    """`make` writes it below a host's folder, `says` reads what holds by it."""

    make: Callable[[Path], Path]
    says: Callable[[Path, Path], Any]


def _settings(state: Path) -> Path:
    store_kept(state, Settings(3, 80, 5000))
    return state / "settings.json"


def _campaign(state: Path) -> Path:
    file = state / "updates" / "campaign.json"
    store_campaign(file, Campaign(release=2, edition=(3, 1), is_over=True))
    return file


def _backup(state: Path) -> Path:
    file = state.parent / "backup"
    backup.back_up(state, file)
    return file


def _restored(state: Path, file: Path) -> Any:
    backup.restore(state, file)
    with Registry(state) as registry:
        return [(each.id, each.name, each.state, each.groups) for each in registry.devices()]


FILES = {
    "settings": File(_settings, lambda state, file: load_kept(state).values()),
    "campaign": File(_campaign, lambda state, file: find_campaign(state)[0]),
    "backup": File(_backup, _restored),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
    return folder


def changed(right: bytes, count: int) -> list[bytes]:
    chance = random.Random(7)
    places = range(len(right)) if len(right) <= count else chance.sample(range(len(right)), count)
    out = []
    for at in places:
        bit = 1 << chance.randrange(7)
        out.append(right[:at] + bytes([right[at] ^ bit]) + right[at + 1 :])
    return out


@pytest.mark.parametrize("name", FILES)
def test_no_byte_of_it_can_be_changed(state: Path, name: str) -> None:
    file = FILES[name].make(state)
    right = file.read_bytes()
    says = FILES[name].says(state, file)
    refused = 0
    cases = changed(right, 40 if name == "backup" else BYTES_MAX)
    for each in cases:
        file.write_bytes(each)
        try:
            assert FILES[name].says(state, file) == says
        except PresselError as error:
            assert str(file) in str(error)
            refused += 1
    assert refused >= 0.8 * len(cases)  # the others are gaps between words
    file.write_bytes(right)
    assert FILES[name].says(state, file) == says


@pytest.mark.parametrize("name", ["settings", "campaign"])
def test_that_of_another_host_is_not_taken(state: Path, tmp_path: Path, name: str) -> None:
    other = tmp_path / "other"
    with Registry(other):
        foreign = FILES[name].make(other)
    own = FILES[name].make(state)
    own.write_bytes(foreign.read_bytes())
    with pytest.raises(PresselError, match="damaged"):
        FILES[name].says(state, own)


@pytest.mark.parametrize("name", ["settings", "campaign"])
def test_its_proof_cannot_be_taken_away(state: Path, name: str) -> None:
    """As an earlier version has written it, but in a registry of today."""
    file = FILES[name].make(state)
    strip(file)
    with Registry(state), pytest.raises(PresselError, match=r"no proof .*; delete it"):
        FILES[name].says(state, file)
    told = json.loads(file.read_text())
    file.write_text(json.dumps({**told, "prooF": "0" * 64}))
    with pytest.raises(PresselError, match="no proof"):
        FILES[name].says(state, file)


@pytest.mark.parametrize("name", ["settings", "campaign"])
def test_that_of_an_earlier_version_gets_its_proof_with_the_registry_once(
    state: Path, name: str
) -> None:
    file = FILES[name].make(state)
    says = FILES[name].says(state, file)
    strip(file)
    former(state)
    with Registry(state):
        assert FILES[name].says(state, file) == says
    strip(file)
    with Registry(state), pytest.raises(PresselError, match="no proof"):
        FILES[name].says(state, file)


def test_a_disk_that_takes_no_proof_leaves_the_registry_as_it_was(state: Path) -> None:
    file = _settings(state)
    says = load_kept(state).values()
    strip(file)
    former(state)
    in_the_way = file.with_suffix(".new")
    in_the_way.mkdir()
    with pytest.raises(UsageError, match="cannot keep"):
        Registry(state)
    in_the_way.rmdir()
    with Registry(state):
        assert load_kept(state).values() == says


def strip(file: Path) -> None:
    told = json.loads(file.read_text())
    del told["proof"]
    file.write_text(json.dumps(told))


def former(state: Path) -> None:
    """The registry as the version before proofs has left it."""
    with closing(sqlite3.connect(state / DATABASE)) as db:
        db.execute("PRAGMA user_version = 5")
