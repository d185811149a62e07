"""The registry's files: who can read them, what survives, and what somebody with them can do."""

from __future__ import annotations

import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.host.registry_file import ANN, BEN, BOX, python, sql
from tests.patience import PATIENCE_S

from pressel.errors import PresselError, UsageError
from pressel.registry import backup, database, tables
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE


def test_nobody_else_can_read_the_files(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        assert folder.stat().st_mode & 0o77 == 0
        for file in folder.iterdir():  # the side files of SQLite among them
            assert file.stat().st_mode & 0o77 == 0, file


def test_row_45_no_folder_that_is_made_is_open_whatever_the_umask(tmp_path: Path) -> None:
    former = os.umask(0)
    try:
        Registry(tmp_path / "state" / "pressel").close()
    finally:
        os.umask(former)
    for each in ("state", "state/pressel"):
        assert (tmp_path / each).stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("mode", (0o640, 0o604, 0o620))
def test_a_key_file_open_to_others_is_refused(folder: Path, mode: int) -> None:
    Registry(folder).close()
    (folder / KEY_FILE).chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        Registry(folder)


def test_a_stolen_database_opens_nothing(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
    thief = tmp_path / "thief"
    thief.mkdir()
    (thief / DATABASE).write_bytes((folder / DATABASE).read_bytes())
    with pytest.raises(UsageError, match="no registry key"):
        Registry(thief)
    assert not (thief / KEY_FILE).exists()  # a fresh one would hide what happened
    Registry(tmp_path / "other").close()
    (thief / KEY_FILE).write_bytes((tmp_path / "other" / KEY_FILE).read_bytes())
    (thief / KEY_FILE).chmod(0o600)
    with pytest.raises(UsageError, match="not the key of"):
        Registry(thief)
    mark = sql(tmp_path / "other", "SELECT mark FROM registry")[0][0]
    sql(thief, "UPDATE registry SET mark = ?", mark)  # even when made to fit
    with Registry(thief) as registry, pytest.raises(PresselError, match="changed on disk"):
        registry.key(ANN)


@pytest.mark.parametrize("at", (0, 11, 12, 43, 44, 59))
def test_a_changed_ciphertext_is_noticed(folder: Path, at: int) -> None:
    """Nonce, ciphertext and tag: first and last byte of each."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        sealed = bytearray(sql(folder, "SELECT sealed_key FROM device")[0][0])
        sealed[at] ^= 1
        sql(folder, "UPDATE device SET sealed_key = ?", bytes(sealed))
        with pytest.raises(PresselError, match="changed on disk"):
            registry.key(ANN)


def test_a_key_opens_in_its_own_row_and_epoch_only(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.enrol(BEN, "Ben")
        (old,) = sql(folder, "SELECT sealed_key FROM device WHERE id = ?", ANN)[0]
        sql(folder, "UPDATE device SET sealed_key = ? WHERE id = ?", old, BEN)
        with pytest.raises(PresselError, match="changed on disk"):
            registry.key(BEN)
        registry.rotate(ANN)
        sql(folder, "UPDATE device SET sealed_key = ? WHERE id = ?", old, ANN)
        with pytest.raises(PresselError, match="changed on disk"):
            registry.key(ANN)


def test_no_key_is_anywhere_on_disk(folder: Path, tmp_path: Path) -> None:
    """Neither in the database nor in its side files, the backup, a dump, nor in any message."""
    with Registry(folder) as registry:
        keys = [registry.enrol(ANN, "Ann"), registry.rotate(ANN), registry.replace(ANN, BEN)]
        code = registry.invite()
        backup.back_up(folder, tmp_path / "copy")
        places = [file.read_bytes() for file in folder.iterdir() if file.name != KEY_FILE]
        places.append((tmp_path / "copy").read_bytes())
        with sqlite3.connect(folder / DATABASE) as db:
            places.append("\n".join(db.iterdump()).encode())
        places.append(repr([vars(registry), registry.devices()]).encode())
    secret = bytes.fromhex((folder / KEY_FILE).read_text().split()[1])
    forms = [form for key in [*keys, secret] for form in (key, key.hex().encode())]
    forms += [form.upper() for form in forms] + [code.encode(), code.replace("-", "").encode()]
    for place in places:
        assert not any(form in place for form in forms)


def test_changes_are_seen_by_another_process(folder: Path) -> None:
    with Registry(folder) as leader, Registry(folder) as operator:
        seen = [leader.changes()]
        for change in (
            lambda: operator.enrol(ANN, "Ann"),
            lambda: operator.rename(ANN, "Anna"),
            lambda: operator.set_groups(ANN, [7]),
            lambda: operator.rotate(ANN),
            lambda: operator.revoke(ANN),
            lambda: operator.allow_host("box", BOX),
            lambda: operator.remove_host("box"),
        ):
            change()
            seen.append(leader.changes())
        assert seen == sorted(set(seen))
        operator.invite()
        assert leader.changes() == seen[-1]


ENROL = """
import sys
from pathlib import Path
from pressel.registry.store import Registry
folder, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
with Registry(folder) as registry:
    for number in range(first, first + count):
        registry.enrol(f"{number:016x}", f"x{number}")
        print(number, flush=True)
"""


def test_writers_at_once(folder: Path) -> None:
    """They also race for making the files."""
    writers = [python(ENROL, folder, 100 * each, 15) for each in range(4)]
    for writer in writers:
        writer.communicate(timeout=PATIENCE_S)
    assert [writer.returncode for writer in writers] == [0] * 4
    with Registry(folder) as registry:
        assert len(registry.devices()) == 60
        assert all(registry.key(each.id) for each in registry.devices())


def test_a_writer_killed_in_the_middle(folder: Path) -> None:
    """What it said is there; nothing is half there; others can write at once."""
    writer = python(ENROL, folder, 0, 100_000)
    assert writer.stdout
    said = -1
    for _ in range(20):
        said = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split(b"\n")[:-1]  # `communicate` drops what was read ahead
    writer.wait(timeout=PATIENCE_S)
    said = int(rest[-1]) if rest else said
    with Registry(folder) as registry:
        known = registry.devices()
        assert said + 1 <= len(known) <= said + 2
        assert all(registry.key(each.id) for each in known)
        registry.enrol(ANN, "Ann")


HALF = """
import os, sys
from pathlib import Path
from pressel.registry.store import Registry
registry = Registry(Path(sys.argv[1]))
with registry._change():
    registry._devices.update(sys.argv[2], "state = 'revoked', sealed_key = NULL", (), "active")
    os.kill(os.getpid(), 9)
"""


def test_a_writer_killed_inside_a_transaction(folder: Path) -> None:
    with Registry(folder) as registry:
        key = registry.enrol(ANN, "Ann")
    writer = python(HALF, folder, ANN)
    writer.communicate(timeout=PATIENCE_S)
    assert writer.returncode == -signal.SIGKILL
    with Registry(folder) as registry:
        assert registry.key(ANN) == key


def test_a_newer_registry_is_left_alone(folder: Path) -> None:
    Registry(folder).close()
    sql(folder, f"PRAGMA user_version = {len(tables.STEPS) + 1}")
    with pytest.raises(UsageError, match="newer Pressel"):
        Registry(folder)


def test_a_damaged_registry_is_told_in_words(folder: Path) -> None:
    folder.mkdir()
    (folder / DATABASE).write_text("not a database, and longer than a header of one" * 9)
    with pytest.raises(PresselError, match="damaged"):
        Registry(folder)


def test_a_fault_of_ours_without_a_file_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(AttributeError), database.told(tmp_path / "none"):
        raise AttributeError("ours")
    assert not list(tmp_path.iterdir())


def test_many_may_make_a_registry_at_once(tmp_path: Path) -> None:
    def make(folder: Path) -> int:
        with Registry(folder) as registry:
            return len(registry.devices())

    with ThreadPoolExecutor(8) as threads:
        for attempt in range(20):
            folder = tmp_path / str(attempt)
            assert list(threads.map(make, [folder] * 8)) == [0] * 8


def test_a_registry_that_another_program_holds_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_S", 0.0)
    with Registry(tmp_path) as registry, closing(sqlite3.connect(registry.file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PresselError, match=r"another program holds .*try again when"):
            registry.enrol("00" * 8, "Ann")


@pytest.mark.parametrize("way", ["gone", "zeroed", "emptied"])
def test_row_47_an_emptied_registry_is_no_new_venue(folder: Path, way: str) -> None:
    """Its key is still there: badges were strangers, and nobody was told."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
    copy = folder.parent / "copy"
    backup.back_up(folder, copy)
    for file in folder.glob(f"{DATABASE}*"):
        file.unlink()
    if way == "zeroed":
        (folder / DATABASE).touch()
    elif way == "emptied":
        sqlite3.connect(folder / DATABASE).close()
    with pytest.raises(UsageError, match=r"restore a backup .* or delete .*registry.key"):
        Registry(folder)
    backup.restore(folder, copy)
    with Registry(folder) as registry:
        assert registry.key(ANN)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_no_key(folder: Path, make) -> None:
    with Registry(folder):
        pass
    (folder / KEY_FILE).unlink()
    make(folder / KEY_FILE)
    with pytest.raises(UsageError, match="not a plain file"):
        Registry(folder)
