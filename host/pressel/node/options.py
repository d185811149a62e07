"""What a host is started with, and where it keeps its state."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from pressel.config import sources
from pressel.enrol.ways import INVITE
from pressel.transport.udp import Address

from .ports import HOSTS_PORT

__all__ = ["EVERYWHERE", "HOSTS_PORT", "HostOptions", "default_state"]

EVERYWHERE = "0.0.0.0"

SERVICE_STATE = Path("/var/lib/pressel")  # of the host that `pressel setup` made a service

_FOLDER = "host"
_FORMER_FOLDER = "leader"  # of the time when a leader was a program of its own


def default_state() -> Path:
    """The one folder of this user's host: the configured one, or that of the service for the
    service itself and for root, where a box was set up.

    Where an earlier version has made one by another name, that is it: keys and terms in it must not
    be lost, and an earlier version can still go back.
    """
    configured = sources.value("host.state")
    if configured is not None:
        return Path(configured).expanduser()
    given = os.environ.get("STATE_DIRECTORY")  # by systemd
    if given:
        return Path(given)
    if os.geteuid() == 0 and SERVICE_STATE.is_dir():
        return SERVICE_STATE
    base = platformdirs.user_state_path("pressel")
    former = base / _FORMER_FOLDER
    return former if former.is_dir() and not (base / _FOLDER).is_dir() else base / _FOLDER


@dataclass(frozen=True)
class HostOptions:
    """`listen` for badges and `hosts` for other hosts: address and UDP port (0: any); `hosts` is
    None where nobody has named one: then the port is opened once another host is allowed. `state`:
    folder for what it keeps; `control`: its control socket (None: named after the port); `peers`:
    addresses where to look for hosts; `node_class`: who stands first; `discovery`: look for hosts
    by mDNS and broadcast; `dies_with_parent`: end when stdin closes; `joining`: one of
    `pressel.enrol.ways.JOINING`; `v1_bridge`: let old apps take part where this host leads,
    `v1_rate_hz`: of their voice (None: by packet size). `backups`: folder for
    backups of the registry (None: nobody makes any), one each `backup_every_h` hours, of which
    `backup_keep` stay. `names_days`: how long the log keeps names of people while the venue
    does not say it.
    `judge_microphones`: look at a moment of what is said in groups, and forget it."""

    listen: Address
    state: Path
    hosts: Address | None = None
    control: Path | None = None
    peers: tuple[Address, ...] = ()
    node_class: int = 1
    discovery: bool = True
    dies_with_parent: bool = False
    joining: str = INVITE
    v1_bridge: bool = False
    v1_rate_hz: int | None = None
    backups: Path | None = None
    backup_every_h: int = 24
    backup_keep: int = 14
    names_days: int | None = None
    judge_microphones: bool = True
