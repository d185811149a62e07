"""Multicast in a bench: a network of our own, and the one socket to which it comes.

It leaves the leader once, so one socket hears it here for all badges that have said that they hear
it; a socket each would bill the sender for what the listeners' machines do. It is counted, not
proved: proofs are the listeners' affair, and would keep this process busy.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from typing import Any

from ptt.wire import envelope, messages
from ptt.wire.envelope import TYPE_AT

from .contestant import LISTENERS_HOST, Ear

IN_NETWORK = "--in-network"
_COUNT_AT = envelope.HEADER_BYTES + 31  # of MULTICAST_VOICE


def why_not() -> str:
    """Why this machine lets us make no network; empty: it does."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "there is no unshare or no ip here (Debian: apt install util-linux iproute2)"
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return "only root can make a network" if tried.returncode else ""


def move_to_own_network(module: str) -> None:
    """Begins this program anew in a network of its own, in which multicast goes nowhere else."""
    again = [sys.executable, "-m", module, *sys.argv[1:], IN_NETWORK]
    os.execvp("unshare", ["unshare", "-n", *again])


def set_up_network() -> None:
    for command in ("link set lo up", "route add 239.255.0.0/16 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)


class ManyEar(Ear):
    """Hears for all of `badges`."""

    def __init__(self, place: tuple[bytes, int], badges: list[Any], listeners: int) -> None:
        super().__init__()
        self.socket.close()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host = socket.inet_ntoa(place[0])
        self.socket.bind((host, place[1]))
        self.socket.setblocking(False)
        wanted = place[0] + socket.inet_aton(LISTENERS_HOST)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wanted)
        self._badges = badges
        self._listeners = listeners

    def take(self, data: bytes) -> None:
        if data[TYPE_AT] == messages.MULTICAST_VOICE:
            self.frames += data[_COUNT_AT] * self._listeners
            return
        for badge in self._badges:
            badge.hear_many(data)
