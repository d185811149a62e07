"""One place for configuration: what wins, where it came from, and what is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest

from pressel import cli
from pressel.cli.host_run import run as run_command
from pressel.config import sources
from pressel.config.keys import MOVED, fields
from pressel.doctor import checks
from pressel.errors import UsageError
from pressel.node.options import default_state
from pressel.schema.settings import settings


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Files of this folder, the user and the system, which a test may write."""
    for name in ("here", "user/pressel", "system"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(sources, "SYSTEM_FOLDER", tmp_path / "system")
    for name in [name for name in os.environ if name.startswith("PRESSEL_")]:
        monkeypatch.delenv(name)
    folders = {"here": "here", "user": "user/pressel", "system": "system"}
    return {name: tmp_path / path / sources.FILE for name, path in folders.items()}


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[object, str]]:
    assert cli.main(["config", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    return {each["key"]: (each["value"], each["origin"]) for each in told}


def test_each_place_wins_over_the_next(places, monkeypatch, capsys) -> None:
    assert shown(capsys)["host.class"] == (1, "default")
    places["system"].write_text("[host]\nclass = 2\nlisten = ':1'\n")
    assert shown(capsys)["host.class"] == (2, f"{places['system']}:2")
    places["user"].write_text("[host]\nclass = 3\n")
    assert shown(capsys)["host.class"] == (3, f"{places['user']}:2")
    places["here"].write_text("\n[host]\nclass = 4\n")
    assert shown(capsys)["host.class"] == (4, "pressel.toml:3")
    monkeypatch.setenv("PRESSEL_HOST_CLASS", "5")
    assert shown(capsys)["host.class"] == (5, "PRESSEL_HOST_CLASS")
    assert shown(capsys)["host.listen"] == (":1", f"{places['system']}:3")  # set nowhere else


def test_a_flag_wins_and_commands_get_what_is_set(places, monkeypatch) -> None:
    given = {}

    def run_host(**options):
        given.update(options)

    monkeypatch.setattr("pressel.cli.leader.run_host", run_host)
    places["here"].write_text("[host]\nclass = 4\npeers = ['10.0.0.7']\ndiscovery = false\n")
    assert cli.main(["leader", "--class", "9"]) == 0
    assert given["node_class"] == 9
    assert given["peers"] == (("10.0.0.7", 47801),)
    assert given["discovery"] is False
    monkeypatch.setenv("PRESSEL_HOST_PEERS", "10.0.0.8, 10.0.0.9:5")
    assert cli.main(["leader"]) == 0
    assert given["node_class"] == 4
    assert given["peers"] == (("10.0.0.8", 47801), ("10.0.0.9", 5))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[host]\nlissen = ':1'\n", "pressel.toml:2:1: host.lissen: no such key; did you mean"),
        ("[hots]\n", "pressel.toml:1:1: hots: no such key; did you mean 'host'"),
        ("[host]\nclass = 256\n", "pressel.toml:2:1: host.class: 256 is out of range"),
        ("[host]\nlisten = 'a:b:c'\n", "is not an address; write it like"),
        ("[host]\njoining = 'all'\n", "must be 'allowlist', 'invite' or 'approval'"),
        ("[badge]\nname = ''\n", "a name has 1 to"),
        ("[host\n", "is no TOML"),
        ("host = 1\n", "host"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_line(text: str, said: str, places, capsys) -> None:
    places["here"].write_text(text)
    for words in (["config", "check"], ["leader"]):
        assert cli.main(words) == UsageError.exit_code
        assert said in capsys.readouterr().err
    other = places["here"].with_name("other.toml")
    places["here"].rename(other)
    assert cli.main(["config", "check"]) == 0
    assert cli.main(["config", "check", str(other)]) == UsageError.exit_code


def test_a_mistake_in_a_variable_has_its_name(places, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PRESSEL_HOST_CLASS", "many")
    assert cli.main(["config", "check"]) == UsageError.exit_code
    assert "PRESSEL_HOST_CLASS: must be a whole number" in capsys.readouterr().err


def test_a_file_that_others_may_change_is_not_obeyed(places, capsys) -> None:
    places["here"].write_text("[host]\nclass = 4\n")
    places["here"].chmod(0o666)
    assert cli.main(["leader"]) == UsageError.exit_code
    assert "may be changed by others" in capsys.readouterr().err


@pytest.mark.parametrize("make", [Path.mkdir, lambda file: file.symlink_to("nowhere"), os.mkfifo])
def test_what_is_no_file_is_not_passed_over(places, capsys, make) -> None:
    make(places["here"])
    assert cli.main(["config", "check"]) == UsageError.exit_code
    assert "pressel.toml is no file" in capsys.readouterr().err


def test_a_folder_that_this_user_may_not_look_into_has_nothing_for_him(monkeypatch) -> None:
    def stat(file: Path, **words: object) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "stat", stat)
    assert sources.settings({}) == {}


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path, capsys) -> None:
    assert cli.main(["config", "check", str(tmp_path / "none.toml")]) == UsageError.exit_code
    assert "cannot read" in capsys.readouterr().err


def test_what_the_venue_sets_by_now_still_holds_and_is_told(places, monkeypatch, capsys) -> None:
    places["here"].write_text("[host]\nnames_days = 30\n")
    assert shown(capsys)["host.names_days"] == (30, "pressel.toml:2")
    mend = "`pressel settings set people.names_days 30` gives it to the whole venue; then delete "
    for words in (["check"], ["check", str(places["here"])]):
        assert cli.main(["config", *words]) == 0
        assert mend in capsys.readouterr().err
    found = [each for each in checks.configuration() if each.level == "warning"]
    assert [each.mend for each in found] == [f"{mend}host.names_days (pressel.toml:2)"]
    given = {}
    monkeypatch.setattr("pressel.cli.leader.run_host", lambda **options: given.update(options))
    assert cli.main(["leader"]) == 0 and given["names_days"] == 30


def test_what_moved_is_a_key_here_and_a_setting_there() -> None:
    for key, name in MOVED.items():
        assert key in fields() and name in settings()


def test_reading_makes_nothing(places, tmp_path: Path, capsys) -> None:
    places["here"].write_text(f"[host]\nstate = '{tmp_path / 'state'}'\n")
    assert default_state() == tmp_path / "state"
    assert cli.main(["device", "list"]) == 0
    assert not (tmp_path / "state").exists()


def test_the_folder_of_a_service_is_the_systems(places, monkeypatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/of-a-service")
    assert default_state() == Path("/var/lib/of-a-service")


def test_defaults_are_those_of_the_commands() -> None:
    context = click.Context(run_command)
    defaults = {each.name: each.get_default(context) for each in run_command.params}
    known = fields()
    for key in ("listen", "class", "discovery", "joining", "v1_bridge"):
        option = {"class": "node_class"}.get(key, key)
        assert defaults[option] == known[f"host.{key}"].default
