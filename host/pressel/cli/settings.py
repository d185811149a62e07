"""`pressel settings`: show and change what an operator may set."""

from __future__ import annotations

import click

from .lazy import LazyGroup

_SHOW, _CHANGE, _FILES = (f"pressel.cli.settings_{each}" for each in ("show", "change", "files"))


@click.group(
    cls=LazyGroup,
    homes={
        "list": f"{_SHOW}:show_all",
        "get": f"{_SHOW}:show_one",
        "status": _SHOW,
        "explain": _SHOW,
        "set": f"{_CHANGE}:set_some",
        "wifi": "pressel.cli.settings_wifi",
        "revert": _CHANGE,
        "history": _SHOW,
        "diff": _SHOW,
        "edit": _FILES,
        "export": _FILES,
        "import": f"{_FILES}:import_file",
        "check": _FILES,
        "schema": _FILES,
    },
)
def settings() -> None:
    """Show and change what holds for the whole venue: docs/settings.md says what each does."""
