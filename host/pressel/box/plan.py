"""What setting up, upgrading and removing a leader box takes, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pressel.errors import PresselError
from pressel.node import control
from pressel.node.control_folder import SERVICE
from pressel.node.options import SERVICE_STATE
from pressel.registry.database import DATABASE
from pressel.transport.udp import parse_address
from ptt.base.numbers import PORT

from . import files
from .former import Former
from .places import FIREWALL_UNIT, UNIT, USER
from .system import System


@dataclass(frozen=True)
class Wishes:
    """What the operator has chosen. `venue`: networks that may reach the host; none: no firewall
    table; `words`: how Pressel is called; `restore`: brings back what another box had."""

    listen: str = f"0.0.0.0:{PORT}"
    joining: str = "invite"
    venue: tuple[str, ...] = files.PRIVATE
    words: Sequence[str] = field(default_factory=files.command)
    restore: Callable[[System], None] | None = None


def set_up(system: System, wishes: Wishes) -> None:
    """Make this computer a leader box; what is there already stays."""
    places = system.places
    if not system.is_real or not system.has_user():
        system.run(
            "useradd", "--system", "--user-group", "--no-create-home",
            "--home-dir", str(SERVICE_STATE), "--shell", "/usr/sbin/nologin", USER,
        )  # fmt: skip
    _try_command(system, wishes.words)
    for folder in (places.state, places.backups):
        system.folder(folder, 0o700)
    system.write(
        places.configuration, files.configuration(wishes.listen, wishes.joining), keep=True
    )
    if wishes.restore is not None:
        wishes.restore(system)
    back_up(system, wishes.words, makes=True)
    system.write(places.unit(UNIT), files.unit(wishes.words))
    if wishes.venue:
        _, port = parse_address(wishes.listen, PORT)
        system.write(places.firewall, files.firewall(port, wishes.venue))
        system.write(places.unit(FIREWALL_UNIT), files.firewall_unit())
    start(system, has_firewall=bool(wishes.venue))


def _try_command(system: System, words: Sequence[str]) -> None:
    """The service's user must be able to run what the service runs."""
    try:
        system.run_as_service([*words, "--version"])
    except PresselError as error:
        raise PresselError(
            f"the user {USER} cannot run {words[0]}; install Pressel where everybody can read it, "
            f"such as in /opt/pressel ({error})"
        ) from error


def back_up(system: System, words: Sequence[str], *, makes: bool = False) -> Path | None:
    """Copy the registry into the folder of backups; with `makes` there need be none yet. None when
    there is nothing to copy."""
    places, state = system.places, str(system.places.state)
    if not (places.state / DATABASE).exists():
        if not makes:
            return None
        system.run_as_service([*words, "host", "show", "--state", state])
    target = places.backups / time.strftime("registry-%Y%m%d-%H%M%S.backup")
    system.run_as_service([*words, "registry", "backup", str(target), "--state", state])
    return target


def start(system: System, *, has_firewall: bool) -> None:
    """Have the system start it now and at each boot, and see that it serves."""
    units = [UNIT, *[FIREWALL_UNIT][: int(has_firewall)]]
    if system.is_real and not system.has_systemd:
        for each in units:
            system.run("systemctl", "enable", each)
        system.say("systemd does not run here: the host starts at the next boot")
        return
    system.run("systemctl", "daemon-reload")
    for each in reversed(units):
        system.run("systemctl", "enable", each)
        system.run("systemctl", "restart", each)
    if system.is_real:
        check_serving()


def check_serving() -> None:
    """PresselError unless the service answers at its control socket; it has said that it is
    ready."""
    places = list(SERVICE.glob("*.sock"))
    if not places:
        raise PresselError("the host has no control socket; look why: journalctl -u pressel")
    try:
        control.ask(places[0], "host status")
    except PresselError as error:
        raise PresselError(
            f"the host does not answer ({error}); look why: journalctl -u pressel"
        ) from error


@dataclass(frozen=True)
class Upgrade:
    """`install`: the commands that put the other version in; `begin`: the one that has it serve,
    and fails where it does not; `restore`: the one that puts a backup back, which follows it."""

    install: Sequence[Sequence[str]]
    begin: Sequence[str]
    restore: Sequence[str]


def upgrade(system: System, wanted: Upgrade, former: Former, backup: Path | None) -> None:
    """Put another version in the place of this one. Where it cannot be installed or does not serve,
    the `former` one is put back and serves, and PresselError says so."""
    system.say("the version that is installed is kept until the other one serves")
    if system.is_dry:
        for command in (*wanted.install, wanted.begin):
            system.run(*command)
        return
    former.keep()
    try:
        for command in wanted.install:
            system.do(command)
        system.do(wanted.begin)
    except PresselError as error:
        system.say(f"that failed: {error}")
        _go_back(system, wanted, former, backup)
        words = f"the former version is back and serves; the other one: {error}"
        raise PresselError(words) from error
    former.drop()


def _go_back(system: System, wanted: Upgrade, former: Former, backup: Path | None) -> None:
    """With the registry as it is, or else as it was before: the other version may have changed its
    form."""
    former.put_back()
    system.say("the former version is put back")
    try:
        system.do(wanted.begin)
    except PresselError:
        if backup is None:
            raise
        system.say(f"with the registry as it is, it does not serve; it gets {backup}")
        system.run_as_service([*wanted.restore, str(backup)])
        system.do(wanted.begin)


def take_down(system: System, *, with_data: bool) -> None:
    """Remove the service; `with_data` also registry, keys, backups, configuration and user."""
    places = system.places
    for each in (UNIT, FIREWALL_UNIT):
        if not places.unit(each).exists():
            continue
        if system.has_systemd:
            system.run("systemctl", "disable", "--now", each)
        else:
            system.run("systemctl", "disable", each)
        system.remove(places.unit(each))
    system.remove(places.firewall)
    if system.has_systemd:
        system.run("systemctl", "daemon-reload")
    system.remove(places.cache)
    if with_data:
        system.remove(places.configuration.parent)
        system.remove(places.state)
        if not system.is_real or system.has_user():
            system.run("userdel", USER)
