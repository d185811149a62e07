"""Whatever has a name is offered by the Tab key, and meant by as much of it as is clear."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from pressel import cli
from pressel.cli import completing
from pressel.cli.tree import commands
from pressel.errors import UsageError
from pressel.node import control
from pressel.registry.choice import meant
from pressel.registry.device import Entitlements
from pressel.registry.store import Registry

# What is asked here is new, is a number or an address, or stands for no list that could be read.
FREE = {
    "badge name", "board new board_id", "bundle who name", "console names", "device add device_id",
    "device add name", "device invite minutes", "device lend note", "device lend person",
    "device rename name", "firmware fetch base", "firmware fetch sha256", "flash image_sha256",
    "flash name", "host allow key", "host allow name", "login console", "login name",
    "provision name", "recordings hold why", "registry undo host", "settings diff other",
    "settings wifi ssid", "text words", "update trust public", "upgrade wheel",
    "audit verify also", "audit verify seen", "badge emulate faults", "badge emulate mac",
    "badge invite", "firmware pin sha256", "login fingerprint", "release sign following",
}  # fmt: skip
FREE_ANYWHERE = (
    "why", "python", "scheduler", "seeds", "seal", "nodes", "leader", "wifi", "wifi_password",
)  # fmt: skip
KEY = "4f" * 32


def offered(*typed: str) -> list[str]:
    done = ShellComplete(cli.pressel, {}, "pressel", "_PRESSEL_COMPLETE")
    return [each.value for each in done.get_completions(list(typed[:-1]), typed[-1])]


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry that commands find by themselves."""
    for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(each, str(tmp_path / each))
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(tmp_path))
    with Registry(tmp_path) as registry:
        registry.enrol("a1" + 14 * "0", "Ann", (1, 7), Entitlements())
        registry.allow_host("kitchen", KEY)
    return tmp_path


def test_every_word_that_stands_for_something_is_offered() -> None:
    lacking = {
        f"{words.partition(' ')[2]} {each.name}"
        for words, command, _ in commands(cli.pressel)
        for each in command.params
        if (isinstance(each.type, click.types.StringParamType) or each.name in ("groups", "group"))
        and each._custom_shell_complete is None
        and each.name not in FREE_ANYWHERE
    }
    assert lacking <= FREE, lacking - FREE


def test_what_is_offered(venue: Path) -> None:
    assert offered("settings", "get", "floor.t") == ["floor.talk_ms"]
    assert offered("settings", "set", "people") == ["people.names_days"]
    assert offered("device", "group", "Ann", "") == ["1", "7"]
    assert offered("update", "start", "--device", "a") == ["Ann"]
    assert offered("host", "remove", "k") == ["kitchen"]
    assert offered("board", "power", "esp32-d") == ["esp32-devkit"]
    assert offered("scorecard", "--gate", "p") == ["pilot"]
    assert offered("sim", "run", "burs") == ["burst"]
    assert offered("sim", "run", "burst", "--profile", "cle") == ["clean"]
    assert offered("recordings", "play", "") == []  # no host runs


@pytest.mark.parametrize(
    "source",
    [each for each in vars(completing).values()
     if callable(each) and each.__module__ == completing.__name__ and each.__name__ != "offering"],
)  # fmt: skip
def test_every_source_can_be_read(venue: Path, source) -> None:
    if source in (completing.recordings, completing.sounds):
        return  # of a host that runs, and of PortAudio
    assert all(isinstance(word, str) and isinstance(text, str) for word, text in source())


def test_a_host_is_meant_by_as_much_as_is_clear(venue: Path, capsys) -> None:
    def remove(word: str) -> str:
        code = cli.main(["host", "remove", word, "--state", str(venue)])
        return f"{code} {capsys.readouterr().err.splitlines()[-1]}"

    assert remove("kichen") == "2 pressel: no host is called 'kichen'; did you mean 'kitchen'?"
    assert remove("bar") == "2 pressel: no host is called 'bar'; `pressel host list` shows all"
    assert remove("KITCH") == "0 kitchen is not allowed any more"


def test_an_update_takes_names(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    asked = []

    def ask(path: object, verb: str, **fields: object) -> dict[str, object]:
        asked.append((verb, fields.get("devices")))
        badges = [{"device": "a1" * 8, "name": "Ann", "here": True, "build": "", "state": "",
                   "percent": None, "reason": ""}]  # fmt: skip
        return {"release": 0, "stage": "", "paused": "", "badges": badges}

    monkeypatch.setattr(control, "ask", ask)
    monkeypatch.setattr(control, "find", lambda *where: Path("x"))
    assert cli.main(["update", "start", "--device", "an"]) == 0
    assert asked == [("update status", None), ("update start", ["a1" * 8])]
    assert cli.main(["update", "start", "--device", "Anm"]) == UsageError.exit_code
    assert "no badge is called 'Anm'; did you mean 'Ann'?" in capsys.readouterr().err


def test_who_is_meant_by_a_name_or_its_beginning() -> None:
    names = {"a1": "Ann", "a2": "Anna", "b1": "Bär"}

    def of(word: str) -> str:
        return meant(names, word, "badge", "`x`")

    assert (of("ann"), of("anna"), of("B"), of("a2"), of("BÄR")) == ("a1", "a2", "b1", "a2", "b1")
    for word, said in (("a", "Ann (a1) or Anna (a2)"), ("bar", "did you mean 'Bär'"), ("", "`x`")):
        with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
            of(word)


@pytest.mark.parametrize(
    "words",
    [["login", "\udcff"], ["settings", "get", "a\udcff"], ["sim", "explore", "\udcfe"],
     ["host", "remove", "\udcff"], ["text", "\udcff"], ["scorecard", "--gate", "\udcff", "."]],
)  # fmt: skip
def test_bytes_that_are_no_text_are_told_in_a_sentence(venue: Path, words, capsys) -> None:
    assert cli.main(words) in (UsageError.exit_code, 3)
    assert "pressel: " in capsys.readouterr().err
