"""`pressel setup`, `upgrade` and `uninstall`: a host as a service of this computer."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from pressel import extras
from pressel.box import files, plan
from pressel.box.former import Former
from pressel.box.other_version import read_wheel, registry_format, what_will_be
from pressel.box.places import UNIT, Places
from pressel.box.system import System
from pressel.cli.options import AddressOption
from pressel.cli.recovery import passphrase, print_kit, say_former
from pressel.enrol.ways import INVITE, JOINING
from pressel.errors import UsageError
from pressel.node.options import default_state
from pressel.node.presence import control_of
from pressel.registry import kit as kits
from pressel.registry.database import DATABASE
from pressel.transport.udp import Address
from pressel.tree import CACHE, IS_DEBIANS, IS_INSTALLED
from ptt.base.numbers import PORT

_SLASH = Path("/")


def _common(command: Callable[..., Any]) -> Callable[..., Any]:
    dry = click.option("--dry-run", is_flag=True, help="Only list what would be done.")
    root = click.option(
        "--root",
        type=click.Path(file_okay=False, path_type=Path),
        default=_SLASH,
        help="Write files below this folder, and run no command of the system: to look at them.",
    )
    yes = click.option("--yes", is_flag=True, help="Ask nothing.")
    return dry(root(yes(command)))


class _Network(click.ParamType):
    name = "network"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            return str(ipaddress.IPv4Network(value))
        except ValueError:
            self.fail(f"'{value}' is no IPv4 network; write it like 192.168.1.0/24", param, ctx)


@click.command()
@click.option(
    "--listen", type=AddressOption(PORT), help=f"Address and UDP port; by default 0.0.0.0:{PORT}."
)
@click.option("--joining", type=click.Choice(JOINING), help="Which unknown devices may join.")
@click.option(
    "--venue",
    type=_Network(),
    multiple=True,
    help="Network that may reach the host, such as 192.168.1.0/24; may be repeated. By default all "
    "private ones.",
)
@click.option("--firewall/--no-firewall", default=None, help="Shut out others by nftables.")
@click.option(
    "--restore",
    nargs=2,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="KIT BACKUP",
    help="Be the box that another one was: with its recovery kit and a backup of its registry.",
)
@click.option("--stolen", is_flag=True, help="With --restore: somebody may have the former box.")
@click.option(
    "--kit", type=click.Path(dir_okay=False, path_type=Path), help="Write a recovery kit here."
)
@click.option("--again", is_flag=True, hidden=True)
@_common
def setup(
    listen: Address | None,
    joining: str | None,
    venue: tuple[str, ...],
    firewall: bool | None,
    restore: tuple[Path, Path] | None,
    stolen: bool,
    kit: Path | None,
    again: bool,
    dry_run: bool,
    root: Path,
    yes: bool,
) -> None:
    """Make this computer a leader box: a host that starts at boot and is kept alive.

    It gets a user of its own, a folder for keys and registry, a locked-in service with a watchdog,
    a firewall table and a first backup. Run it again at any time: what is there stays.
    """
    system = _system(root, dry_run)
    places = system.places
    is_new = not places.configuration.exists()
    asks = is_new and not yes and not dry_run and sys.stdin.isatty()
    if asks and joining is None:
        joining = click.prompt(
            "Which unknown devices may join?", type=click.Choice(JOINING), default=INVITE, err=True
        )
    if firewall is None:
        firewall = files.has_firewall()
    if firewall and system.is_real and not files.has_firewall():
        raise UsageError("there is no nftables here; install it (Debian: apt install nftables)")
    host, port = listen or ("0.0.0.0", PORT)
    networks = tuple(venue) or files.PRIVATE
    if again and places.firewall.exists():
        networks = ()  # it stays as it is
    wishes = plan.Wishes(
        f"{host}:{port}",
        joining or INVITE,
        networks if firewall else (),
        files.command(),
        None if restore is None else _restoring(*restore, is_stolen=stolen),
    )
    if asks:
        click.confirm(
            f"Set up this computer as a leader box at {host}:{port}?", abort=True, err=True
        )
    plan.set_up(system, wishes)
    if kit is not None and not dry_run:
        print_kit(places.state, kit)
    if not again:
        _say_next(system, has_kit=kit is not None)


def _restoring(kit: Path, backup: Path, *, is_stolen: bool) -> Callable[[System], None]:
    words = passphrase()
    keys = kits.open_kit(kit, words)  # before anything is changed

    def act(system: System) -> None:
        system.say(f"registry and keys of {kit} and {backup}")
        if not system.is_dry:
            kits.restore(kit, words, backup, system.places.state, is_stolen=is_stolen)
            system.give(system.places.state)
            if is_stolen:
                say_former(keys)

    return act


def _say_next(system: System, *, has_kit: bool) -> None:
    if system.is_dry:
        print("nothing was done; without --dry-run it will be")
        return
    sudo = "sudo " if system.is_real else ""
    print(
        "\nThis is a leader box now. Next:\n"
        f"  {sudo}pressel status         who is there\n"
        f"  {sudo}pressel device invite  a code that lets a badge in\n"
        f"  {sudo}pressel flash --help   make badges\n"
        f"  {sudo}pressel host show      the key to allow on a second host\n"
        f"Backups are made daily in {system.places.backups}: have them copied elsewhere."
    )
    if not has_kit:
        print(
            "Make a recovery kit, or every badge must be flashed anew when this box is lost:\n"
            f"  {sudo}pressel recovery kit /media/STICK/pressel.kit"
        )


def _wheel_of(ctx: Any, param: Any, words: tuple[str, ...]) -> tuple[Path, bool]:
    """The file, and whether it is only to be checked."""
    is_check = len(words) == 2 and words[0] == "check"
    if not is_check and len(words) != 1:
        raise click.BadParameter("name the file of the other version")
    wheel = click.Path(exists=True, dir_okay=False, path_type=Path)
    return wheel.convert(words[-1], param, ctx), is_check


@click.command()
@click.argument("wheel", metavar="[check] WHEEL", nargs=-1, callback=_wheel_of)
@_common
def upgrade(wheel: tuple[Path, bool], dry_run: bool, root: Path, yes: bool) -> None:
    """Put the version in the file WHEEL in the place of this one, and restart the host.

    What it changes is told first, and with the word check nothing else is done. The registry is
    backed up before. Where the other version cannot be installed or does not serve, this one is put
    back. Badges notice nothing where another host can lead meanwhile.
    """
    file, is_check = wheel
    _upgrade(file, dry_run=dry_run, root=root, yes=yes, is_check=is_check)


def _upgrade(wheel: Path, *, dry_run: bool, root: Path, yes: bool, is_check: bool) -> None:
    if IS_DEBIANS and not is_check:
        raise UsageError(
            "this came as a package of Debian's; put a newer one in its place with: "
            "apt install ./pressel_VERSION.deb"
        )
    if not wheel.name.startswith("pressel-") or wheel.suffix != ".whl":
        raise UsageError(f"{wheel} is no wheel of Pressel; `make wheel` makes one")
    places = Places(root.absolute())
    is_service = places.unit(UNIT).exists()
    state = places.state if is_service else default_state()
    for each in what_will_be(read_wheel(wheel), registry_format(state / DATABASE)):
        print(each)
    if is_check:
        print("nothing was done")
        return
    if not IS_INSTALLED:
        raise UsageError("this is a clone: update it with git pull, and run make setup")
    system = _system(root, dry_run) if is_service else System(places, dry_run, _say)
    if not (yes or dry_run or click.confirm(f"Install {wheel.name}?", err=True)):
        raise click.Abort
    if not (dry_run or os.access(sys.prefix, os.W_OK)):
        raise UsageError(f"you may not write in {sys.prefix}, where Pressel lies; try with sudo")
    words = files.command()
    cache = places.cache if is_service else CACHE
    saved = _saved(system, words, state, is_service=is_service)
    begin = [*words, "setup", "--yes", "--again"] if is_service else [*words, "config", "check"]
    restore = [*words, "registry", "restore", "--state", str(state)]
    wanted = plan.Upgrade(_installing(wheel.absolute()), begin, restore)
    plan.upgrade(system, wanted, Former(cache / "former.tar"), saved)
    if dry_run:
        print("nothing was done")
        return
    print("upgraded; see `pressel --version`")
    if saved is not None:
        print(f"the registry as it was before: {saved}")
    if not is_service and (running := control_of(state)) is not None:
        print(f"the host at {running} still runs the former version: end it and start it again")


def _installing(wheel: Path) -> list[list[str]]:
    """What it needs comes first: without the network nothing has been changed then. The file's own
    version may be the one that is installed."""
    pip = [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    parts = extras.installed()
    name = f"{wheel}[{','.join(parts)}]" if parts else str(wheel)
    return [[*pip, name], [*pip, "--no-deps", "--force-reinstall", str(wheel)]]


def _saved(system: System, words: Sequence[str], state: Path, *, is_service: bool) -> Path | None:
    """The backup of the registry; None when there is none yet."""
    if is_service:
        return plan.back_up(system, words)
    if not (state / DATABASE).exists():
        return None
    target = state / "backups" / time.strftime("registry-%Y%m%d-%H%M%S.backup")
    system.say(f"backup {target}")
    if not system.is_dry:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        system.do([*words, "registry", "backup", str(target), "--state", str(state)])
    return target


@click.command()
@click.option(
    "--keep-data/--remove-data",
    default=None,
    help="What becomes of registry, keys, backups and configuration.",
)
@_common
def uninstall(keep_data: bool | None, dry_run: bool, root: Path, yes: bool) -> None:
    """Remove the service that `pressel setup` made from this computer.

    Without registry and keys, every badge must be flashed or let in anew.
    """
    system = _system(root, dry_run)
    if keep_data is None:
        if yes or dry_run or not sys.stdin.isatty():
            raise UsageError("say --keep-data or --remove-data")
        keep_data = not click.confirm(
            "Remove registry, keys and backups, too? No badge knows this venue then.", err=True
        )
    elif not (keep_data or yes or dry_run):
        if not sys.stdin.isatty():
            raise UsageError("to remove registry, keys and backups in a script, give --yes")
        click.confirm("Remove registry, keys and backups for good?", abort=True, err=True)
    plan.take_down(system, with_data=not keep_data)
    if dry_run:
        print("nothing was done")
        return
    print(f"removed; {system.places.state} is {'kept' if keep_data else 'gone'}")
    if IS_DEBIANS:
        print("the program itself is a package of Debian's: apt remove pressel")
    else:
        print(
            f"the program itself lies in {Path(sys.prefix)}: delete that, or pip uninstall pressel"
        )


def _system(root: Path, is_dry: bool) -> System:
    places = Places(root.absolute())
    if places.root == _SLASH and not is_dry and os.geteuid() != 0:
        raise UsageError(
            "this changes the computer, which only root may: put sudo before it. To look first, "
            "--dry-run; to try a leader without any of this: pressel leader"
        )
    if sys.platform != "linux":
        raise UsageError("a service can be set up on Linux with systemd only; run: pressel leader")
    return System(places, is_dry, _say)


def _say(words: str) -> None:
    print(words, file=sys.stderr)
