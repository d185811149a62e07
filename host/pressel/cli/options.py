"""Kinds of option that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import platformdirs

from pressel.enrol.desk import JOINING
from pressel.enrol.lines import INVITE
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


def state_option(text: str = "Folder for what the leader keeps."):
    """`--state`: the folder of the leader on this machine, with term, registry and keys."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        default=platformdirs.user_state_path("pressel") / "leader",
        show_default=True,
        help=text,
    )


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
