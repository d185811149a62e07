"""`pressel device`, `host` and `registry`: what is said, and that no key ever is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel import cli
from pressel.registry.directory import RegistryDirectory
from pressel.registry.identity import fingerprint, public_key
from pressel.registry.store import Registry
from ptt.leader.roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY

ANN = "00112233445566aa"
CODE = "ACDE-FHJK"


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def call(*args: str) -> tuple[int, str, str]:
        code = cli.main([*args, "--state", str(tmp_path / "leader")])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def host_keys() -> list[str]:
    """Of two other hosts."""
    private = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    return [each.public_key().public_bytes_raw().hex() for each in private]


def test_a_device_from_first_to_last(run, tmp_path: Path) -> None:
    out_file = tmp_path / "ann.json"
    code, out, _ = run(
        "device", "add", "Ann", "--id", ANN, "--group", "2", "--key-file", str(out_file)
    )
    assert code == 0 and ANN in out
    assert out_file.stat().st_mode & 0o777 == 0o600
    provisioned = json.loads(out_file.read_text())
    with Registry(tmp_path / "leader") as registry:
        assert registry.key(ANN) == bytes.fromhex(provisioned["key"])
    said = [out]
    mark = fingerprint(public_key(tmp_path / "leader"))[:2]  # that of another host is another one
    box = next(key for key in host_keys() if fingerprint(key)[:2] != mark)
    for words in (
        ("device", "list", "--json"),
        ("device", "show", ANN),
        ("device", "rename", ANN, "Anna"),
        ("device", "group", ANN, "1", "3"),
        ("device", "rotate", ANN, "--key-file", str(tmp_path / "second.json")),
        ("device", "invite", "--json"),
        ("device", "pending", "--json"),
        ("host", "show", "--json"),
        ("host", "allow", "box", box),
        ("host", "list", "--json"),
        ("registry", "backup", str(tmp_path / "copy")),
        ("registry", "restore", str(tmp_path / "copy")),
        ("host", "remove", "box"),
        ("device", "revoke", ANN),
    ):
        code, out, err = run(*words)
        assert code == 0, (words, err)
        if "--json" in words:
            json.loads(out)
        said += [out, err]
    second = json.loads((tmp_path / "second.json").read_text())
    secret = (tmp_path / "leader" / "registry.key").read_text().split()[1]
    private = (tmp_path / "leader" / "host.key").read_text().split()[1]
    for key in (provisioned["key"], second["key"], secret, private):
        assert key not in "".join(said)
    assert run("device", "list", "--json")[1].strip() == "[]"
    assert json.loads(run("device", "list", "--all", "--json")[1])[0]["groups"] == [1, 3]


@pytest.mark.parametrize(
    ("words", "rights", "entitlements"),
    [
        ((), "", 0),
        (("--priority",), "priority", ENTITLED_PRIORITY),
        (("--emergency",), "emergency", ENTITLED_EMERGENCY),
        (("--emergency", "--priority"), "emergency, priority", 3),
    ],
)
def test_a_right_is_a_lane(
    run, tmp_path: Path, words: tuple[str, ...], rights: str, entitlements: int
) -> None:
    file = str(tmp_path / "ann.json")
    assert run("device", "add", "Ann", "--id", ANN, *words, "--key-file", file)[0] == 0
    assert rights in run("device", "show", ANN)[1]
    with Registry(tmp_path / "leader") as registry:
        grants = RegistryDirectory(registry).lookup(bytes.fromhex(ANN))
    assert grants.entitlements == entitlements


def test_approval(run, tmp_path: Path) -> None:
    with Registry(tmp_path / "leader") as registry:
        registry.ask(ANN, "[bold]Ann", bytes(32), CODE)
    said = run("device", "pending")[1]
    assert "[bold]Ann" in said and CODE in said
    assert json.loads(run("device", "pending", "--json")[1])[0]["check_code"] == CODE
    assert run("device", "approve", "HJKM-NPQR")[0] == 2
    assert run("device", "approve", CODE, "--group", "4")[0] == 0
    assert run("device", "deny", ANN)[0] == 2


def test_all_that_wait_are_denied_at_once(run, tmp_path: Path) -> None:
    with Registry(tmp_path / "leader") as registry:
        for number in range(3):
            registry.ask(f"{number:016x}", "x", bytes(32), CODE)
    assert run("device", "deny")[0] == run("device", "deny", ANN, "--all")[0] == 2
    assert run("device", "deny", "--all")[0] == 0
    assert json.loads(run("device", "pending", "--json")[1]) == []


def test_a_key_file_is_never_overwritten(run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    code, _, err = run("device", "add", "Ann", "--key-file", str(tmp_path / "mine"))
    assert code == 2 and "choose another name" in err
    assert (tmp_path / "mine").read_text() == "mine"
    assert run("device", "list", "--json")[1].strip() == "[]"


def test_a_refused_device_leaves_no_key_file(run, tmp_path: Path) -> None:
    file = tmp_path / "new"
    assert run("device", "add", "Ann", "--id", "zz", "--key-file", str(file))[0] == 2
    assert not file.exists()


@pytest.mark.parametrize(
    "words",
    (
        ("device", "show", ANN),
        ("device", "revoke", "nonsense"),
        ("device", "group", ANN, "0"),
        ("host", "allow", "box", "short"),
        ("host", "remove", "box"),
        ("registry", "restore", "missing.backup"),
    ),
)
def test_mistakes_are_told_in_a_sentence(run, words: tuple[str, ...]) -> None:
    code, out, err = run(*words)
    assert code == 2 and not out and "Traceback" not in err and err


@pytest.mark.parametrize(
    "words",
    [
        ("device", "revoke", ANN),
        ("device", "rename", ANN, "Anna"),
        ("device", "group", ANN, "2"),
        ("device", "rotate", ANN, "--key-file", "KEY"),
        ("device", "approve", CODE),
        ("device", "deny", CODE),
        ("device", "deny", "--all"),
        ("host", "remove", "box"),
        ("registry", "backup", "COPY"),
    ],
)
def test_in_a_wrong_folder_nothing_is_changed_and_nothing_is_made(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert f"there is no registry in {tmp_path / 'leader'}" in err and "--state" in err
    assert list(tmp_path.iterdir()) == []


def test_who_makes_a_registry_is_told_where(run, tmp_path: Path) -> None:
    for number in range(2):
        _, _, err = run("device", "invite")
        assert (f"{tmp_path / 'leader'} gets a new registry" in err) == (number == 0)


def test_a_signers_key_that_is_none_is_called_by_its_name(run) -> None:
    code, _, err = run("update", "trust", "00")
    assert code == 2 and "a signer's public key" in err and "pressel release show" in err
