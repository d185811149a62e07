"""`pressel docs`: the documents that came along, and man pages made from the commands' own help."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.markdown import Markdown
from rich.markup import escape
from rich.table import Table

from pressel import __version__
from pressel.cli.completing import offering
from pressel.errors import PresselError, UsageError
from pressel.schema.check import did_you_mean
from pressel.tree import ROOT

from .printed import print_console, print_table
from .tree import commands

_FOLDER = ROOT / "docs"


def _documents() -> dict[str, Path]:
    return {each.stem: each for each in sorted(_FOLDER.glob("*.md"))}


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as source:
        return source.readline().lstrip("# ").strip()


@click.command()
@click.argument(
    "name", required=False,
    shell_complete=offering(lambda: [(name, _title(each)) for name, each in _documents().items()]),
)  # fmt: skip
@click.option(
    "--man",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a man page for each command into this folder, such as /usr/local/share/man/man1.",
)
@click.option("--commands", "all_commands", is_flag=True, help="List all commands.")
def docs(name: str | None, man: Path | None, all_commands: bool) -> None:
    """List the documents that came along, or show the one called NAME.

    Begin with installing, operations-runbook and troubleshooting.
    """
    if man is not None:
        print(f"{_write_pages(man)} pages are in {man}")
        return
    if all_commands:
        _list_commands()
        return
    known = _documents()
    if name is None:
        table = Table("Name", "What it is about", box=None, pad_edge=False)
        for each, file in known.items():
            table.add_row(each, _title(file))
        print_table(table)
        return
    if name not in known:
        near = did_you_mean(name, list(known)) or "; `pressel docs` lists them"
        raise UsageError(f"no document is called '{name}'{near}")
    text = known[name].read_text("utf-8")
    console = print_console()
    if console.is_terminal:
        console.print(Markdown(text, hyperlinks=False))
    else:
        print(text, end="")


def _list_commands() -> None:
    from pressel.cli import pressel

    table = Table("Command", "What it does", box=None, pad_edge=False)
    for words, command, _ctx in commands(pressel):
        table.add_row(words, escape(command.get_short_help_str(limit=200)))
    print_table(table)


def _write_pages(folder: Path) -> int:
    from pressel.cli import pressel

    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for words, command, ctx in commands(pressel):
            file = folder / f"{words.replace(' ', '-')}.1"
            file.write_text(_page(words, command, ctx), "utf-8")
            count += 1
    except OSError as error:
        raise PresselError(f"cannot write man pages in {folder}: {error.strerror}") from error
    return count


def _page(words: str, command: click.Command, ctx: click.Context) -> str:
    name = words.replace(" ", "-")
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [
        f'.TH "{name.upper()}" 1 "{time.strftime("%Y-%m-%d")}" "Pressel {__version__}"',
        ".SH NAME",
        f"{_roff(name)} \\- {_roff(command.get_short_help_str(limit=200).rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_roff(words)}",
        _roff(usage),
        ".SH DESCRIPTION",
    ]
    for paragraph in (command.help or "").replace("\b", "").split("\n\n"):
        lines += [".PP", _roff(" ".join(paragraph.split()))]
    lines.append(".SH OPTIONS")
    for each in command.get_params(ctx):
        record = each.get_help_record(ctx)
        if record is not None:
            lines += [".TP", f".B {_roff(record[0])}", _roff(record[1])]
    lines += [
        ".SH EXIT STATUS",
        "0 when it was done, 1 when it failed, 2 when what was given cannot be used,",
        "3 when something does not answer, 4 when a promise of the protocol was seen broken,",
        "130 when it was interrupted.",
    ]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    """Words that roff takes for words."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
