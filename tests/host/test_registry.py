"""The registry: what is kept, what survives, and what somebody with the file alone can do."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from tests.patience import PATIENCE_S

from pressel.errors import PresselError, UsageError
from pressel.node.desk.devices import verbs
from pressel.registry import backup, backup_file, database, identity, store, tables
from pressel.registry.code import INVITES_MAX, TRIES, place_of, plain_code
from pressel.registry.database import DATABASE
from pressel.registry.device import ACTIVE, PENDING, Entitlements
from pressel.registry.store import PENDING_MAX, PENDING_S, Registry
from pressel.registry.vault import KEY_FILE

ANN = "00112233445566aa"
BEN = "00112233445566bb"
KEY = bytes(range(32))
BOX = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"  # of another host
CODE = "ACDE-FHJK"
PATHS = os.pathsep.join(
    str(Path(__file__).resolve().parents[2] / each) for each in ("host", "shared")
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leader"


def sql(folder: Path, statement: str, *values: object) -> list:
    with sqlite3.connect(folder / DATABASE) as db:
        return db.execute(statement, values).fetchall()


def python(code: str, *args: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code, *map(str, args)]
    environment = {**os.environ, "PYTHONPATH": PATHS}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def test_a_device_is_kept(folder: Path) -> None:
    with Registry(folder) as registry:
        key = registry.enrol(ANN.upper(), "Ann", [3, 1, 3], Entitlements(True, 2))
        assert len(key) == 32
    with Registry(folder) as registry:
        known = registry.device(ANN)
        assert (known.name, known.groups, known.state, known.epoch) == ("Ann", (3, 1), "active", 1)
        assert known.entitlements == Entitlements(True, 2)
        assert registry.key(ANN) == key


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


def test_revocation_and_rotation_end_a_key(folder: Path) -> None:
    with Registry(folder) as registry:
        first = registry.enrol(ANN, "Ann")
        second = registry.rotate(ANN)
        assert first != second and registry.key(ANN) == second
        assert registry.device(ANN).epoch == 2
        registry.revoke(ANN)
        registry.revoke(ANN)  # twice is no error
        assert registry.key(ANN) is None
        assert sql(folder, "SELECT sealed_key FROM device") == [(None,)]
        for call in (registry.rotate, registry.approve, lambda i: registry.replace(i, BEN)):
            with pytest.raises(UsageError, match="revoked"):
                call(ANN)
        with pytest.raises(UsageError, match="known already"):
            registry.enrol(ANN, "Ann")


def test_a_replacement_takes_the_place(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [2, 5], Entitlements(True, 3))
        key = registry.replace(ANN, BEN)
        new = registry.device(BEN)
        assert (new.name, new.groups) == ("Ann", (2, 5))
        assert new.entitlements == Entitlements(True, 3)
        assert registry.key(BEN) == key and registry.key(ANN) is None
        for other, reason in ((ANN, "revoked"), (BEN, "its own place")):
            with pytest.raises(UsageError, match=reason):
                registry.replace(BEN, other)
        assert registry.key(BEN) == key  # nothing was half done


def test_a_spare_that_is_known_already_keeps_its_key_in_the_place_of_another(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [2, 5], Entitlements(True, 3))
        key = registry.enrol(BEN, "spare")
        assert registry.replace(ANN, BEN) == key
        new = registry.device(BEN)
        assert (new.name, new.groups, new.entitlements.priority) == ("Ann", (2, 5), 3)
        assert registry.key(ANN) is None


def test_a_badge_that_was_made_anew_brings_its_own_key(folder: Path) -> None:
    """Also when a host that runs is asked, which has the key in hexadecimal."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann", [3])
        assert registry.rotate(ANN, b"k" * 32) == registry.key(ANN) == b"k" * 32
        asked = {verb.name: verb.answer for verb in verbs(lambda act: act(registry))}
        told = asked["device rotate"]({"id": ANN, "key": (b"m" * 32).hex()})
        assert told == (b"m" * 32).hex() and registry.key(ANN) == b"m" * 32
        assert (registry.device(ANN).epoch, registry.device(ANN).groups) == (3, (3,))
        with pytest.raises(UsageError, match="32 bytes"):
            registry.rotate(ANN, b"short")


def test_a_flashed_badge_is_adopted_with_its_key_and_its_former_identity_ends(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.ask(BEN, "Ben", bytes(32), CODE)
        registry.adopt(BEN, "Ben", b"k" * 32, (3,), former=(ANN,))
        assert registry.key(BEN) == b"k" * 32 and registry.device(BEN).groups == (3,)
        assert registry.device(ANN).state == "revoked"
        with pytest.raises(UsageError, match="meanwhile"):
            registry.adopt("00" * 8, "Cat", bytes(32), former=(ANN,))
        assert "00" * 8 not in {each.id for each in registry.devices()}  # nothing was half done


def test_pending_devices_have_no_key_yet_and_are_bounded(folder: Path) -> None:
    with Registry(folder) as registry:
        for number in range(PENDING_MAX):
            registry.ask(f"{number:016x}", "x", bytes(32), CODE)
        with pytest.raises(UsageError, match="are waiting already"):
            registry.ask(ANN, "Ann", bytes(32), CODE)
        assert registry.key(f"{0:016x}") is None
        registry.approve(f"{0:016x}", [4])
        assert registry.key(f"{0:016x}") == bytes(32)
        registry.deny(f"{1:016x}")
        registry.ask(ANN, "Ann", bytes(32), CODE)
        with pytest.raises(UsageError, match="active"):
            registry.deny(f"{0:016x}")


def test_an_invitation_is_good_once_and_for_a_while(folder: Path) -> None:
    now = [1000.0]
    with Registry(folder, lambda: now[0]) as registry:
        code = registry.invite([2], 60)
        other = "CCCC-CCCC" if code.startswith("AA") else "AAAA-AAAA"
        assert registry.redeem(other, ANN, "Ann", KEY) is None
        assert registry.redeem(code.lower().replace("-", " "), ANN, "Ann", KEY) == (2,)
        assert registry.key(ANN) == KEY
        assert registry.redeem(code, BEN, "Ben", KEY) is None
        late = registry.invite([2], 60)
        now[0] = 1060.0
        assert registry.redeem(late, BEN, "Ben", KEY) is None
        early = registry.invite([2], 60)
        now[0] = 500.0  # the clock was set back
        assert registry.redeem(early, BEN, "Ben", KEY) is None
        now[0] = 1061.0
        assert registry.redeem(early, BEN, "Ben", KEY) is None  # and it was used up by that
        with pytest.raises(UsageError, match="8 letters"):
            registry.redeem("0OIL", BEN, "Ben", KEY)
        assert [each.id for each in registry.devices()] == [ANN]


def test_what_is_over_does_not_come_back_with_a_clock_that_is_set_back(folder: Path) -> None:
    now = [1000.0]
    with Registry(folder, lambda: now[0]) as registry:
        code = registry.invite([2], 60)
        registry.ask(ANN, "Ann", KEY, CODE)
        now[0] += PENDING_S + 1
        registry.forget_old()  # as a leader does all the time
        now[0] = 1001.0
        assert registry.redeem(code, BEN, "Ben", KEY) is None
        assert registry.devices() == []


def test_a_code_may_be_tried_three_times(folder: Path) -> None:
    with Registry(folder) as registry:
        place = place_of(plain_code(registry.invite()))
        assert registry.invited(place)
        tries = [registry.try_invitation(place) for _ in range(TRIES + 1)]
        assert tries == [True] * TRIES + [False]
        assert registry.invited(place) is None


def test_open_invitations_have_places_of_their_own(folder: Path) -> None:
    with Registry(folder) as registry:
        codes = {place_of(plain_code(registry.invite())) for _ in range(INVITES_MAX)}
        assert len(codes) == INVITES_MAX
        with pytest.raises(UsageError, match="open"):
            registry.invite()


def test_who_waits_is_named_by_what_it_shows(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.ask(ANN, "Ann", KEY, CODE)
        assert registry.waiting(CODE.lower()) == registry.waiting(ANN) == ANN
        assert registry.ask(ANN, "Ann", KEY, "AAAA-AAAA") == PENDING  # it asks again
        with pytest.raises(UsageError, match="shows"):
            registry.waiting(CODE)
        with pytest.raises(UsageError, match="another key or state"):
            registry.ask(ANN, "Ann", bytes(32), CODE)  # somebody who has seen its id
        registry.approve(registry.waiting("AAAA-AAAA"))
        assert registry.ask(ANN, "Ann", KEY, CODE) == ACTIVE
        assert registry.device(ANN).check_code is None


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
    registry._update(sys.argv[2], "state = 'revoked', sealed_key = NULL", (), "active")
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


def test_backup_and_restore(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running:
        key = running.enrol(ANN, "Ann")
        running.enrol(BEN, "Ben")
        backup.back_up(folder, tmp_path / "copy")
        assert (tmp_path / "copy").stat().st_mode & 0o77 == 0
        with pytest.raises(UsageError, match="exists"):
            backup.back_up(folder, tmp_path / "copy")
        running.rename(ANN, "Anna")
        running.revoke(BEN)
        before = running.changes()
        backup.restore(folder, tmp_path / "copy")
        assert running.device(ANN).name == "Ann" and running.key(ANN) == key
        assert running.key(BEN) is None  # a backup brings no stolen badge back
        assert running.changes() > before


def test_what_is_no_backup_of_ours_changes_nothing(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running, Registry(tmp_path / "other") as other:
        running.enrol(ANN, "Ann")
        other.enrol(BEN, "Ben")
        backup.back_up(tmp_path / "other", tmp_path / "foreign")
        (tmp_path / "text").write_text("no database at all, but longer than its header" * 9)
        (tmp_path / "empty").write_bytes(b"")
        for name in ("foreign", "text", "empty", "missing"):
            with pytest.raises(UsageError):
                backup.restore(folder, tmp_path / name)
        assert [each.id for each in running.devices()] == [ANN]


def sql_in(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


BACKED = (
    "UPDATE device SET state = 'active', sealed_key = x'00' WHERE state = 'revoked'",
    f"INSERT INTO host VALUES ('{'ab' * 32}', 'stranger', 1)",
    "CREATE TRIGGER evil AFTER UPDATE ON device BEGIN UPDATE device SET priority = 9; END",
)


@pytest.mark.parametrize("statement", BACKED)
def test_a_tampered_backup_is_refused(folder: Path, tmp_path: Path, statement: str) -> None:
    """As it is, and with the proof left out: it brings no row that it was given."""
    with Registry(folder) as running:
        running.enrol(ANN, "Ann")
        running.enrol(BEN, "Ben")
        running.revoke(BEN)
    backup.back_up(folder, tmp_path / "copy")
    line, _, data = (tmp_path / "copy").read_bytes().partition(b"\n")
    plain = tmp_path / "plain"
    plain.write_bytes(data)
    sql_in(plain, statement)
    (tmp_path / "copy").write_bytes(line + b"\n" + plain.read_bytes())
    with pytest.raises(UsageError, match="was changed since it was written"):
        backup.restore(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="anybody may have changed"):
        backup.restore(folder, plain)
    if "TRIGGER" in statement:
        with pytest.raises(UsageError, match="no backup of a registry"):
            backup.restore(folder, plain, is_unproved=True)
    with Registry(folder) as running:
        assert running.key(ANN) and running.key(BEN) is None
        assert running.hosts() == []


def test_any_byte_of_a_backup_counts(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as running:
        running.enrol(ANN, "Ann")
    backup.back_up(folder, tmp_path / "copy")
    right = (tmp_path / "copy").read_bytes()
    chance = random.Random(18)
    for at in [*range(200), *(chance.randrange(len(right)) for _ in range(200))]:
        wrong = bytearray(right)
        wrong[at] ^= 1 << chance.randrange(8)
        (tmp_path / "copy").write_bytes(wrong)
        with pytest.raises(UsageError):
            backup.restore(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="too large"):
        with (tmp_path / "copy").open("r+b") as file:
            file.truncate(backup_file.BYTES_MAX + 1)
        backup.restore(folder, tmp_path / "copy")


@pytest.mark.parametrize("is_former", [False, True])
def test_a_backup_without_a_proof_is_taken_when_it_is_wanted(
    folder: Path, tmp_path: Path, is_former: bool
) -> None:
    """Made by an earlier version, or cut out of one of ours."""
    with Registry(folder) as running:
        key = running.enrol(ANN, "Ann")
        backup.back_up(folder, tmp_path / "copy", is_former=is_former)
        if not is_former:
            _, _, data = (tmp_path / "copy").read_bytes().partition(b"\n")
            (tmp_path / "copy").write_bytes(data)
        running.rename(ANN, "Anna")
        backup.restore(folder, tmp_path / "copy", is_unproved=True)
        assert running.device(ANN).name == "Ann" and running.key(ANN) == key


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


@pytest.mark.parametrize(
    "call",
    (
        pytest.param(lambda r: r.enrol("xyz", "Ann"), id="id"),
        pytest.param(lambda r: r.enrol(ANN, ""), id="name-empty"),
        pytest.param(lambda r: r.enrol(ANN, "a\nb"), id="name-line"),
        pytest.param(lambda r: r.enrol(ANN, "x" * 33), id="name-long"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", []), id="no-group"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [0]), id="group-0"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [256]), id="group-256"),
        pytest.param(lambda r: r.enrol(ANN, "Ann", [1], Entitlements(False, 8)), id="priority"),
        pytest.param(lambda r: r.ask(ANN, "Ann", bytes(31), CODE), id="key"),
        pytest.param(lambda r: r.allow_host("box", "00"), id="host-key"),
        pytest.param(lambda r: r.invite([1], 0), id="invite"),
        pytest.param(lambda r: r.device(BEN), id="unknown"),
    ),
)
def test_what_is_out_of_range_changes_nothing(folder: Path, call) -> None:
    with Registry(folder) as registry:
        before = registry.changes()
        with pytest.raises(UsageError):
            call(registry)
        assert registry.changes() == before and registry.devices() == []


def test_a_host_keeps_its_identity(folder: Path) -> None:
    key = identity.public_key(folder)
    assert identity.public_key(folder) == key and len(key) == 64
    assert (folder / identity.IDENTITY_FILE).stat().st_mode & 0o77 == 0


def test_many_may_make_a_registry_at_once(tmp_path: Path) -> None:
    def make(folder: Path) -> int:
        with Registry(folder) as registry:
            return len(registry.devices())

    with ThreadPoolExecutor(8) as threads:
        for attempt in range(20):
            folder = tmp_path / str(attempt)
            assert list(threads.map(make, [folder] * 8)) == [0] * 8


def test_row_35_the_first_device_that_standbys_would_not_learn_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whatever way it comes; one that takes another's place may come."""
    monkeypatch.setattr(store, "DEVICES_MAX", 3)
    ids = [f"{number:016x}" for number in range(9)]
    with Registry(tmp_path) as registry:
        for each in ids[:3]:
            registry.enrol(each, each[-1])
        registry.ask(ids[3], "Dan", bytes(32), CODE)
        code = registry.invite()
        for come in (
            lambda: registry.enrol(ids[4], "Eve"),
            lambda: registry.adopt(ids[5], "Fay", bytes(32)),
            lambda: registry.approve(ids[3]),
            lambda: registry.redeem(code, ids[6], "Gus", bytes(32)),
        ):
            with pytest.raises(UsageError, match="at most 3 devices"):
                come()
        assert [each.id for each in registry.devices(ACTIVE)] == ids[:3]
        registry.replace(ids[0], ids[7])
        registry.adopt(ids[5], "Fay", bytes(32), former=(ids[1],))
        registry.revoke(ids[2])
        registry.approve(ids[3])
        assert len(registry.devices(ACTIVE)) == 3


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
