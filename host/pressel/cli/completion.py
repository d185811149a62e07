"""`pressel completion`: sub-commands, devices, boards and ports by the Tab key."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import platformdirs
from click.shell_completion import get_completion_class

from pressel.errors import PresselError, UsageError

_SHELLS = ("bash", "zsh", "fish")
_SHELL = click.argument("shell", type=click.Choice(_SHELLS), required=False)


@click.group()
def completion() -> None:
    """Let the Tab key complete sub-commands, devices, boards and ports."""


@completion.command()
@_SHELL
def show(shell: str | None) -> None:
    """Print what SHELL (by default yours) must read."""
    print(_source(shell or _own()))


@completion.command()
@_SHELL
def install(shell: str | None) -> None:
    """Write it where SHELL (by default yours) looks for it."""
    shell = shell or _own()
    file = _place(shell)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_source(shell) + "\n", "utf-8")
    except OSError as error:
        raise PresselError(f"cannot write {file}: {error.strerror}") from error
    print(f"{file} is written; it holds in a new terminal")
    if shell == "zsh":
        print(f"zsh needs this line in ~/.zshrc before compinit: fpath+=({file.parent})")
    if shell == "bash":
        print("bash needs the package bash-completion", file=sys.stderr)


def _source(shell: str) -> str:
    from pressel.cli import pressel

    kind = get_completion_class(shell)
    assert kind is not None
    return kind(pressel, {}, "pressel", "_PRESSEL_COMPLETE").source()


def _own() -> str:
    shell = Path(os.environ.get("SHELL", "")).name
    if shell not in _SHELLS:
        raise UsageError(f"name your shell: {', '.join(_SHELLS)}")
    return shell


def _place(shell: str) -> Path:
    if shell == "bash":
        return platformdirs.user_data_path("bash-completion") / "completions" / "pressel"
    if shell == "fish":
        return platformdirs.user_config_path("fish") / "completions" / "pressel.fish"
    return platformdirs.user_data_path("zsh") / "site-functions" / "_pressel"
