"""`pressel node`: the short name of `pressel host run` for a host among several."""

from __future__ import annotations

from typing import Any

import click

from pressel.cli.duty import return_to_duty, status
from pressel.cli.host_run import run_host, run_options


@click.group(invoke_without_command=True)
@run_options
@click.pass_context
def node(ctx: click.Context, **options: Any) -> None:
    """Run a host: it leads the venue, or stands by and leads when the leader is gone.

    The same as `pressel host run`. Other hosts take part when each has allowed the others: see
    `pressel host`. Ctrl-C stops it, and another one leads at once.
    """
    if ctx.invoked_subcommand is None:
        run_host(**options)


node.add_command(status)
node.add_command(return_to_duty)
