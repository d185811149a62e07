"""`pressel metrics`: what the host on this machine counts, for Prometheus."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pressel.cli.options import AddressOption, control_options
from pressel.errors import PresselError
from pressel.metrics import SHIPPED
from pressel.node import control as sockets
from pressel.transport.udp import Address

from .serving import open_port

if TYPE_CHECKING:
    from pressel.metrics.reading import Reading

PORT = 9847  # free in the list of ports that Prometheus' exporters share
NICER = 10  # than a host: voice comes first on the cores that they share
_SHIPPED = {
    "alerts": "alerts.yml",
    "alerts-test": "alerts_test.yml",
    "dashboard": "dashboard.json",
}


@click.command()
@control_options
@click.option(
    "--listen",
    type=AddressOption(PORT),
    default=f"127.0.0.1:{PORT}",
    show_default=True,
    help="Address and TCP port to serve them at; by default only this machine can read them. "
    "Port 0 takes any free one.",
)
@click.option("--once", is_flag=True, help="Print them once, and end.")
@click.option(
    "--print",
    "wanted",
    type=click.Choice(sorted(_SHIPPED)),
    help="Print what comes along: rules of alerts for Prometheus, their tests for promtool, or a "
    "dashboard for Grafana.",
)
def metrics(
    port: int | None, control: Path | None, listen: Address, once: bool, wanted: str | None
) -> None:
    """Serve what the host on this machine counts to Prometheus, at /metrics.

    It runs beside the host, and goes on while the host is restarted. The numbers name nobody, but
    whoever can reach the address can read them.
    """
    if wanted is not None:
        print((SHIPPED / _SHIPPED[wanted]).read_text("utf-8"), end="")
        return
    from pressel.metrics.reading import Reading

    def ask(verb: str, **fields: object) -> object:
        return sockets.ask(sockets.find(control, port), verb, **fields)

    reading = Reading(ask)
    if once:
        text, _ = reading.render("")
        if reading.why_down:
            raise PresselError(reading.why_down)
        print(text.decode(), end="")
        return
    _serve(reading, listen)


def _serve(reading: Reading, listen: Address) -> None:
    import uvicorn

    os.nice(NICER)

    from pressel.metrics.server import settings

    port_socket = open_port(listen)
    host, number = port_socket.getsockname()[:2]
    print(f"metrics are at http://{host}:{number}/metrics", file=sys.stderr, flush=True)
    server = uvicorn.Server(settings(reading, host, number))
    server.run(sockets=[port_socket])
