"""The box is lost: kit, backup and passphrase make another one, and nothing less does."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from pressel import cli
from pressel.errors import PresselError, UsageError
from pressel.node import control
from pressel.node.routine_backups import RoutineBackups
from pressel.registry import backup, kit
from pressel.registry.device import Entitlements
from pressel.registry.identity import public_key
from pressel.registry.shelf import Shelf
from pressel.registry.store import Registry

ANN = "a1" + 14 * "0"
DAY_S = 86_400.0


@pytest.fixture
def lost(tmp_path: Path) -> Path:
    """The folder of a box with a device, which knows another host."""
    state = tmp_path / "lost"
    with Registry(state) as registry:
        registry.enrol(ANN, "Ann", (1,), Entitlements())
        registry.allow_host("annex", public_key(tmp_path / "annex"))
    public_key(state)
    return state


def key_at(state: Path) -> bytes | None:
    with Registry(state) as registry:
        return registry.key(ANN)


def test_a_new_box_is_the_lost_one(lost: Path, tmp_path: Path) -> None:
    words, sealed, copy = kit.new_passphrase(), tmp_path / "kit", tmp_path / "copy"
    kit.make(lost, sealed, words)
    backup.back_up(lost, copy)
    assert sealed.stat().st_mode & 0o777 == 0o600
    new = tmp_path / "new"
    spoken = words.lower().replace("-", " ")
    kit.restore(sealed, spoken, copy, new, is_stolen=False)
    assert key_at(new) == key_at(lost) is not None
    assert public_key(new) == public_key(lost)
    other = tmp_path / "other"
    kit.restore(sealed, words, copy, other, is_stolen=True)
    assert key_at(other) == key_at(lost)
    assert public_key(other) != public_key(lost)
    with Registry(new) as same, Registry(other) as another:
        assert [each.name for each in same.hosts()] == ["annex"]
        assert another.hosts() == []
    for each in (new, other):  # and each can be backed up again
        assert Shelf(tmp_path / f"of-{each.name}", 1).add(each, DAY_S)[1] == 1


def test_no_kit_is_made_of_another_host_than_the_one_that_runs(
    lost: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys of a former trial in this user's folder would be found out in the disaster."""
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(lost))
    monkeypatch.setattr(control, "all_alive", lambda: [tmp_path / "other.sock"])
    assert cli.main(["recovery", "kit", str(tmp_path / "kit")]) == 2
    assert "another folder" in capsys.readouterr().err and not (tmp_path / "kit").exists()
    monkeypatch.setattr(control, "all_alive", list)
    assert cli.main(["recovery", "kit", str(tmp_path / "kit")]) == 0


def test_a_kit_tells_nothing_without_its_passphrase(lost: Path, tmp_path: Path) -> None:
    words, sealed = kit.new_passphrase(), tmp_path / "kit"
    kit.make(lost, sealed, words)
    content = sealed.read_text()
    for name in ("registry.key", "host.key"):
        assert (lost / name).read_text().split()[1] not in content
    assert words not in content
    with pytest.raises(UsageError, match="does not open"):
        kit.open_kit(sealed, kit.new_passphrase())
    with pytest.raises(UsageError, match="left as it is"):
        kit.make(lost, sealed, words)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "no kit", '{"format": "pressel-recovery-kit 1"}']
)
def test_what_is_no_kit_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "kit").write_text(content)
    with pytest.raises(UsageError, match="no recovery kit"):
        kit.open_kit(tmp_path / "kit", "x")
    with pytest.raises(UsageError, match="cannot read"):
        kit.open_kit(tmp_path / "nothing", "x")


@pytest.mark.parametrize("name", ["registry.key", "host.key"])
@pytest.mark.parametrize("text", ["", "pressel-host-key 00", "pressel-registry-key " + "00" * 32])
def test_no_kit_is_made_of_what_is_no_key(name: str, text: str, lost: Path, tmp_path: Path) -> None:
    """Nor of the key of another registry: who needs the kit could not mend it any more."""
    (lost / name).write_text(text)
    with pytest.raises(UsageError, match="put back"):
        kit.make(lost, tmp_path / "kit", kit.new_passphrase())
    assert not (tmp_path / "kit").exists()


def test_a_changed_kit_is_refused(lost: Path, tmp_path: Path) -> None:
    words, sealed = kit.new_passphrase(), tmp_path / "kit"
    kit.make(lost, sealed, words)
    text = sealed.read_text()
    at = text.index('"sealed": "') + 15
    sealed.write_text(text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :])
    with pytest.raises(UsageError, match="does not open"):
        kit.open_kit(sealed, words)


def test_a_box_in_use_is_not_overwritten(lost: Path, tmp_path: Path) -> None:
    words, sealed, copy = kit.new_passphrase(), tmp_path / "kit", tmp_path / "copy"
    kit.make(lost, sealed, words)
    backup.back_up(lost, copy)
    before = key_at(lost)
    with pytest.raises(UsageError, match="has a registry already"):
        kit.restore(sealed, words, copy, lost, is_stolen=False)
    assert key_at(lost) == before
    new = tmp_path / "new"
    with pytest.raises(UsageError):  # another's backup
        kit.restore(sealed, words, sealed, new, is_stolen=False)
    assert not any(new.iterdir())  # so that the right one can be given


def test_setup_brings_a_box_back(lost: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    sealed, copy, root = tmp_path / "kit", tmp_path / "copy", tmp_path / "root"
    assert cli.main(["recovery", "kit", str(sealed), "--state", str(lost)]) == 0
    words = capsys.readouterr().out.rpartition(": ")[2].strip()
    backup.back_up(lost, copy)
    restore = ["setup", "--root", str(root), "--yes", "--restore", str(sealed), str(copy)]
    monkeypatch.setenv("PRESSEL_PASSPHRASE", "wrong")
    assert cli.main(restore) == UsageError.exit_code
    assert not root.exists()
    monkeypatch.setenv("PRESSEL_PASSPHRASE", words)
    monkeypatch.setattr("pressel.box.system.System.run_as_service", lambda self, words: "")
    assert cli.main(restore) == 0
    assert key_at(root / "var/lib/pressel") == key_at(lost)


def test_old_backups_go_and_each_new_one_is_tried(lost: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf", keep=2)
    assert shelf.age_s(0.0) is None
    file = tmp_path
    for day in range(3):
        file, devices = shelf.add(lost, day * DAY_S)
        assert devices == 1
        os.utime(file, (day * DAY_S, day * DAY_S))
    assert len(shelf.files()) == 2
    assert file == shelf.files()[-1]
    assert shelf.age_s(2.5 * DAY_S) == DAY_S / 2
    assert shelf.age_s(0.0) is None  # from the future: the clock was wrong


def test_a_backup_that_does_not_hold_is_not_kept(lost: Path, tmp_path: Path, monkeypatch) -> None:
    shelf = Shelf(tmp_path / "shelf", keep=1)
    good, _ = shelf.add(lost, DAY_S)
    real = backup.back_up

    def spoiled(folder: Path, target: Path) -> None:
        real(folder, target)
        target.write_bytes(target.read_bytes()[:-1])

    monkeypatch.setattr(backup, "back_up", spoiled)
    with pytest.raises(PresselError):
        shelf.add(lost, 2 * DAY_S)
    assert shelf.files() == [good]


def test_a_host_backs_up_when_it_is_time_and_says_once_what_fails(lost, tmp_path) -> None:
    told: list[str] = []

    async def at_once(call, *values):
        return call(*values)

    def routine(folder: Path) -> RoutineBackups:
        return RoutineBackups(lost, folder, 24, 3, at_once, lambda event, _: told.append(event))

    async def scenario() -> None:
        good = routine(tmp_path / "shelf")
        await good.look(0)
        await good.look(1)
        assert told == ["backed_up"]
        (file,) = Shelf(tmp_path / "shelf", 3).files()
        old_s = file.stat().st_mtime - DAY_S
        os.utime(file, (old_s, old_s))
        file.rename(file.with_name("registry-20000101-000000.backup"))
        await good.look(2)
        assert told == ["backed_up"] * 2
        (tmp_path / "file").touch()
        bad = routine(tmp_path / "file" / "shelf")
        await bad.look(0)
        await bad.look(1)
        assert told[2:] == ["backup_failed"]

    asyncio.run(scenario())
