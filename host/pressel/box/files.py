"""The text of what a box gets: its unit, its firewall table, its configuration."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from string import Template

from pressel.config.sources import SYSTEM_FOLDER
from pressel.node.options import SERVICE_STATE
from pressel.node.ports import HOSTS_PORT

from .places import USER

# Addresses that are private to somebody: a venue has some of them.
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8")

_TEMPLATES = Path(__file__).with_name("templates")
_HOMES = (Path("/home"), Path("/root"))


def command() -> list[str]:
    """How Pressel is called here, by a path that holds wherever one stands."""
    beside = Path(sys.executable).with_name("pressel")
    return [str(beside)] if beside.is_file() else [sys.executable, "-P", "-m", "pressel"]


def unit(words: Sequence[str]) -> str:
    """The service that runs `words`."""
    is_at_home = any(Path(words[0]).is_relative_to(each) for each in _HOMES)
    return _filled(
        "pressel.service",
        command=" ".join([quoted(words[0]), *(quoted(each, "$") for each in words[1:])]),
        user=USER,
        state=str(SERVICE_STATE),
        protect_home="read-only" if is_at_home else "yes",
    )


def firewall_unit() -> str:
    return _filled("pressel-firewall.service", firewall=str(SYSTEM_FOLDER / "firewall.nft"))


def firewall(port: int, venue: Sequence[str]) -> str:
    """`port` of UDP and TCP for badges; `venue`: the networks that may reach the host."""
    return _filled(
        "firewall.nft", port=str(port), hosts_port=str(HOSTS_PORT), venue=", ".join(venue)
    )


def configuration(listen: str, joining: str) -> str:
    return (
        "# What holds on this computer; `pressel config show --all` explains each key, and\n"
        "# `pressel config check` finds mistakes. Afterwards: systemctl restart pressel\n"
        f'[host]\nlisten = "{listen}"\njoining = "{joining}"\n'
        f'backups = "{SERVICE_STATE / "backups"}"\n'
    )


def quoted(word: str, variables: str = "") -> str:
    """A word of a command line as systemd reads it; `variables`: the mark of those that it would
    fill in, which it does in all words but the first."""
    for mark, written in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        word = word.replace(mark, written)
    word = word.replace(variables, 2 * variables) if variables else word
    return f'"{word}"' if any(each.isspace() for each in word) else word


def has_firewall() -> bool:
    return shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin") is not None


def _filled(name: str, **values: str) -> str:
    return Template((_TEMPLATES / name).read_text("utf-8")).substitute(values)
