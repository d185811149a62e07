"""What the commands for attached badges share, and those of `pressel badge` for one on a port."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click

from pressel.cli import INTERRUPTED, completing
from pressel.cli.asking import confirm, yes_option
from pressel.cli.completing import offering
from pressel.cli.options import folder_option
from pressel.flash.fleet import OpenRegistry
from pressel.flash.messages import MESSAGES, flash_error
from pressel.flash.order import Outcome
from pressel.flash.port import held, is_gone
from pressel.flash.usable_settings import checked_wifi
from pressel.flash.usb import attached
from pressel.node.door import is_there, open_roll
from pressel.printable import printable
from pressel.registry.choice import chosen

BAUD = 115_200  # of MicroPython's console

_STATE = folder_option()


def ports_of(named: tuple[str, ...], is_all: bool) -> list[str]:
    """The ports that the user meant, without duplicates. All are those on which a badge is likely;
    the others are told."""
    if bool(named) == is_all:
        raise flash_error("which-badge")
    if named:
        return list(dict.fromkeys(named))
    found = attached()
    for each in found:
        if not each.is_likely:
            text = MESSAGES["no-badge"].format(port=each.port, what=each.what)
            print(f"{each.port}: warning: {text}", file=sys.stderr)
    ports = [each.port for each in found if each.is_likely]
    if not ports:
        raise flash_error("no-ports")
    return ports


def open_registry(state: Path | None, *, is_made: bool = True) -> OpenRegistry | None:
    """The function by which each thread opens the venue's roll; None to go without one."""
    if not is_made and not is_there(state):
        return None
    with open_roll(state, makes=True):  # made once, before many threads open it
        return functools.partial(open_roll, state, makes=True)


def wifi_network(name: str, password: str | None) -> tuple[str, str]:
    """Wi-Fi settings; asks for the password on a terminal. FlashError when they cannot be."""
    checked_wifi(name, "")
    if password is None and sys.stdin.isatty():
        password = click.prompt(
            f"Password of {name} (Enter: none)", default="", hide_input=True,
            show_default=False, err=True,
        )  # fmt: skip
    if not password:
        print("warning: " + MESSAGES["open-wifi"].format(wifi=name), file=sys.stderr)
    return checked_wifi(name, password or "")


def tell_all(outcomes: list[Outcome], word: Callable[[Outcome], str | None]) -> int:
    """Print the outcomes, with `word` for success; return the exit code."""
    for each in outcomes:
        for warning in each.warnings:
            print(f"{each.port}: warning: {warning}", file=sys.stderr)
        text = word(each)
        if each.error:
            print(f"{each.port}: failed: {each.error}", file=sys.stderr)
        elif text:
            print(f"{each.port}: {text}")
    if len(outcomes) > 1:
        done = sum(not each.error for each in outcomes)
        print(f"{done} of {len(outcomes)} badges are done", file=sys.stderr)
    if any(each.code == "stopped" for each in outcomes):
        return INTERRUPTED
    return 1 if any(each.error for each in outcomes) else 0


@click.command()
@click.option("--chip", type=click.Choice(("esp32", "esp32s3", "esp32c3")), default="esp32")
@click.option("--flash-mib", type=click.Choice(("2", "4", "8", "16")), default="4")
@click.option("--mac", default="a0b1c2d3e4f5", show_default=True, help="12 hexadecimal digits.")
@click.option(
    "--fault", "faults", multiple=True, help="For example unplug-at=write; 'help' lists all."
)
@click.argument("flash", type=click.Path(dir_okay=False, path_type=Path))
def emulate(chip: str, flash_mib: str, mac: str, faults: tuple[str, ...], flash: Path) -> None:
    """Emulate a badge on a serial port of its own; its flash is the file FLASH.

    Prints the port. esptool, mpremote and `pressel flash` work on it as on hardware. Once flashed,
    it runs its firmware on this machine's network. Ctrl-C unplugs it.
    """
    from pressel.emulator.badge import EmulatedBadge
    from pressel.emulator.faults import NAMES, parse_faults

    if "help" in faults:
        for name, what in NAMES.items():
            print(f"{name:50} {what}")
        return
    if not re.fullmatch("[0-9a-fA-F]{12}", mac):
        raise click.BadParameter("a MAC address has 12 hexadecimal digits", param_hint="--mac")
    parsed = parse_faults(faults)
    emulated = EmulatedBadge(chip, flash, int(flash_mib) << 20, bytes.fromhex(mac), parsed)
    print(emulated.port, flush=True)
    emulated.run(is_powered=True)


@click.command()
@click.argument("port", shell_complete=offering(completing.ports))
def logs(port: str) -> None:
    """Show what the badge on PORT prints, until Ctrl-C."""
    import serial

    with held(port):
        try:
            with serial.serial_for_url(port, BAUD, exclusive=True) as source:
                while True:
                    line = source.readline()
                    print(printable(line.decode("utf-8", "replace").rstrip("\r\n")), flush=True)
        except serial.SerialException as error:
            raise flash_error("unplugged", port=port, stage="logs") from error


@click.command()
@click.argument("port", shell_complete=offering(completing.ports))
def shell(port: str) -> int:
    """Open the prompt of MicroPython on the badge on PORT.

    Ctrl-C twice stops the firmware, Ctrl-] leaves the prompt."""
    with held(port):
        code = subprocess.call([sys.executable, "-m", "mpremote", "connect", port, "repl"])
    if is_gone(port):
        raise flash_error("unplugged", port=port, stage="shell")
    return code


@click.command()
@click.argument("old", shell_complete=offering(completing.devices))
@click.argument("new", shell_complete=offering(completing.devices))
@_STATE
def replace(old: str, new: str, state: Path | None) -> None:
    """Let device NEW take the name, groups and entitlements of OLD, whose key dies.

    If NEW is already a badge, it keeps its key and takes the name with `pressel provision`;
    otherwise it gets both with `pressel flash`.
    """
    with open_roll(state) as roll:
        known = roll.devices()
        old = chosen(known, old).id
        is_known = any(each.id == new.lower() for each in known)
        roll.replace(old, new)
        name = roll.device(new).name
    then = "pressel provision PORT" if is_known else "pressel flash --port PORT"
    print(f"{new} is {name} now, and {old} is shut out; give the badge its name with `{then}`")


@click.command()
@click.argument("port", shell_complete=offering(completing.ports))
@click.option("--revoke", is_flag=True, help="Revoke its key, too.")
@yes_option
@_STATE
def wipe(port: str, revoke: bool, yes: bool, state: Path | None) -> None:
    """Erase everything on the badge on PORT: firmware, identity, key and Wi-Fi settings."""
    from pressel.flash.wipe import wipe_badge

    confirm(f"Erase everything on the badge on {port}?", yes)
    registry = open_registry(state, is_made=False)
    if registry is None:
        device, warning = wipe_badge(port, None, revoke=revoke)
    else:
        with registry() as opened:
            device, warning = wipe_badge(port, opened, revoke=revoke)
    if warning:
        print(f"{port}: warning: {warning}", file=sys.stderr)
    print(f"{port}: {device} is wiped")
