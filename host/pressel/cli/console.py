"""`pressel console`: pages about the venue for a browser."""

from __future__ import annotations

import ipaddress
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from pressel.cli.options import AddressOption, control_options, state_option
from pressel.errors import UsageError
from pressel.node import control as sockets
from pressel.transport.udp import Address
from ptt.base.numbers import PORT as BADGES_PORT

from .serving import open_port

PORT = 8470
NICER = 10  # than a host: voice comes first on the cores that they share
_PEM = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.command()
@control_options
@state_option("Folder of the host; the accounts lie there.")
@click.option(
    "--listen",
    type=AddressOption(PORT),
    default=f"127.0.0.1:{PORT}",
    show_default=True,
    help="Address and TCP port to serve the pages at; by default only this machine can open them. "
    "Port 0 takes any free one.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="A name under which browsers open the console, beside localhost and the address.",
)
@click.option(
    "--leader",
    type=AddressOption(BADGES_PORT),
    help="Where browsers that talk find the leader; by default where the host says that it is.",
)
@click.option("--tls", is_flag=True, help="Serve over TLS with a certificate of the venue's own.")
@click.option("--certificate", type=_PEM, help="Serve over TLS with this certificate.")
@click.option("--key", type=_PEM, help="The certificate's private key.")
def console(
    port: int | None,
    control: Path | None,
    state: Path,
    listen: Address,
    names: tuple[str, ...],
    leader: Address | None,
    tls: bool,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """Serve pages about the venue to browsers.

    The console runs beside a host and goes on while that is restarted. At its first start it
    shows a code: whoever types it into the page makes the first account.
    """
    if (certificate is None) != (key is None):
        raise UsageError("--certificate and --key belong together")
    if tls and certificate is not None:
        raise UsageError("--tls makes a certificate; leave --certificate and --key out")
    if certificate is None and not tls and not _is_here(listen[0]):
        raise UsageError(
            "passwords would cross the network in the clear: give --tls, or --certificate and "
            "--key, or listen on 127.0.0.1 and come through an SSH tunnel"
        )
    import uvicorn

    os.nice(NICER)

    from pressel.console.accounts import Accounts
    from pressel.console.authority import ends_soon, identity
    from pressel.console.commands import Commands
    from pressel.console.door import Door
    from pressel.console.host_reader import HostReader
    from pressel.console.server import settings
    from pressel.console.talk import Talk
    from pressel.console.tokens import Tokens
    from pressel.doctor.computers import of_the_venue

    def request(verb: str, **fields: object) -> sockets.Reply:
        return sockets.request(sockets.find(control, port), verb, **fields)

    def ask(verb: str, **fields: object) -> object:
        return request(verb, **fields).answer

    port_socket = open_port(listen)
    host, number = port_socket.getsockname()[:2]
    known = frozenset({"localhost", "127.0.0.1", host, *(name.lower() for name in names)})
    authority = ""
    if tls:
        now = datetime.now(UTC)
        own = identity(state, known - {"0.0.0.0"}, now)
        certificate, key, authority = own.certificate, own.key, own.authority
        print(f"fingerprint of the venue's authority:\n  {own.fingerprint}", file=sys.stderr)
        if soon := ends_soon(own.ends, now):
            print(f"warning: {soon}", file=sys.stderr)
    tokens = Tokens(state)
    door = Door(Accounts(state), certificate is not None, tokens)
    scheme = "http" if certificate is None else "https"
    if door.code:
        print(f"no account yet; to make the first one, type the code {door.code}", file=sys.stderr)
    print(f"the console is at {scheme}://{host}:{number}/", file=sys.stderr, flush=True)
    reader = HostReader(ask, examine=lambda: of_the_venue(ask, state))
    talk = Talk(reader, door, state, leader)
    commands = Commands(request, door, tokens, authority)
    config = settings(reader, door, known, state, certificate, key, talk, commands)
    uvicorn.Server(config).run([port_socket])


def _is_here(host: str) -> bool:
    """Nobody but this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
