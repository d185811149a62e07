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


def state_option(text: str = "Folder for what the host keeps."):
    """`--state`: the folder of the host on this machine, with term, registry and keys."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_state,
        show_default=str(default_state()),
        help=text,
    )


def packing_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--packing`: for which MicroPython the firmware is packed."""
    return click.option(
        "--packing",
        type=click.Choice(list(PACKINGS)),
        default=STOCK.name,
        show_default=True,
        help="romfs is for a MicroPython of your own that has MICROPY_VFS_ROM.",
    )(command)


def build_folder(packing: str) -> Path:
    """Where builds of that packing lie unless somebody says otherwise."""
    return Path("build") / ("firmware" if packing == STOCK.name else packing)


def folder_option():
    """`--state` of what works on a venue's devices and hosts: a `Path` or None, for `open_roll`."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the host that is meant; without it the one that runs on this machine, else "
        f"{default_state()}.",
    )


def opened(state: Path | None, *, writes: bool = True):
    """The roll of the venue; what is odd about it is said on standard error."""
    return open_roll(state, writes=writes, notice=lambda words: print(words, file=sys.stderr))


def control_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--port` and `--control`: which of the hosts on this machine is meant."""
    port = click.option("--port", type=click.IntRange(1, 65535), help="UDP port of the host meant.")
    control = click.option("--control", type=click.Path(path_type=Path), help="Its control socket.")
    return port(control(command))


def joining_option():
    """`--joining`: how devices come in that the registry does not know."""
    return click.option(
        "--joining",
        type=click.Choice(JOINING),
        default=INVITE,
        show_default=True,
        help="Who may come in that the registry does not know: nobody; who has a code of `pressel "
        "device invite`; or who asks, too, and is approved by `pressel device approve`.",
    )
