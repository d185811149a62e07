"""`pressel dissector`: Pressel's datagrams in Wireshark."""

from __future__ import annotations

import sys

import click


@click.command()
def dissector() -> None:
    """Write a Wireshark dissector (Lua) to standard output.

    pressel dissector > pressel.lua, then put it into Wireshark's folder for personal Lua plugins,
    or call tshark -X lua_script:pressel.lua.
    """
    from pressel.dissector import make_dissector  # which needs the extra `console`

    sys.stdout.write(make_dissector())
