"""All commands there are, for documents and man pages."""

from __future__ import annotations

from collections.abc import Iterator

import click


def commands(top: click.Command) -> Iterator[tuple[str, click.Command, click.Context]]:
    """(words, command, context) of each that can be called, in the order of the help."""
    yield from _below(top, click.Context(top, info_name="pressel"))


def _below(
    command: click.Command, ctx: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    is_group = isinstance(command, click.Group)
    if not is_group or command.invoke_without_command:
        yield ctx.command_path, command, ctx
    if is_group:
        for name in command.list_commands(ctx):
            found = command.get_command(ctx, name)
            if found is not None and not found.hidden:
                yield from _below(found, click.Context(found, parent=ctx, info_name=name))
