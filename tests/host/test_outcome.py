"""Every command answers in JSON, and in documents made from its own help."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pressel import cli
from pressel.cli.outcome import STREAMS, with_outcome
from pressel.cli.tree import commands
from pressel.errors import PresselError, UnreachableError, UsageError


def test_every_command_has_json_or_goes_on_for_ever() -> None:
    lacking = [
        words
        for words, command, _ in commands(cli.pressel)
        if not any("--json" in each.opts for each in command.params)
    ]
    assert {words.split()[-1] for words in lacking} <= set(STREAMS)


@click.command()
@click.argument("how")
def act(how: str) -> int | None:
    print("a line")
    click.echo("a note", err=True)
    if how == "fails":
        raise UnreachableError("nobody answers")
    if how == "usage":
        raise click.BadParameter("not so")
    if how == "asks":
        click.confirm("really?", abort=True, err=True)
    return 1 if how == "one" else None


@pytest.mark.parametrize(
    ("how", "code", "error"),
    [
        ("well", 0, None),
        ("one", 1, None),
        ("fails", 3, "nobody answers"),
        ("usage", 2, "not so"),
    ],
)
def test_what_came_of_it(how: str, code: int, error: str | None, capsys) -> None:
    assert with_outcome(act).main([how, "--json"], standalone_mode=False) == code
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert err == ""
    assert told == {
        "ok": code == 0, "exit_code": code, "output": ["a line"], "notes": ["a note"],
        "error": told["error"],
    }  # fmt: skip
    assert (told["error"] is None) == (error is None)
    assert (error or "") in (told["error"] or "")


def test_nothing_is_asked_of_a_program(capsys) -> None:
    with pytest.raises(click.Abort):
        with_outcome(act).main(["asks", "--json"], standalone_mode=False)
    assert "a line" not in capsys.readouterr().out


def test_without_json_nothing_is_different(capsys) -> None:
    with pytest.raises(PresselError):
        with_outcome(act).main(["fails"], standalone_mode=False)
    assert capsys.readouterr() == ("a line\n", "a note\n")


def test_a_failure_of_a_real_command_is_told(tmp_path: Path, capsys) -> None:
    words = ["device", "revoke", "Ann", "--json", "--state", str(tmp_path / "nothing")]
    assert cli.main(words) == UsageError.exit_code
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == UsageError.exit_code and "no registry" in told["error"]


def test_documents_are_listed_and_shown(capsys) -> None:
    assert cli.main(["docs"]) == 0
    assert "operations-runbook" in capsys.readouterr().out
    assert cli.main(["docs", "commands"]) == 0
    assert "# Commands" in capsys.readouterr().out
    assert cli.main(["docs", "instaling"]) == UsageError.exit_code
    assert "did you mean 'installing'" in capsys.readouterr().err
    assert cli.main(["docs", "--commands"]) == 0
    assert "pressel device revoke" in capsys.readouterr().out


def test_there_is_a_man_page_for_each_command(tmp_path: Path, capsys) -> None:
    assert cli.main(["docs", "--man", str(tmp_path)]) == 0
    pages = {each.name for each in tmp_path.iterdir()}
    assert pages == {f"{words.replace(' ', '-')}.1" for words, _, _ in commands(cli.pressel)}
    page = (tmp_path / "pressel-device-revoke.1").read_text()
    assert "Shut a device out for good" in page and "\\-\\-yes" in page
    if shutil.which("man") is not None:
        done = subprocess.run(
            ["man", "--warnings", "-l", str(tmp_path / "pressel-host-run.1")],
            capture_output=True, text=True,
            env={"MANWIDTH": "60", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0 and "warning" not in done.stderr
        assert "--listen" in done.stdout


def test_every_help_fits_60_columns(monkeypatch) -> None:
    """Of commands and of groups; only a word that is longer than a line may stand out."""
    columns = 60
    monkeypatch.setenv("COLUMNS", str(columns))
    wide = [
        (ctx.command_path, line)
        for command, ctx in all_that_help(click.Context(cli.pressel, info_name="pressel"))
        for line in command.get_help(ctx).splitlines()
        if len(line) > columns and len(line.split()) > 1
    ]
    assert not wide


def all_that_help(ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    command = ctx.command
    yield command, ctx
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            assert found is not None
            yield from all_that_help(click.Context(found, parent=ctx, info_name=name))
