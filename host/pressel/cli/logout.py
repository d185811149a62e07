"""`pressel logout`: the end of a login."""

from __future__ import annotations

import sys

import click

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import PresselError, UsageError


@click.command()
@click.argument(
    "console", metavar="[HOST[:PORT]]", required=False, shell_complete=offering(completing.consoles)
)
def logout(console: str | None) -> None:
    """Log out at the console at HOST; by default where you logged in last. The console forgets this
    computer, too."""
    from pressel.remote import line
    from pressel.remote.logins import forget_login, login_at, read_logins

    known = read_logins()
    if console is None and not known:
        raise UsageError("you are not logged in anywhere")
    here = known[0] if console is None else login_at(console)
    try:
        line.post(here, "logout", {})
    except PresselError as error:
        forget_login(here)
        raise PresselError(
            f"this computer has forgotten the login, but the console has not: {error}"
        ) from error
    forget_login(here)
    print(f"logged out at {here.place}", file=sys.stderr)
