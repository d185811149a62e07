"""`pressel leader`: the short name of `pressel host run` for a host that is alone."""

from __future__ import annotations

from typing import Any

import click

from pressel.cli.duty import resign
from pressel.cli.host_run import run_host, run_options


@click.group(invoke_without_command=True)
@run_options
@click.pass_context
def leader(ctx: click.Context, **options: Any) -> None:
    """Run a leader: the box that decides who is a member and who may talk.

    Badges on the same network find it by themselves; give its address to badges on another network.
    Ctrl-C stops it. This is the same as `pressel host run`: once other hosts are allowed, they can
    replace it.
    """
    if ctx.invoked_subcommand is None:
        run_host(**options)


leader.add_command(resign)
