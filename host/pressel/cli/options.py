"""Kinds of option that several commands share."""

from __future__ import annotations

from typing import Any

import click

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
