"""A leader box: what `pressel setup` writes and does, and that it can be taken away again."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from pressel import cli
from pressel.box import files, plan, system
from pressel.box.former import Former
from pressel.box.places import Places
from pressel.errors import PresselError, UsageError

EXPOSURE_MAX_TENTHS = 20  # of `systemd-analyze security`: 0 to 10, "OK" below 2


def tree(root: Path) -> set[str]:
    return {str(each.relative_to(root)) for each in root.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("box") / "a root"
    words = ["setup", "--root", str(made), "--yes", "--firewall", "--listen", ":47900"]
    assert cli.main(words) == 0
    return made


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "a root"))


def test_a_dry_run_does_nothing(tmp_path: Path, capsys) -> None:
    assert cli.main(["setup", "--root", str(tmp_path), "--dry-run"]) == 0
    assert tree(tmp_path) == set()
    out, err = capsys.readouterr()
    assert "nothing was done" in out
    assert all(line.startswith("would do: ") for line in err.splitlines())
    assert "useradd" in err and "systemctl" in err


def test_what_is_written(root: Path) -> None:
    found = tree(root)
    assert {
        "etc/pressel/pressel.toml", "etc/pressel/firewall.nft",
        "etc/systemd/system/pressel.service", "etc/systemd/system/pressel-firewall.service",
        "var/lib/pressel/registry.sqlite", "var/lib/pressel/registry.key",
        "var/lib/pressel/host.key",
    } <= found  # fmt: skip
    assert [each for each in found if each.startswith("var/lib/pressel/backups/registry-")]
    assert stat.S_IMODE((root / "var/lib/pressel").stat().st_mode) == 0o700
    assert cli.main(["config", "check", str(root / "etc/pressel/pressel.toml")]) == 0


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is run as the service's user was tried by `made`; it takes a second a command."""
    monkeypatch.setattr(system.System, "run_as_service", lambda self, words: "")


@pytest.mark.usefixtures("idle")
def test_again_keeps_what_is_there(root: Path) -> None:
    file, key = root / "etc/pressel/pressel.toml", root / "var/lib/pressel/registry.key"
    file.write_text(file.read_text() + "class = 7\n")
    before = file.read_text(), key.read_text()
    assert cli.main(["setup", "--root", str(root), "--yes", "--listen", ":1"]) == 0
    assert (file.read_text(), key.read_text()) == before


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("words", [["/usr/bin/true"], ["/opt/a place/$HOME 100%/pressel", "-P"]])
def test_the_unit_is_right_and_locked_in(words: list[str], root: Path, tmp_path: Path) -> None:
    unit = tmp_path / "pressel.service"
    if not Path(words[0]).exists():
        program = tmp_path / words[0].removeprefix("/")
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        words = [str(program), *words[1:]]
    unit.write_text(files.unit(words))
    firewall = tmp_path / "pressel-firewall.service"  # nft need not be here to verify what calls it
    made = (root / "etc/systemd/system" / firewall.name).read_text()
    assert made.count("/usr/sbin/nft ") == 2
    firewall.write_text(made.replace("/usr/sbin/nft ", "/usr/bin/true "))
    said = run("systemd-analyze", "verify", str(unit), str(firewall))
    ours = [line for line in said.splitlines() if "pressel" in line]
    assert ours == []
    run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX_TENTHS}",
        str(unit))  # fmt: skip


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


@pytest.mark.skipif(files.has_firewall() is False or os.geteuid() != 0, reason="needs nft and root")
def test_the_firewall_table_is_right(root: Path) -> None:
    file = root / "etc/pressel/firewall.nft"
    assert "47900" in file.read_text() and "192.168.0.0/16" in file.read_text()
    done = subprocess.run(["/usr/sbin/nft", "-c", "-f", file], capture_output=True, text=True)
    if "Operation not permitted" in done.stderr or "cache initialization" in done.stderr:
        pytest.skip("the kernel gives no firewall here")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("idle")
def test_data_stays_or_goes_as_told(root: Path, capsys) -> None:
    where = ["--root", str(root)]
    assert cli.main(["uninstall", *where]) == UsageError.exit_code  # nobody to ask
    assert cli.main(["uninstall", *where, "--yes"]) == UsageError.exit_code
    assert cli.main(["uninstall", *where, "--remove-data"]) == UsageError.exit_code
    assert (root / "etc/systemd/system/pressel.service").exists()
    assert cli.main(["uninstall", *where, "--keep-data"]) == 0
    left = tree(root)
    assert "var/lib/pressel/registry.key" in left and "etc/pressel/pressel.toml" in left
    assert not [each for each in left if each.endswith((".service", ".nft"))]
    assert cli.main(["setup", *where, "--yes"]) == 0  # and back
    assert cli.main(["uninstall", *where, "--remove-data", "--yes"]) == 0
    assert tree(root) == set()


def test_who_is_not_root_is_told_how_to_look(monkeypatch, capsys) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for words in (["setup", "--yes"], ["uninstall", "--keep-data"]):
        assert cli.main(words) == UsageError.exit_code
        err = capsys.readouterr().err
        assert "sudo" in err and "--dry-run" in err and "pressel leader" in err


def test_a_program_that_the_service_cannot_run_is_found_before_anything_changes(tmp_path) -> None:
    broken = plan.Wishes(words=["/nowhere/pressel"])
    with pytest.raises(PresselError, match="/opt/pressel"):
        plan.set_up(system.System(Places(tmp_path), False, lambda _: None), broken)
    assert tree(tmp_path) == set()


class Stand:
    """An installed version 1 whose commands are small scripts: `install` puts version 2 in, `begin`
    succeeds for those in `serving`, or for all once `restore` was called."""

    def __init__(self, folder: Path, installing: str, serving: str) -> None:
        self.folder = folder / "an environment"
        packages = self.folder / "packages"
        self.code, info = packages / "pressel" / "code.py", packages / "pressel-1.dist-info"
        for each in (self.code.parent, info):
            each.mkdir(parents=True)
        self.code.write_text("1")
        (info / "METADATA").write_text("Name: pressel\nVersion: 1\n")
        self.record = info / "RECORD"
        self.record.write_text(
            "pressel/code.py,,\npressel-1.dist-info/RECORD,,\npressel-1.dist-info/METADATA,,\n"
        )
        self.archive = self.folder / "cache" / "former.tar"
        self.former = Former(self.archive, self.folder, packages)
        self.restored = self.folder / "restored"
        at = f"cd '{self.code.parent}'; "
        record = f"echo 'pressel/new.py,,' >>'{self.record}'; "
        self.wanted = plan.Upgrade(
            [["sh", "-c", f"{at}echo new >new.py; {record}printf 2 >code.py; {installing}"]],
            ["sh", "-c", f"{at}case $(cat code.py) in [{serving}]) ;; *) echo 'no, not ' "
             f"$(cat code.py) >&2; test -e '{self.restored}' ;; esac"],
            ["sh", "-c", f"cp \"$0\" '{self.restored}'"],
        )  # fmt: skip
        self.backup = self.folder / "a backup"
        self.backup.write_text("devices")
        self.said: list[str] = []
        self.system = system.System(Places(self.folder), False, self.said.append)

    def upgrade(self) -> None:
        plan.upgrade(self.system, self.wanted, self.former, self.backup)

    def is_as_before(self) -> bool:
        return self.code.read_text() == "1" and not (self.code.parent / "new.py").exists()


def test_an_upgrade_that_serves_stays(tmp_path: Path) -> None:
    stand = Stand(tmp_path, "true", "2")
    stand.upgrade()
    assert stand.code.read_text() == "2" and not stand.archive.exists()
    assert not stand.restored.exists()


@pytest.mark.parametrize(
    ("installing", "serving", "said"),
    [("echo 'no network' >&2; false", "12", "no network"), ("true", "1", "no, not  2")],
)
def test_an_upgrade_that_fails_leaves_the_former_version(
    installing: str, serving: str, said: str, tmp_path: Path
) -> None:
    stand = Stand(tmp_path, installing, serving)
    with pytest.raises(PresselError, match=f"former version is back and serves.*{said}"):
        stand.upgrade()
    assert stand.is_as_before() and not stand.restored.exists()


def test_a_registry_that_the_former_version_cannot_read_any_more_is_put_back(tmp_path) -> None:
    stand = Stand(tmp_path, "true", "3")
    with pytest.raises(PresselError, match="former version is back"):
        stand.upgrade()
    assert stand.is_as_before() and stand.restored.read_text() == "devices"


def test_what_no_way_back_helps_is_told(tmp_path: Path) -> None:
    stand = Stand(tmp_path, "true", "3")
    stand.backup.unlink()  # nothing to restore, and the command says so
    with pytest.raises(PresselError, match="a backup"):
        stand.upgrade()
    stand.archive.write_bytes(b"no archive")
    with pytest.raises(PresselError, match="by hand"):
        stand.former.put_back()


def test_the_service_serves_when_it_answers(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(plan, "SERVICE", tmp_path)
    with pytest.raises(PresselError, match="no control socket"):
        plan.check_serving()
    (tmp_path / "leader-1.sock").touch()
    with pytest.raises(PresselError, match="does not answer"):
        plan.check_serving()


def test_no_wheel_is_refused(tmp_path: Path, capsys) -> None:
    other = tmp_path / "other-1.0-py3-none-any.whl"
    other.touch()
    assert cli.main(["upgrade", str(other), "--yes"]) == UsageError.exit_code
    assert "no wheel of Pressel" in capsys.readouterr().err
    ours = tmp_path / "pressel-9.9-py3-none-any.whl"
    ours.touch()
    assert cli.main(["upgrade", str(ours), "--yes"]) == UsageError.exit_code
    assert "damaged" in capsys.readouterr().err
    assert cli.main(["upgrade"]) == cli.main(["upgrade", "try", str(ours)]) == UsageError.exit_code
    assert "name the file of the other version" in capsys.readouterr().err


def test_roots_programs_are_found_whatever_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """`su` on Debian leaves root the PATH of the user before."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert "/usr/sbin" in system.run(("sh", "-c", "echo $PATH"))
    monkeypatch.delenv("PATH")
    assert "/usr/sbin" in system.run(("sh", "-c", "echo $PATH"))
