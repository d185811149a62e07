"""Kinds of option that several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pressel.enrol.desk import JOINING
from pressel.enrol.lines import INVITE
from pressel.node.door import open_roll
from pressel.node.options import default_state
from pressel.pack import PACKINGS, STOCK
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


def state_option(text: str = "Folder for the host's files."):
    """`--state`: the folder of the host on this machine, with term, registry and keys."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_state,
        show_default=str(default_state()),
        help=text,
    )


def packing_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--packing`: the MicroPython that the firmware is packed for."""
    return click.option(
        "--packing",
        type=click.Choice(list(PACKINGS)),
        default=STOCK.name,
        show_default=True,
        help="romfs is for your own MicroPython with MICROPY_VFS_ROM.",
    )(command)


def build_folder(packing: str) -> Path:
    """The default folder for builds of that packing."""
    return Path("build") / ("firmware" if packing == STOCK.name else packing)


def folder_option():
    """`--state` for commands on a venue's devices and hosts: a `Path` or None, for `open_roll`."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the host; by default that of the host running on this machine, else "
        f"{default_state()}.",
    )


def opened(state: Path | None, *, writes: bool = True, makes: bool = False):
    """The roll of the venue, as `open_roll` has it; warnings about it go to standard error."""
    return open_roll(state, writes=writes, makes=makes, notice=_say)


def _say(words: str) -> None:
    print(words, file=sys.stderr)


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--port` and `--control`: choose one of the hosts on this machine."""
    port = click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the host.")
    control = click.option("--control", type=click.Path(path_type=Path), help="Its control socket.")
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
