"""A group of commands that are imported when they are called, and not before."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click

from pressel.cli.outcome import with_outcome


class LazyGroup(click.Group):
    """`homes`: by a sub-command's name the module that defines a click command of that name, or
    `module:name` where it has another one there. The help lists them in this order."""

    def __init__(self, *args: Any, homes: Mapping[str, str], **words: Any) -> None:
        super().__init__(*args, **words)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._homes)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Who mistypes a name is told the nearest."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            guess = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{args[0]}'.{guess}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = self._homes.get(cmd_name)
        if home is None:
            return None
        module, _, name = home.partition(":")
        return with_outcome(getattr(importlib.import_module(module), name or cmd_name))
