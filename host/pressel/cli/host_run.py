"""`pressel host run`, and its short names `pressel leader` and `pressel node`: run a host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pressel.cli.options import AddressOption, joining_option, state_option
from pressel.node.log import LEVELS, WordLog, report_json
from pressel.node.options import HOSTS_PORT, HostOptions
from ptt.base.numbers import PORT

_OPTIONS = (
    click.option(
        "--listen",
        type=AddressOption(PORT),
        default=f"0.0.0.0:{PORT}",
        show_default=True,
        help="Address and UDP port for badges; port 0 takes any free one.",
    ),
    click.option(
        "--hosts",
        type=AddressOption(HOSTS_PORT),
        help=f"Address and UDP port for other hosts; by default 0.0.0.0:{HOSTS_PORT}, opened once "
        "another host is allowed.",
    ),
    click.option(
        "--peer",
        "peers",
        type=AddressOption(HOSTS_PORT),
        multiple=True,
        help="Address of another host, for a network on which hosts do not find each other.",
    ),
    click.option(
        "--class",
        "node_class",
        type=click.IntRange(0, 255),
        default=1,
        show_default=True,
        help="Hosts of a higher class lead before others.",
    ),
    click.option(
        "--discovery/--no-discovery",
        default=True,
        help="Look for other hosts by mDNS and broadcast.",
    ),
    state_option(),
    click.option(
        "--control",
        type=click.Path(path_type=Path),
        help="Control socket for other commands; by default one named after the port.",
    ),
    click.option(
        "--v1-bridge",
        is_flag=True,
        help="Let old v1 apps take part wherever this host leads. Insecure: off unless given.",
    ),
    click.option(
        "--v1-rate",
        "v1_rate_hz",
        type=click.IntRange(8_000, 48_000),
        help="Sample rate of the old apps' voice in Hz; by default inferred from the packet size.",
    ),
    joining_option(),
    click.option(
        "--backups",
        type=click.Path(file_okay=False, path_type=Path),
        help="Back the registry up into this folder regularly, and test each backup by a restore.",
    ),
    click.option(
        "--backup-every",
        "backup_every_h",
        type=click.IntRange(1, 24 * 365),
        default=24,
        show_default=True,
        help="Hours between two backups.",
    ),
    click.option(
        "--backup-keep",
        type=click.IntRange(1, 10_000),
        default=14,
        show_default=True,
        help="Keep this many backups.",
    ),
    click.option(
        "--names-days",
        type=click.IntRange(1, 3650),
        help="Former place of the venue's setting people.names_days; holds on this host while that "
        "is 0.",
    ),
    click.option(
        "--judge-microphones/--no-judge-microphones",
        default=True,
        help="While this host leads, look at 120 ms of each second of talk in groups for wind and "
        "overload, and forget them at once.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(LEVELS),
        default=LEVELS[0],
        show_default=True,
        help="What the log says: everything, or only what needs somebody.",
    ),
    click.option(
        "--log-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the log to this file, too; at 5 MB a new one begins, and five old ones stay.",
    ),
    click.option(
        "--json", "as_json", is_flag=True, help="Events as JSON lines on standard output."
    ),
    click.option("--dies-with-parent", is_flag=True, help="End when standard input closes."),
)


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `host run`, under all its names."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def run_host(as_json: bool, log_level: str, log_file: Path | None, **options: Any) -> None:
    """Run a host with `run_options` until it is told to end."""
    from pressel.node.host import HostNode

    words = WordLog(log_level, log_file)

    async def run() -> None:
        report = report_json if as_json else words
        await HostNode(HostOptions(**options), report).run()

    asyncio.run(run())


@click.command("run")
@run_options
def run(**options: Any) -> None:
    """Run a host: it leads the venue, or stands by and leads when the leader is gone.

    A lone host leads at once. Others take part when each has allowed the others, see `pressel host
    allow`. Badges on the same network find the leader by themselves; give its address to badges on
    another network. Ctrl-C stops the host, and another one leads at once.
    """
    run_host(**options)
