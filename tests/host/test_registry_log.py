"""The registry's log: every change has its entry, and what was done behind its back is found."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from pressel import cli
from pressel.errors import PresselError, UsageError
from pressel.node.desk import devices
from pressel.node.registry_watch import RegistryWatch
from pressel.registry import backup, tables
from pressel.registry.database import DATABASE
from pressel.registry.device import ACTIVE, REVOKED
from pressel.registry.identity import IDENTITY_FILE, public_key
from pressel.registry.log import PAGE
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE

ANN, BEN, CYD, DAN = (f"00000000000000{each}" for each in ("a1", "b2", "c3", "d4"))
BOX = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
CODE = "ACDE-FHJK"
GOLDEN = Path(__file__).parent / "data" / "registry-3" / "registry.sql"
GOLDEN_KEY = bytes(range(32))  # that of the registry in GOLDEN
Change = Callable[[Registry], object]


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = cli.main([*args, "--state", str(folder)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def sql(folder: Path, statement: str, *values: object) -> list:
    with closing(sqlite3.connect(folder / DATABASE)) as db, db:
        return db.execute(statement, values).fetchall()


def verbs(registry: Registry) -> list[str]:
    return [each.entry.verb for each in registry.told()]


def old_registry(folder: Path, seed: bytes = GOLDEN_KEY) -> None:
    """As the version of Pressel before the log has left it."""
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.executescript(GOLDEN.read_text())
    (folder / KEY_FILE).write_text(f"pressel-registry-key {seed.hex()}\n")
    (folder / KEY_FILE).chmod(0o600)


def rows(file: Path) -> dict[str, list]:
    """All that a registry file says, and how."""
    with closing(sqlite3.connect(file)) as db:
        names = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        found = {"": db.execute(names).fetchall()}
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            found[name] = db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()
        found["version"] = db.execute("PRAGMA user_version").fetchall()
    return found


# --- what is written ---


def test_every_change_has_its_entry(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.rename(ANN, "Anna")
        registry.set_groups(ANN, (2, 3))
        registry.rotate(ANN)
        registry.ask(BEN, "Ben", bytes(32), CODE)  # a stranger's asking is nobody's decision
        registry.approve(BEN)
        registry.ask(CYD, "Cyd", bytes(32), CODE)
        registry.deny(CYD)
        code = registry.invite((4,))
        registry.redeem(code, DAN, "Dan", bytes(range(32)))
        registry.replace(ANN, CYD)
        registry.revoke(BEN)
        registry.allow_host("box", BOX)
        registry.remove_host("box")
        assert verbs(registry) == [
            "registry begin", "device add", "device rename", "device group", "device rotate",
            "device approve", "device deny", "device invite", "device redeem",
            "device replace", "device replace", "device revoke", "host allow", "host remove",
        ]  # fmt: skip
        head = registry.verify()
        assert head.index == 14
        told = registry.told()
    assert [each.entry.index for each in told] == list(range(1, 15))
    assert told[3].entry.facts["groups"] == (2, 3) and told[11].entry.facts["state"] == REVOKED
    assert told[13].entry.is_tombstone and told[13].entry.subject == f"host {BOX}"
    assert {each.entry.host for each in told} == {public_key(folder)}


def test_a_change_that_fails_leaves_no_entry(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        with pytest.raises(UsageError):
            registry.enrol(ANN, "Ann")
        with pytest.raises(UsageError):
            registry.adopt(BEN, "Ben", bytes(32), former=(CYD,))
        registry.rename(ANN, "Ann")  # nothing is different
        assert verbs(registry) == ["registry begin", "device add"]
        assert registry.verify().index == 2


def test_no_change_can_be_silent(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        with pytest.raises(AssertionError, match=ANN), registry._change():
            registry._db.execute("UPDATE device SET groups = '9'")
        assert registry.device(ANN).groups == (1,)  # neither happened
        assert registry.verify().index == 2


def test_entries_hold_neither_names_nor_keys(folder: Path) -> None:
    with Registry(folder) as registry, registry.log.asked_by("mallory"):
        keys = [registry.enrol(ANN, "Zaphod"), registry.rotate(ANN)]
        registry.allow_host("heart-of-gold", BOX)
        told = registry.told()
        assert [each.texts.get("who") for each in told] == [None, *["mallory"] * 3]
    bodies = b"".join(each.signed.body for each in told)
    places = [bodies, (folder / DATABASE).read_bytes(), repr(told).encode()]
    for word in (b"Zaphod", b"heart-of-gold", b"mallory"):
        assert word not in bodies
    for key in keys:
        assert not any(form in each for each in places for form in (key, key.hex().encode()))


def test_a_key_that_is_gone_leaves_nothing_to_try_it_on(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.rotate(ANN)
        assert sql(folder, "SELECT number FROM entry_text WHERE name = 'key'") == [(3,)]
        registry.revoke(ANN)
        assert sql(folder, "SELECT number FROM entry_text WHERE name = 'key'") == []
        assert registry.verify().index == 4


def test_erased_texts_leave_a_chain_that_holds(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.rename(ANN, "Anna")
        sql(folder, "DELETE FROM entry_text WHERE number = 2 AND name = 'name'")
        assert registry.verify().index == 3
        assert registry.told()[1].texts["name"] is None


def test_a_log_is_read_in_pages(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        for number in range(PAGE + 5):
            registry.rename(ANN, f"Ann {number}")
        first = registry.told()
        rest = registry.told(first[-1].place)
        assert len(first) == PAGE and rest[0].entry.index == PAGE + 1 and len(rest) == 7


def test_who_leads_writes_in_its_term(folder: Path) -> None:
    watch = RegistryWatch(folder, bytes(32))
    watch.lead(1000)
    watch.with_registry(lambda registry: registry.enrol(ANN, "Ann"))
    with Registry(folder) as registry:  # no host runs: the term that was
        registry.enrol(BEN, "Ben")
        assert [each.entry.term for each in registry.told()] == [1, 1000, 1000]
        assert registry.verify().term == 1000
    watch.close_there()
    watch.close()


def test_a_clock_that_is_wrong_breaks_nothing(folder: Path) -> None:
    for now_s in (-5.0, 1e300):
        with Registry(folder, lambda now_s=now_s: now_s if now_s < 0 else 2.0**42) as registry:
            registry.record("settings set", "x")
            assert registry.verify()


# --- what is found ---


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE device SET groups = '7' WHERE id = '{ANN}'", f"device {ANN} is not what"),
        (f"UPDATE device SET groups = 'x' WHERE id = '{ANN}'", "talk groups were changed"),
        (f"UPDATE device SET name = 'Eve' WHERE id = '{ANN}'", f"device {ANN} is not what"),
        (f"UPDATE device SET emergency = 1 WHERE id = '{ANN}'", f"device {ANN} is not what"),
        (f"DELETE FROM device WHERE id = '{BEN}'", f"device {BEN} is not what"),
        (
            f"UPDATE device SET state = 'active', sealed_key = (SELECT sealed_key FROM device "
            f"WHERE id = '{ANN}') WHERE id = '{BEN}'",
            f"device {BEN} is not what",
        ),
        (f"INSERT INTO host VALUES ('{'1' * 64}', 'evil', 1)", f"host {'1' * 64} is not what"),
        ("DELETE FROM host", f"host {BOX} is not what"),
        ("DELETE FROM entry WHERE number = 3", "entry 3: it says that it is entry 4"),
        ("UPDATE entry SET body = CAST(replace(body, '1', '2') AS BLOB)", "entry 1: "),
        ("UPDATE entry SET signature = zeroblob(64) WHERE number = 2", "entry 2: it is not signed"),
        ("UPDATE entry SET subject = 'registry' WHERE number = 3", "entry 3: it lies in another"),
        ("UPDATE entry SET time_s = time_s + 9 WHERE number = 3", "entry 3: it lies in another"),
        ("UPDATE entry_text SET salt = x'45' WHERE number = 3 AND name = 'name'", "3: its name"),
        ("UPDATE entry_text SET text = x'45' WHERE number = 3 AND name = 'name'", "3: its name"),
        (
            "INSERT INTO entry_text SELECT host, 2, 'note', zeroblob(16), NULL FROM entry LIMIT 1",
            "a text note",
        ),
        # Cut off at the end, together with what it said: only who has seen it can tell.
        ("DELETE FROM entry WHERE number = 6", "it has no entry"),
    ],
)  # fmt: skip
def test_what_is_done_behind_its_back_is_found(folder: Path, statement: str, words: str) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.enrol(BEN, "Ben")
        registry.revoke(BEN)
        registry.allow_host("box", BOX)
        registry.record("text", "hello")
        seen = registry.verify().hash
        assert registry.verify(seen=(seen,)).index == 6
        sql(folder, statement)
        with pytest.raises(PresselError, match=words) as told:
            registry.verify(seen=(seen,))
        assert "registry restore" in str(told.value)


def test_another_host_s_key_is_told_and_can_be_named(folder: Path) -> None:
    """Its own was lost, and made anew."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        former = public_key(folder)
    (folder / IDENTITY_FILE).unlink()
    with Registry(folder) as registry:
        registry.revoke(ANN)
        with pytest.raises(PresselError, match=r"entry 1: host .* not allowed here"):
            registry.verify()
        assert registry.verify(also=(former,)).index == 4  # it heard of the former, and began


def test_a_broken_log_is_told_in_a_sentence_when_it_is_written(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        sql(folder, "UPDATE entry SET body = zeroblob(9)")
        for call in (lambda: registry.revoke(ANN), registry.told, registry.verify):
            with pytest.raises(PresselError, match=r"does not hold.*restore a backup"):
                call()


# --- from version to version ---


def test_today_s_registries_get_a_log(folder: Path) -> None:
    old_registry(folder)
    with Registry(folder) as registry:
        assert [(each.id, each.state) for each in registry.devices()] == [
            (ANN, ACTIVE), (BEN, ACTIVE), (CYD, REVOKED), (DAN, "pending"),
        ]  # fmt: skip
        assert registry.key(ANN) == bytes([1]) * 32 and registry.key(BEN) == bytes([2]) * 32
        told = registry.told()
        assert verbs(registry) == ["registry begin"] * 5
        assert [each.entry.subject for each in told[1:]] == [
            f"device {ANN}", f"device {BEN}", f"device {CYD}", f"host {BOX}",
        ]  # fmt: skip
        assert told[2].texts["name"] == "Bén" and told[3].entry.facts["state"] == REVOKED
        registry.approve(DAN)
        assert registry.verify().index == 6
    with Registry(folder) as registry:
        assert registry.verify().index == 6  # once and for all


def test_a_log_of_one_host_becomes_a_chain(folder: Path) -> None:
    """Of the version in which each host had one log of its own."""
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.executescript((GOLDEN.parents[1] / "registry-4" / "registry.sql").read_text())
    for name, kind, seed in (
        (KEY_FILE, "registry", GOLDEN_KEY), (IDENTITY_FILE, "host", bytes(range(1, 33))),
    ):  # fmt: skip
        (folder / name).write_text(f"pressel-{kind}-key {seed.hex()}\n")
        (folder / name).chmod(0o600)
    seen = "2182c1781dd27aff1cd4d32ea1f46b2a43c024c8367eaae7d2032260f39f70b1"
    with Registry(folder) as registry:
        assert registry.verify(seen=(seen,)).index == 9
        assert registry.told()[1].texts == {"name": "Ann", "key": None, "who": "ann"}
        assert registry.key(BEN) == bytes([4]) * 32 and registry.device(CYD).state == REVOKED
        registry.rename(ANN, "Anna")
        assert registry.verify(seen=(seen,)).index == 10
    with Registry(folder) as registry:
        assert registry.verify().index == 10  # once and for all


def test_a_migration_that_is_cut_off_is_taken_up_again(folder: Path) -> None:
    old_registry(folder)
    with closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as db:
        tables.migrate(db, folder)  # dies before the first entry
    with Registry(folder) as registry:
        assert registry.verify().index == 5


def test_a_key_that_was_changed_before_stops_no_migration(folder: Path) -> None:
    old_registry(folder)
    sql(folder, f"UPDATE device SET sealed_key = zeroblob(60) WHERE id = '{ANN}'")
    with Registry(folder) as registry:
        assert "key" not in registry.told()[1].entry.texts
        registry.revoke(ANN)
        assert registry.verify().index == 6


def test_there_is_a_way_back(folder: Path, tmp_path: Path) -> None:
    """The former version reads what `backup --former` writes, since it is what it wrote itself."""
    old_registry(folder)
    before = rows(folder / DATABASE)
    Registry(folder).close()
    backup.back_up(folder, tmp_path / "former", is_former=True)
    assert rows(tmp_path / "former") == before
    with Registry(folder) as registry:
        registry.revoke(ANN)
    backup.back_up(folder, tmp_path / "later", is_former=True)
    later = rows(tmp_path / "later")
    assert later[""] == before[""] and later["version"] == [(3,)]
    assert (ANN, REVOKED) in [(row[0], row[7]) for row in later["device"]]
    backup.restore(folder, tmp_path / "former", is_unproved=True)  # and forth again
    with Registry(folder) as registry:
        assert registry.device(ANN).state == REVOKED and registry.verify()


# --- backups ---


def test_a_restored_backup_goes_on_with_the_log(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        backup.back_up(folder, tmp_path / "copy")
        registry.rename(ANN, "Anna")
        registry.enrol(BEN, "Ben")
        registry.enrol(CYD, "Cyd")
        registry.revoke(CYD)
        before = registry.verify()
    backup.restore(folder, tmp_path / "copy", "ann")
    with Registry(folder) as registry:
        head = registry.verify(seen=(before.hash,))
        told = registry.told()[before.index :]
        assert registry.device(ANN).name == "Ann" and registry.device(CYD).state == REVOKED
    assert head.index == before.index + 3
    assert {each.entry.verb for each in told} == {"registry restore"}
    assert [each.entry.subject for each in told] == ["registry", f"device {ANN}", f"device {BEN}"]
    assert told[2].entry.is_tombstone and told[0].texts["who"] == "ann"


def test_a_backup_on_another_machine_brings_its_log(folder: Path, tmp_path: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        seen = registry.verify().hash
    backup.back_up(folder, tmp_path / "copy")
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    for file in (KEY_FILE, IDENTITY_FILE):
        shutil.copy(folder / file, other / file)
    backup.restore(other, tmp_path / "copy")
    with Registry(other) as registry:
        assert registry.verify(seen=(seen,)).index == 3 and registry.device(ANN)


@pytest.mark.parametrize("is_copy_broken", (False, True))
def test_a_broken_log_does_not_keep_a_backup_out(
    folder: Path, tmp_path: Path, is_copy_broken: bool
) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
    breaks = "UPDATE entry SET body = zeroblob(9)"
    if is_copy_broken:
        sql(folder, breaks)
    backup.back_up(folder, tmp_path / "copy")
    sql(folder, breaks)
    if is_copy_broken:  # whoever answers for the copy says so
        with pytest.raises(UsageError, match=r"its own log says: entry 1: .*--unproved"):
            backup.restore(folder, tmp_path / "copy")
    backup.restore(folder, tmp_path / "copy", is_unproved=is_copy_broken)
    with Registry(folder) as registry:
        assert registry.verify() and registry.device(ANN).state == ACTIVE
        told = verbs(registry)
    assert (told[0], told[-1]) == ("registry begin", "registry restore")
    assert ("device add" in told) != is_copy_broken


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE device SET emergency = 1 WHERE id = '{ANN}'",
        f"DELETE FROM device WHERE id = '{BEN}'",
        f"INSERT INTO host VALUES ('{BOX}', 'evil', 1)",
        "DELETE FROM entry WHERE number = 3",
    ],
)
def test_a_backup_that_is_not_what_its_log_says_is_refused(
    folder: Path, tmp_path: Path, statement: str
) -> None:
    """It was changed where it was in use, and copied with its proof."""
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        registry.enrol(BEN, "Ben")
    before = rows(folder / DATABASE)
    sql(folder, statement)
    changed = rows(folder / DATABASE)
    assert changed != before
    backup.back_up(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="its own log says"):
        backup.restore(folder, tmp_path / "copy")
    assert rows(folder / DATABASE) == changed


# --- commands ---


def test_the_desk_says_who_asked(folder: Path) -> None:
    with Registry(folder) as registry:
        registry.enrol(ANN, "Ann")
        by_name = {each.name: each for each in devices.verbs(lambda act: act(registry))}
        by_name["device revoke"].answer({"id": ANN, "who": "ann at box"})
        registry.enrol(BEN, "Ben")
        assert [each.texts.get("who") for each in registry.told()] == [
            None,
            None,
            "ann at box",
            None,
        ]


def test_commands_show_it(run, folder: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "ann.json")
    assert run("device", "add", "[b]Ann", "--id", ANN, "--key-file", file)[0] == 0
    assert run("device", "revoke", ANN)[0] == 0
    with Registry(folder) as registry:
        registry.record("settings set", "scan_ms 5")
    code, out, err = run("audit", "list")
    assert code == 0 and not err
    lines = out.splitlines()
    assert len(lines) == 5 and "settings set" in lines[4] and "scan_ms 5" in lines[4]
    assert "[b]Ann" in lines[3] and ANN in lines[3] and "revoked" in lines[3]
    assert "settings" not in run("registry", "log")[1]
    assert len(run("registry", "log", "--last", "1")[1].splitlines()) == 2
    told = [json.loads(line) for line in run("audit", "list", "--json")[1].splitlines()]
    assert [each["index"] for each in told] == [1, 2, 3, 4]
    code, out, err = run("audit", "verify")
    assert (code, out.strip()) == (0, told[-1]["hash"]) and "all entries up to 4 hold" in err
    assert run("audit", "verify", "--seen", told[1]["hash"].upper())[0] == 0
    export = tmp_path / "log.jsonl"
    assert run("audit", "export", str(export))[0] == 0
    assert export.stat().st_mode & 0o777 == 0o600
    kept = [json.loads(line) for line in export.read_text().splitlines()]
    assert [each["hash"] for each in kept] == [each["hash"] for each in told]
    key = json.loads(Path(file).read_text())["key"]
    assert key not in export.read_text()


def test_what_is_wrong_is_told_in_a_sentence(run, folder: Path, tmp_path: Path) -> None:
    for words in (("audit", "list"), ("audit", "verify"), ("registry", "log")):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1) and "there is no registry in" in err
    code, _, err = run("audit", "export", str(tmp_path / "log"))
    assert code == 2 and not (tmp_path / "log").exists() and not folder.exists()
    Registry(folder).close()
    for words in (("--seen", "abc"), ("--also", "abc"), ("--seen", "0" * 64)):
        code, out, err = run("audit", "verify", *words)
        assert code and not out and err.count("\n") == 1 and "Traceback" not in err
    (tmp_path / "mine").write_text("mine")
    assert run("audit", "export", str(tmp_path / "mine"))[0] == 2
    assert (tmp_path / "mine").read_text() == "mine"
