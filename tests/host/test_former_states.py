"""A host's state folder as each version of Pressel left it becomes one of today, and what is there
today is read by the versions that we say can read it.

`tests/vectors/states/FORMAT` was written by that version's own code, and is never written again:
registry.sql is a dump of its registry, expected.json what its code said of it.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import UsageError
from pressel.node.kept_settings import FIRST, load_kept, store_kept, values_of
from pressel.node.term import load_record, store_record
from pressel.registry import backup, proved, tables
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry

ROOT = Path(__file__).resolve().parents[2]
STATES = ROOT / "tests" / "vectors" / "states"
FORMATS = range(1, len(tables.STEPS) + 1)
WITH_SETTINGS = [each for each in FORMATS if (STATES / str(each) / proved.SETTINGS).exists()]
ROWS = "SELECT id, name, sealed_key, epoch, groups, emergency, priority, state FROM device"
HOSTS = "SELECT public_key, name FROM host"


def state_of(version: int, folder: Path) -> dict[str, Any]:
    """Make `folder` as that version left it; what its code said of it."""
    shutil.copytree(STATES / str(version), folder)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.executescript((folder / "registry.sql").read_text("utf-8"))
    for file in folder.iterdir():
        file.chmod(0o600)
    (folder / "registry.sql").unlink()
    return json.loads((folder / "expected.json").read_text("utf-8"))


def told_by(registry: Registry) -> dict[str, Any]:
    devices = registry.devices()
    return {
        "devices": [[d.id, d.name, list(d.groups), d.state, d.epoch] for d in devices],
        "keys": {d.id: (registry.key(d.id) or b"").hex() for d in devices},
        "hosts": [[host.name, host.public_key] for host in registry.hosts()],
    }


def rows(database: Path) -> list[Any]:
    with closing(sqlite3.connect(database)) as db:
        return [sorted(db.execute(each).fetchall()) for each in (ROWS, HOSTS)]


def settings_told(folder: Path) -> dict[str, Any]:
    kept = load_kept(folder)
    return {**values_of(kept), "version": kept.version}


def test_there_is_one_of_each_format() -> None:
    assert sorted(int(each.name) for each in STATES.iterdir()) == list(FORMATS)


@pytest.mark.parametrize("version", FORMATS)
def test_a_former_state_becomes_one_of_today(tmp_path: Path, version: int) -> None:
    folder = tmp_path / "state"
    expected = state_of(version, folder)
    for _ in range(2):  # the second time it is one of today
        with Registry(folder) as registry:
            assert told_by(registry) == {name: expected[name] for name in told_by(registry)}
            registry.verify()
        wanted = expected.get("settings", {"version": FIRST})
        assert wanted.items() <= settings_told(folder).items()
        term, vote = load_record(folder)
        assert term == expected["term"] and len(vote) in (0, 8)


@pytest.mark.parametrize("version", FORMATS)
def test_its_registry_goes_back_to_the_version_before_the_log(tmp_path: Path, version: int) -> None:
    """And forth again. What a format of its own had beside devices and hosts is the log."""
    folder = tmp_path / "state"
    expected = state_of(version, folder)
    before = rows(folder / DATABASE)
    backup.back_up(folder, tmp_path / "former", is_former=True)
    assert rows(tmp_path / "former") == before
    with closing(sqlite3.connect(tmp_path / "former")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (tables.FORMER,)
        tables.check_ours(db, tmp_path / "former")
    backup.restore(folder, tmp_path / "former", is_unproved=True)
    with Registry(folder) as registry:
        assert told_by(registry)["keys"] == expected["keys"]


@pytest.mark.parametrize("version", WITH_SETTINGS)
def test_its_settings_go_back(tmp_path: Path, version: int) -> None:
    """A former version reads what stands in its own file, by the names that it knows."""
    folder = tmp_path / "state"
    state_of(version, folder)
    written = json.loads((folder / proved.SETTINGS).read_text("utf-8"))
    with Registry(folder):
        store_kept(folder, load_kept(folder))
    now = json.loads((folder / proved.SETTINGS).read_text("utf-8"))
    assert now["version"] == written["version"]
    assert written["values"].items() <= now["values"].items()
    store_record(folder, load_record(folder))
    assert (folder / "term").read_text() == (STATES / str(version) / "term").read_text()


def test_a_state_of_a_newer_version_is_refused_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    state_of(FORMATS[-1], folder)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute(f"PRAGMA user_version = {len(FORMATS) + 1}")
    with pytest.raises(UsageError, match="written by a newer Pressel; update this one"):
        Registry(folder)


# --- by that version's own code ---

CODE = {  # from the history: the last commit of each format
    3: "156ebeb6",
    4: "d584e505",
    5: "e74dbb4a",
}
READ_REGISTRY = """
import json, sys
from pathlib import Path
from pressel.registry.store import Registry
with Registry(Path(sys.argv[1])) as registry:
    print(json.dumps({d.id: (registry.key(d.id) or b"").hex() for d in registry.devices()}))
"""
READ_SETTINGS = """
import sys
from pathlib import Path
from pressel.errors import UsageError
from pressel.node.kept_settings import load_kept
kept = load_kept(Path(sys.argv[1]))
print(kept.version, kept.playout_delay_ms, kept.talk_ms)
"""


def run_former(version: int, program: str, folder: Path, scratch: Path) -> str:
    """What that version's code prints. Left out where the history is not there."""
    git = ["git", "archive", CODE[version], "host", "shared"]
    told = subprocess.run(git, cwd=ROOT, capture_output=True, check=False)
    if told.returncode:
        pytest.skip("the history has no such commit")
    with tarfile.open(fileobj=io.BytesIO(told.stdout)) as tar:
        tar.extractall(scratch, filter="data")
    path = f"{scratch / 'host'}:{scratch / 'shared'}"
    python = [sys.executable, "-c", program, str(folder)]
    ran = subprocess.run(
        python, env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_version_before_the_log_opens_a_registry_of_today(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    expected = state_of(FORMATS[-1], folder)
    former = tmp_path / "former"
    former.mkdir()
    backup.back_up(folder, former / DATABASE, is_former=True)
    shutil.copy(folder / "registry.key", former)
    told = run_former(3, READ_REGISTRY, former, tmp_path / "code")
    assert json.loads(told) == expected["keys"]


@pytest.mark.parametrize("version", [4, 5])
def test_a_former_version_reads_settings_of_today(tmp_path: Path, version: int) -> None:
    folder = tmp_path / "state"
    state_of(FORMATS[-1], folder)
    with Registry(folder):
        store_kept(folder, load_kept(folder))
    assert run_former(version, READ_SETTINGS, folder, tmp_path / "code") == "3 80 90000"
