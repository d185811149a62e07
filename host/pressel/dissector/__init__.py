"""Shows Pressel's datagrams in Wireshark: a Lua dissector made from the message table."""

from .make import make_dissector

__all__ = ["make_dissector"]
