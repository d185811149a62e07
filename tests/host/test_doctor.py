"""What `pressel doctor` finds, planted one by one."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from pressel import cli
from pressel.config import sources
from pressel.doctor import checks
from pressel.registry.store import Registry


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A box's folder; nothing of this machine's own is looked at."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path / "state"))
    monkeypatch.setattr(sources, "SYSTEM_FOLDER", tmp_path / "etc")
    monkeypatch.setattr(checks.control, "all_alive", list)
    with Registry(tmp_path / "state"):
        pass
    return tmp_path / "state"


def levels(check) -> list[str]:
    return [each.level for each in check()]


def test_whatever_is_wrong_has_its_mend(box: Path, capsys) -> None:
    assert cli.main(["doctor", "--json"]) == 1  # no host runs
    found = {each["about"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["host"]["level"] == "fault" and "systemctl start" in found["host"]["mend"]
    assert set(found) >= {"ports", "firewall", "clock", "disk", "addresses", "permissions"}
    assert all(bool(each["mend"]) == (each["level"] != "fine") for each in found.values())


def test_a_configuration_that_cannot_be_read_is_all_that_is_told(box: Path, capsys) -> None:
    Path("pressel.toml").write_text("[host]\nlissen = 1\n")
    assert cli.main(["doctor", "--json"]) == 1
    (only,) = json.loads(capsys.readouterr().out)
    assert "pressel.toml:2" in only["words"]


def test_a_port_that_another_program_has(box: Path, monkeypatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("", 0))
        monkeypatch.setenv("PRESSEL_HOST_LISTEN", f":{other.getsockname()[1]}")
        found = [each for each in checks.ports() if each.level == "fault"]
    assert "another program uses it" in found[0].words


@pytest.mark.parametrize(
    ("known", "own", "level"),
    [
        ({"10.1.2.3": "eth0"}, "10.1.2.3", "fine"),
        ({}, "", "fault"),
        ({"10.8.0.2": "tun0"}, "10.8.0.2", "fault"),
        ({"10.1.2.3": "eth0", "10.8.0.2": "wg0"}, "10.8.0.2", "fault"),
        ({"10.1.2.3": "eth0", "10.8.0.2": "wg0"}, "10.1.2.3", "fine"),
        ({"10.1.2.3": "eth0", "10.9.2.3": "wlan0"}, "10.1.2.3", "warning"),
    ],
)
def test_row_15_a_vpn_that_takes_the_way_is_told(known, own, level, box: Path) -> None:
    (found,) = checks.judged(known, own)
    assert found.level == level
    if "wg0" in known.values() and level == "fault":
        assert 'host.listen = "10.1.2.3"' in found.mend  # the venue's, not the tunnel's


def ruleset(policy: str, port: int) -> str:
    where = {"family": "inet", "table": "filter"}
    chain = {"name": "input", "hook": "input", "policy": policy, **where}
    right = {"match": {"op": "==", "right": port}}
    rule = {"chain": "input", "expr": [right, {"accept": None}], **where}
    return json.dumps({"nftables": [{"metainfo": {}}, {"chain": chain}, {"rule": rule}]})


def test_a_firewall_that_shuts_badges_out(monkeypatch) -> None:
    assert checks.shut_chains(ruleset("drop", 22), 47800) == [("inet filter", "input")]
    assert checks.shut_chains(ruleset("drop", 47800), 47800) == []
    assert checks.shut_chains(ruleset("accept", 22), 47800) == []
    assert checks.shut_chains("no JSON", 47800) == []
    monkeypatch.setattr(checks, "_tool", lambda *words: ruleset("drop", 22))
    (found,) = checks.firewall()
    assert found.level == "fault" and "nft add rule inet filter input" in found.mend


def test_a_clock_in_the_past_or_kept_by_nobody(monkeypatch) -> None:
    monkeypatch.setattr(checks, "_tool", lambda *words: "no\n")
    assert levels(checks.clock) == ["warning"]
    monkeypatch.setattr(checks.time, "time", lambda: 1e9)
    assert levels(checks.clock) == ["fault"]


def test_keys_that_others_can_read(box: Path) -> None:
    assert levels(checks.permissions) == ["fine"]
    (box / "registry.key").chmod(0o640)
    (found,) = checks.permissions()
    assert found.level == "fault" and "chmod 600" in found.mend


def test_a_full_disk(box: Path, monkeypatch) -> None:
    assert levels(checks.disk) == ["fine"]
    monkeypatch.setattr(checks, "FREE_BYTES_MIN", 1 << 60)
    assert levels(checks.disk) == ["fault"]


def test_backups_that_are_too_old(box: Path, tmp_path: Path, monkeypatch) -> None:
    assert levels(checks.backups) == ["warning"]  # nobody makes any
    shelf = tmp_path / "shelf"
    monkeypatch.setenv("PRESSEL_HOST_BACKUPS", str(shelf))
    assert levels(checks.backups) == ["fault"]
    file, _ = checks.Shelf(shelf, 1).add(box, checks.time.time())
    assert levels(checks.backups) == ["fine"]
    old = checks.time.time() - 3 * 86_400
    os.utime(file, (old, old))
    assert levels(checks.backups) == ["fault"]
