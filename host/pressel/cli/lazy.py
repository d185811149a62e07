"""A group of commands that are imported when they are called, and not before."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """`homes`: by a sub-command's name the module that defines a click command of that name, or
    `module:name` where it has another one there. The help lists them in this order."""

    def __init__(self, *args: Any, homes: Mapping[str, str], **words: Any) -> None:
        super().__init__(*args, **words)
        self._homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = self._homes.get(cmd_name)
        if home is None:
            return None
        module, _, name = home.partition(":")
        return getattr(importlib.import_module(module), name or cmd_name)
