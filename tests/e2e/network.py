"""A venue's network, made for a test: a bridge as its access point, and places at it, each a
namespace with an address of its own. It has no way out: nothing of a test leaves it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

PREFIX_BITS = 24
MULTICAST = "239.255.0.0/16"  # what a venue may set for voice to many
_FILTER = "bridge pressel"


def why_not() -> str:
    """Why this machine lets us make no network; empty: it does."""
    missing = [each for each in ("ip", "bridge", "nft") if not shutil.which(each)]
    if missing:
        return f"there is no {missing[0]} here (Debian: apt install iproute2 nftables)"
    name = f"pressel-{os.getpid()}-try"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True)
    if tried.returncode:
        return "only root can make networks here"
    _run("ip", "netns", "del", name)
    return ""


class Network:
    """Places by name. `inside(name)` begins a command that is to run there."""

    def __init__(self) -> None:
        self._hub = f"pressel-{os.getpid()}-hub"
        self._ports: dict[str, str] = {}  # of the bridge, by the place that is behind it

    def inside(self, name: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self._namespace(name))

    def add(self, name: str, address: str, *, turns_into_unicast: bool = False) -> None:
        """A place at `address`. `turns_into_unicast`: to it the bridge sends what is for many once
        for each that listens, as some access points do."""
        space, port = self._namespace(name), f"p{len(self._ports)}"
        _run("ip", "netns", "add", space)
        self._ports[name] = port
        _run(
            *("ip", "link", "add", port, "netns", self._hub),
            *("type", "veth", "peer", "name", "eth0", "netns", space),
        )
        _run("ip", "-n", self._hub, "link", "set", port, "master", "br0", "up")
        if turns_into_unicast:
            _run("bridge", "-n", self._hub, "link", "set", "dev", port, "mcast_to_unicast", "on")
        _run("ip", "-n", space, "link", "set", "lo", "up")
        _run("ip", "-n", space, "address", "add", f"{address}/{PREFIX_BITS}", "dev", "eth0")
        _run("ip", "-n", space, "link", "set", "eth0", "up")
        _run("ip", "-n", space, "route", "add", MULTICAST, "dev", "eth0")

    def swallow_multicast(self, name: str) -> None:
        """From now on the bridge passes none of it on to that place."""
        rule = f"oifname {self._ports[name]} ip daddr {MULTICAST} drop"
        _run(*self._nft("add rule"), "through", *rule.split())

    def open(self) -> None:
        _run("ip", "netns", "add", self._hub)
        learns = ("mcast_snooping", "1", "mcast_querier", "1")
        _run("ip", "-n", self._hub, "link", "add", "br0", "type", "bridge", *learns)
        _run("ip", "-n", self._hub, "link", "set", "br0", "up")
        _run(*self._nft("add table"))
        chain = "through { type filter hook forward priority 0; }"
        _run(*self._nft("add chain"), *chain.split())

    def close(self) -> None:
        for name in (*self._ports, "hub"):
            subprocess.run(["ip", "netns", "del", self._namespace(name)], capture_output=True)

    def _nft(self, verb: str) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self._hub, "nft", *verb.split(), *_FILTER.split())

    def _namespace(self, name: str) -> str:
        return f"pressel-{os.getpid()}-{name}"


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Gone at the end, with all that is in it."""
    made = Network()
    try:
        made.open()
        yield made
    finally:
        made.close()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert not done.returncode, f"{' '.join(command)}: {done.stderr}"
