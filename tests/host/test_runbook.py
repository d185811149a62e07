"""docs/operations-runbook.md, done: each situation is made, and mended by what is written there."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo
from tests.flash.bench import agreed, flash_bytes, make_order
from tests.patience import wait_for

from pressel import cli
from pressel.emulator.badge import EmulatedBadge
from pressel.flash.job import flash_badge
from pressel.node import control
from pressel.node.presence import control_of
from pressel.registry.database import DATABASE
from pressel.registry.identity import public_key
from pressel.registry.store import Registry

pytestmark = pytest.mark.proof
CHIP = "esp32"


class Box:
    """A leader box: its folder, and the commands that an operator types at it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.state = folder
        self._capsys = capsys

    def typed(self, *words: str | Path, code: int = 0) -> str:
        """What a command prints that ends with `code`."""
        self._capsys.readouterr()
        ended = cli.main([*map(str, words), "--state", str(self.state)])
        out, err = self._capsys.readouterr()
        assert ended == code, err
        return out

    def asked(self, verb: str) -> Any:
        place = control_of(self.state)
        assert place is not None
        return control.ask(place, verb)

    @contextlib.contextmanager
    def serving(
        self, *options: str | Path, until: str = "became_leader"
    ) -> Iterator[subprocess.Popen[str]]:
        """A host that has said `until`; killed at the end, unless it has ended."""
        command = [sys.executable, "-P", "-m", "pressel", "leader", "--listen", "127.0.0.1:0",
                   "--hosts", "127.0.0.1:0", "--no-discovery", "--json"]  # fmt: skip
        command += ["--state", str(self.state), *map(str, options)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=away()) as host:
            try:
                assert host.stdout is not None
                assert any(f'"{until}"' in line for line in host.stdout)
                yield host
            finally:
                host.kill()

    def address(self) -> str:
        return self.asked("status")["address"]

    def members(self) -> set[str]:
        return {each["name"] for each in self.asked("status")["members"]}


@pytest.fixture(autouse=True)
def _at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))


def away() -> dict[str, str]:
    return {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"]}


def key_in(file: Path) -> str:
    return json.loads(file.read_text())["key"]


@contextlib.contextmanager
def worn(box: Box, key_file: Path) -> Iterator[None]:
    """A badge with that key, which has joined."""
    command = [sys.executable, "-P", "-m", "pressel", "badge", "--virtual", "--name", "Ann",
               "--leader", box.address(), "--credential", str(key_file)]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=away()) as badge:  # fmt: skip
        try:
            wait_for(lambda: badge.poll() is not None or "Ann" in box.members(), "Ann to join")
            assert badge.poll() is None
            yield
        finally:
            badge.kill()


@pytest.fixture
def box(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Box:
    """One with a badge called Ann, whose key is in `ann.json`, a backup and a kit."""
    made = Box(tmp_path / "box", capsys)
    made.typed("device", "add", "Ann", "--key-file", tmp_path / "ann.json")
    made.typed("registry", "backup", tmp_path / "backup")
    made.typed("host", "show")
    words = made.typed("recovery", "kit", tmp_path / "kit").rpartition(": ")[2]
    (tmp_path / "paper").write_text(words.strip())
    return made


def restored(box: Box, tmp_path: Path, capsys, monkeypatch, *options: str) -> Box:
    new = Box(tmp_path / "new", capsys)
    monkeypatch.setenv("PRESSEL_PASSPHRASE", (tmp_path / "paper").read_text())
    new.typed("recovery", "restore", tmp_path / "kit", tmp_path / "backup", *options)
    return new


def test_the_leader_box_is_dead(box: Box, tmp_path: Path, capsys, monkeypatch) -> None:
    with box.serving() as host, worn(box, tmp_path / "ann.json"):
        host.kill()
    new = restored(box, tmp_path, capsys, monkeypatch)
    with new.serving(), worn(new, tmp_path / "ann.json"):
        assert new.members() == {"Ann"}
    new.typed("audit", "verify")


def test_the_leader_box_is_stolen(box: Box, tmp_path: Path, capsys, monkeypatch) -> None:
    new = restored(box, tmp_path, capsys, monkeypatch, "--stolen")
    assert public_key(new.state) != public_key(box.state)
    fresh = tmp_path / "fresh.json"
    with new.serving():
        new.typed("device", "rotate", "Ann", "--key-file", fresh)
        assert key_in(fresh) != key_in(tmp_path / "ann.json")
        with worn(new, fresh):
            pass
    new.typed("audit", "verify", "--also", public_key(box.state))


def test_one_host_of_two_is_lost(box: Box, tmp_path: Path, capsys) -> None:
    box.typed("host", "allow", "annex", public_key(tmp_path / "annex"))
    with box.serving():  # leads alone
        box.typed("host", "remove", "annex")
        assert box.asked("host status")["state"] == "leader"


def test_two_hosts_of_three_are_lost(box: Box, tmp_path: Path, capsys) -> None:
    for name in ("annex", "cellar"):
        box.typed("host", "allow", name, public_key(tmp_path / name))
    with box.serving(until="attempt_failed") as host:  # one of three does not lead
        assert box.asked("host status")["state"] != "leader"
        for name in ("annex", "cellar"):
            box.typed("host", "remove", name)
        assert host.stdout is not None
        assert any('"became_leader"' in line for line in host.stdout)


def test_the_registry_is_damaged(box: Box, tmp_path: Path, capsys) -> None:
    file = box.state / DATABASE
    content = bytearray(file.read_bytes())
    content[100:] = bytes(len(content) - 100)
    file.write_bytes(content)
    box.typed("audit", "verify", code=1)
    box.typed("registry", "restore", tmp_path / "kit", code=2)  # no backup: nothing is moved
    assert file.read_bytes() == content
    box.typed("registry", "restore", tmp_path / "backup")
    assert list(box.state.glob("*.damaged-*"))
    box.typed("audit", "verify")
    with box.serving(), worn(box, tmp_path / "ann.json"):
        pass


def test_the_registry_is_deleted_while_the_host_runs(box: Box) -> None:
    """It is there again by itself, also with what was changed before anybody noticed."""
    with box.serving() as host:
        for file in box.state.glob(f"{DATABASE}*"):
            file.unlink()
        box.typed("device", "add", "Ben", "--key-file", box.state / "ben.json")
        assert host.stdout is not None
        assert any('"registry_gone"' in line for line in host.stdout)
        box.typed("audit", "verify")
    with box.serving():
        names = {each["name"] for each in json.loads(box.typed("device", "list", "--json"))}
    assert {"Ann", "Ben"} <= names


def test_a_badge_is_lost(box: Box, tmp_path: Path, capsys) -> None:
    with box.serving(), worn(box, tmp_path / "ann.json"):
        box.typed("device", "revoke", "Ann")
        wait_for(lambda: "Ann" not in box.members(), "Ann to be out")


def test_the_wifi_has_changed(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name, password and the leader's address; who the badge is stays, with its key."""
    flash, state = tmp_path / "flash", tmp_path / "box"
    order = make_order(tmp_path, CHIP, name="Bar 1", leader="192.168.1.5:47800")
    with Registry(state) as registry, EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
        device = flash_badge(badge.port, order, registry, lambda stage, share: None).device
    monkeypatch.setenv("PRESSEL_WIFI_PASSWORD", "another secret")
    with EmulatedBadge(CHIP, flash, flash_bytes(CHIP)) as badge:
        monkeypatch.setattr(list_ports, "comports", lambda *_: [ListPortInfo(badge.port)])
        box.typed("provision", badge.port, "--wifi", "Venue 2", "--leader", "")
    with Registry(state) as registry:
        config = agreed(flash.read_bytes(), CHIP, registry, device)
    assert config["wifi"] == {"ssid": "Venue 2", "password": "another secret"}
    assert not config.get("leader")  # it searches


@contextlib.contextmanager
def small_disk(at: Path, size_bytes: int = 2 << 20) -> Iterator[Path]:
    """A file system of its own."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=0700", "tmpfs", str(at)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("nobody may mount a file system here")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as out:
        while out.write(bytes(4096)):
            pass


def test_the_disk_of_the_leader_box_is_full(tmp_path: Path, capsys) -> None:
    with small_disk(tmp_path / "disk") as disk:
        box = Box(disk / "box", capsys)
        ann = tmp_path / "ann.json"
        box.typed("device", "add", "Ann", "--key-file", ann)
        with box.serving() as host:
            fill(disk / "others")
            box.typed("device", "add", "Ben", "--key-file", tmp_path / "ben.json", code=1)
            assert host.poll() is None and box.asked("status")["term"]  # it serves on
            (disk / "others").unlink()
            box.typed("registry", "backup", tmp_path / "mended.backup")
            box.typed("device", "add", "Ben", "--key-file", tmp_path / "ben.json")
        box.typed("audit", "verify")


def test_a_badges_key_has_leaked(box: Box, tmp_path: Path, capsys) -> None:
    seen, fresh = tmp_path / "ann.json", tmp_path / "fresh.json"
    with box.serving() as host:
        with worn(box, seen):
            box.typed("device", "rotate", "Ann", "--key-file", fresh)
            wait_for(lambda: "Ann" not in box.members(), "the former key to be out")
        with worn(box, fresh):
            assert host.poll() is None and box.members() == {"Ann"}
    box.typed("audit", "verify")


def test_the_clock_was_wrong(box: Box, tmp_path: Path, capsys) -> None:
    """A backup from a time when the clock was forty years ahead counts as none."""
    backups = tmp_path / "backups"
    backups.mkdir()
    future = backups / "registry-20660101-000000.backup"
    future.write_bytes((tmp_path / "backup").read_bytes())
    os.utime(future, (3_029_529_600, 3_029_529_600))
    with box.serving("--backups", backups, until="backed_up"):
        pass
    (fresh,) = set(backups.iterdir()) - {future}
    box.typed("registry", "restore", fresh)
