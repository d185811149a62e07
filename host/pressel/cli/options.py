"""Kinds of option that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pressel.enrol.ways import INVITE, JOINING
from pressel.node.options import default_state
from pressel.transport.udp import Address, parse_address


class AddressOption(click.ParamType):
    """An IPv4 address or host name with an optional UDP port."""

    name = "address"

    def __init__(self, default_port: int) -> None:
        self._default_port = default_port

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Address:
        if isinstance(value, tuple):
            return value
        try:
            return parse_address(value, self._default_port)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class ControlOption(click.ParamType):
    """A `Path`, or the `Login` at the console of a URL."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str) or "://" not in value:
            return Path(value)
        from pressel.remote.logins import login_at

        return login_at(value)


def state_option(text: str = "Folder for the host's files."):
    """`--state`: the folder of the host on this machine, with term, registry and keys."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_state,
        show_default="this user's, or the service's",
        help=text,
    )


def folder_option(
    text: str = "Folder of the host; by default that of the host running on this machine, else "
    "this user's or the service's.",
):
    """`--state` for commands on a venue's devices and hosts: a `Path` or None, for `open_roll`."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help=text,
    )


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--port` and `--control`: choose one of the hosts on this machine, or where one is logged in
    on another."""
    port = click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the host.")
    control = click.option(
        "--control",
        type=ControlOption(),
        help="Its control socket, or https://HOST of a console where you have logged in.",
    )
    return port(control(command))


def joining_option():
    """`--joining`: how devices that the registry does not know are let in."""
    return click.option(
        "--joining",
        type=click.Choice(JOINING),
        default=INVITE,
        show_default=True,
        help="Which devices may join that the registry does not know: none; those with a code "
        "from `pressel device invite`; or also those that ask and are approved by `pressel "
        "device approve`.",
    )
