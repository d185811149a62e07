"""`pressel settings edit | export | import | check`: all settings as a file that people edit."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from pressel.boards.board import board_ids
from pressel.errors import PresselError, UsageError
from pressel.node import control as sockets
from pressel.schema.settings_file import load_file, render, strange_boards
from pressel.schema.settings_json import json_schema
from pressel.whole_file import new_file

from .options import control_options
from .settings_change import change_options, put
from .settings_show import version_of
from .settings_state import ask
from .settings_whose import known_boards

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--version", type=click.IntRange(1), help="Of the history. Default: those in force.")
@control_options
def export(file: Path | None, version: int | None, port: int | None, control: Path | None) -> None:
    """Write all settings, with what each means, to the new FILE, or to standard output."""
    path = sockets.find(control, port)
    state = ask(path)
    values = state.values if version is None else version_of(path, version)
    text = render(values, version or state.version)
    if file is None:
        print(text, end="")
        return
    try:
        with new_file(file, 0o644) as out:
            out.write(text.encode())
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    print(f"version {version or state.version} is in {file}", file=sys.stderr)


@click.command("import")
@click.argument("file", type=_FILE)
@change_options
def import_file(file: Path, **options: Any) -> int:
    """Put the settings of FILE in force, all or none."""
    values, base = load_file(file)
    options["base"] = options["base"] or base
    options["why"] = options["why"] or f"from {file.name}"
    return put(values, **options)


@click.command()
@click.argument("file", type=_FILE)
@control_options
def check(file: Path, port: int | None, control: Path | None) -> None:
    """Look for mistakes in FILE; changes nothing.

    It needs no host, except for boards with a name that is not known here: the venue may know it.
    """
    values, _ = load_file(file)
    strange = strange_boards(file, board_ids())
    if strange:
        try:
            known = known_boards(sockets.find(control, port))
        except PresselError:
            for each in strange:
                print(f"{each.at(file)} (no host was there to ask)", file=sys.stderr)
        else:
            if wrong := strange_boards(file, known):
                raise UsageError("\n".join(each.at(file) for each in wrong))
    print(f"{file}: {len(values)} setting{'' if len(values) == 1 else 's'}, no mistake")


@click.command()
def schema() -> None:
    """Print JSON Schema of such a file, for editors and other tools; asks no host."""
    print(json.dumps(json_schema(), indent=2))


@click.command()
@change_options
def edit(**options: Any) -> int:
    """Change the settings in your editor, as a file; saved without a mistake it is put in force."""
    path = sockets.find(options["control"], options["port"])
    state = ask(path)
    before = render(state.values, state.version)
    with tempfile.TemporaryDirectory(prefix="pressel-settings-") as folder:
        file = Path(folder) / "settings.toml"
        file.write_text(before, "utf-8")
        while True:
            _open(file)
            if file.read_text("utf-8") == before:
                print("nothing was changed", file=sys.stderr)
                return 0
            try:
                values, base = load_file(file)
                break
            except UsageError as error:
                print(error, file=sys.stderr)
                if not sys.stdin.isatty() or not click.confirm("Edit it again?", default=True):
                    raise UsageError("nothing was changed") from error
    options["base"] = options["base"] or base
    return put(values, **options)


def _open(file: Path) -> None:
    try:
        click.edit(filename=os.fspath(file))
    except click.ClickException as error:
        raise PresselError(
            f"the editor did not work ({error.message}); name another one in EDITOR"
        ) from error
