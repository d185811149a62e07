"""`pressel device`: which badges may take part, in which talk groups and with what rights."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.options import folder_option
from pressel.cli.roll import opened
from pressel.errors import PresselError, UsageError
from pressel.node import control
from pressel.node.door import reached
from pressel.registry import code as codes
from pressel.registry.choice import check_free, chosen
from pressel.registry.device import ACTIVE, GROUP_MAX, PENDING, Device, Entitlements
from pressel.registry.roll import Roll
from pressel.registry.secret_file import write_private

from .asking import confirm, yes_option
from .inventory import print_inventory
from .printed import print_table

_ID_BYTES = 8

_STATE = folder_option()
_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_ID = click.argument("word", metavar="DEVICE", shell_complete=offering(completing.devices))
_SAME_NAME = click.option("--same-name", is_flag=True, help="Take a name that another has.")
_KEY_FILE = click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="New file for the key, for flashing; only you can read it. Delete it afterwards.",
)
_GROUPS = click.option(
    "--group",
    "groups",
    type=click.IntRange(1, GROUP_MAX),
    multiple=True,
    default=(1,),
    show_default=True,
    shell_complete=offering(completing.groups),
    help="Talk group; may be repeated.",
)


@click.group()
def device() -> None:
    """Choose which badges may take part, and with what rights.

    DEVICE is a device's name, its id, or as much of either as no other has.
    """


@device.command()
@click.argument("name")
@click.option("--id", "device_id", help="16 hexadecimal digits; random by default.")
@_GROUPS
@click.option("--emergency", is_flag=True, help="May interrupt others in an emergency.")
@click.option(
    "--priority", is_flag=True, help="May press with priority, ahead of all routine presses."
)
@_SAME_NAME
@_KEY_FILE
@_STATE
@_JSON
def add(
    name: str,
    device_id: str | None,
    groups: tuple[int, ...],
    emergency: bool,
    priority: bool,
    same_name: bool,
    key_file: Path,
    state: Path | None,
    as_json: bool,
) -> None:
    """Add a device called NAME and write its key to a file."""
    new_id = device_id or secrets.token_hex(_ID_BYTES)
    rights = Entitlements(emergency, int(priority))
    with opened(state, makes=True) as roll:
        if not same_name:
            check_free(roll.devices(), name)
        _with_key_file(roll, new_id, key_file, lambda: roll.enrol(new_id, name, groups, rights))
        _show([roll.device(new_id)], as_json, one=True)


@device.command()
@_ID
@_KEY_FILE
@_STATE
@_JSON
def rotate(word: str, key_file: Path, state: Path | None, as_json: bool) -> None:
    """Give a device a new key. The old one ends at once: flash the badge with the new file."""
    with opened(state) as roll:
        device_id = chosen(roll.devices(), word).id
        _with_key_file(roll, device_id, key_file, lambda: roll.rotate(device_id))
        _show([roll.device(device_id)], as_json, one=True)


def _with_key_file(roll: Roll, device_id: str, file: Path, make_key: Callable[[], bytes]) -> None:
    """Write the result of `make_key` to the new `file`, which is claimed before anything
    changes."""
    try:
        write_private(file, "")
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    try:
        key = make_key()
    except BaseException:
        file.unlink()
        raise
    known = roll.device(device_id)
    content = {"device": known.id, "name": known.name, "epoch": known.epoch, "key": key.hex()}
    try:
        file.unlink()  # a new one: nobody can have opened the empty one's name meanwhile
        write_private(file, json.dumps(content) + "\n")
    except OSError as error:
        raise PresselError(
            f"cannot write {file}: {error.strerror}; the key is lost: "
            f"run `pressel device rotate {known.id}`"
        ) from error


@device.command("list")
@click.option("--all", "with_revoked", is_flag=True, help="Include revoked devices.")
@_STATE
@_JSON
def list_devices(with_revoked: bool, state: Path | None, as_json: bool) -> None:
    """List devices; never their keys. Says which ones a running leader holds off, and why."""
    with opened(state, writes=False) as roll:
        known, boards = roll.devices(), _boards(roll)
    shown = [each for each in known if with_revoked or each.state != "revoked"]
    _show(shown, as_json, boards=boards)
    for words in _held_off(state):
        _say(words)


@device.command()
@_ID
@_STATE
@_JSON
def show(word: str, state: Path | None, as_json: bool) -> None:
    """Show one device; never its key."""
    with opened(state, writes=False) as roll:
        _show([chosen(roll.devices(), word)], as_json, one=True, boards=_boards(roll))


@device.command()
@_ID
@yes_option
@_STATE
def revoke(word: str, yes: bool, state: Path | None) -> None:
    """Shut a device out for good."""
    with opened(state) as roll:
        found = chosen(roll.devices(), word)
        confirm(f"Shut {found.name} ({found.id}) out for good?", yes)
        roll.revoke(found.id)
    _say(f"{found.name} ({found.id}) is revoked")


@device.command()
@_ID
@click.argument("person")
@click.option("--note", default="", help="What else is to be known, in a sentence.")
@_STATE
def lend(word: str, person: str, note: str, state: Path | None) -> None:
    """Write down that PERSON has a device from now on."""
    with opened(state) as roll:
        found = chosen(roll.devices(), word)
        roll.lend(found.id, person, note)
    _say(f"{person.strip()} has {found.name} ({found.id})")


@device.command("return")
@_ID
@_STATE
def give_back(word: str, state: Path | None) -> None:
    """Write down that a lent device is back in the drawer."""
    with opened(state) as roll:
        found = chosen(roll.devices(), word)
        roll.give_back(found.id)
    _say(f"{found.name} ({found.id}) is back")


@device.command()
@_ID
@click.argument(
    "name", metavar="[BOARD]", required=False, shell_complete=offering(completing.boards)
)
@click.option("--unknown", is_flag=True, help="Nobody knows which it is.")
@_STATE
def board(word: str, name: str | None, unknown: bool, state: Path | None) -> None:
    """Write down which BOARD a device is; `pressel flash` does so by itself.

    Settings can have a value for all badges of a board.
    """
    if unknown == (name is not None):
        raise UsageError("name a board, or --unknown")
    from pressel.boards.board import board_ids  # slow to import, and no other command needs it
    from pressel.schema.check import did_you_mean

    with opened(state) as roll:
        found = chosen(roll.devices(), word)
        known = sorted({*board_ids(), *roll.boards().values()})
        if name is not None and name not in known:
            guess = did_you_mean(name, known) or "; `pressel board list` shows all"
            raise UsageError(f"no board is called '{name}'{guess}")
        roll.set_board(found.id, name or "")
    words = f"is the board {name}" if name else "is a board that nobody knows"
    _say(f"{found.name} ({found.id}) {words}")


@device.command()
@_STATE
@_JSON
def inventory(state: Path | None, as_json: bool) -> None:
    """Show where each badge is: lent to whom and since when, or in the drawer; and which are on."""
    with opened(state, writes=False) as roll:
        known = [each for each in roll.devices() if each.state == ACTIVE]
        loans = {each.device: each for each in roll.loans()}
    heard, batteries = (_told(state, f"device {what}") for what in ("heard", "batteries"))
    print_inventory(known, loans, _members(state), heard, batteries, as_json=as_json)


def _told(state: Path | None, verb: str) -> dict[str, int]:
    """A number a device id; none where no host tells."""
    path = reached(state)
    if path is None:
        return {}
    with contextlib.suppress(PresselError):  # a host of an earlier version does not know it
        return {str(device): int(told) for device, told in control.ask(path, verb).items()}
    return {}


def _members(state: Path | None) -> set[str] | None:
    """The ids of the devices that are switched on and joined; None when no host runs to ask."""
    path = reached(state)
    if path is None:
        return None
    from pressel.node.leader_state import LeaderState  # slow to import, and few commands need it

    try:
        told = LeaderState.model_validate(control.ask(path, "status"))
    except (PresselError, ValueError):
        return None  # where the badges are is worth showing without it
    return {each.device for each in told.members}


@device.command()
@click.argument(
    "words", metavar="[DEVICE]...", nargs=-1, shell_complete=offering(completing.devices)
)
@click.option("--all", "is_all", is_flag=True, help="Those of all active devices.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("labels"),
    show_default=True, help="Folder for the labels.",
)  # fmt: skip
@_STATE
def label(words: tuple[str, ...], is_all: bool, out: Path, state: Path | None) -> None:
    """Make the labels of devices, to be printed: 60 mm wide, with name, id and a code to scan."""
    if is_all == bool(words):
        raise UsageError("name some devices, or --all")
    from pressel.flash.label import write_label  # pictures are slow to import

    with opened(state, writes=False) as roll:
        known = roll.devices()
    active = [each for each in known if each.state == ACTIVE]
    for each in active if is_all else [chosen(known, word) for word in words]:
        try:
            made = write_label(out, each.id, each.name)
        except OSError as error:
            raise PresselError(f"cannot write the label in {out}: {error.strerror}") from error
        print(made.file)
        if made.advice:
            _say(made.advice)


@device.command()
@_ID
@_STATE
def erase(word: str, state: Path | None) -> None:
    """Erase the names that a revoked device had, from the log, too.

    The log still holds, and still says what the device was allowed. Backups keep the names.
    """
    with opened(state) as roll:
        device_id = chosen(roll.devices(), word, prefers_revoked=True).id
        roll.erase(device_id)
    _say(f"the names of {device_id} are erased here, and at other hosts when they hear of it")


@device.command()
@_ID
@click.argument("name")
@_SAME_NAME
@_STATE
def rename(word: str, name: str, same_name: bool, state: Path | None) -> None:
    """Rename a device to NAME."""
    with opened(state) as roll:
        known = roll.devices()
        device_id = chosen(known, word).id
        if not same_name:
            check_free(known, name, but=device_id)
        roll.rename(device_id, name)
    _say(f"{device_id} is called {name}")


@device.command()
@_ID
@click.argument(
    "groups", type=click.IntRange(1, GROUP_MAX), nargs=-1, required=True,
    shell_complete=offering(completing.groups),
)  # fmt: skip
@_STATE
def group(word: str, groups: tuple[int, ...], state: Path | None) -> None:
    """Put a device into exactly these talk GROUPS."""
    with opened(state) as roll:
        device_id = chosen(roll.devices(), word).id
        roll.set_groups(device_id, groups)
        now = roll.device(device_id).groups
    _say(f"{device_id} is in talk group{'s' if len(now) > 1 else ''} {_words(now)}")


@device.command()
@_STATE
@_JSON
def pending(state: Path | None, as_json: bool) -> None:
    """List devices that wait for your approval, with the check code that each must show."""
    with opened(state, writes=False) as roll:
        _show(roll.devices(PENDING), as_json, waiting=True)


@device.command()
@click.argument("code_or_id", metavar="CODE", shell_complete=offering(completing.waiting))
@_GROUPS
@_STATE
def approve(code_or_id: str, groups: tuple[int, ...], state: Path | None) -> None:
    """Let in the waiting device that shows the check code CODE.

    Read the code from the device itself, or hear it from somebody whose voice you know: then nobody
    on the network can have come between. An id is accepted, too.
    """
    with opened(state) as roll:
        device_id = roll.waiting(code_or_id)
        roll.approve(device_id, groups)
        name = roll.device(device_id).name
    _say(f"{name} ({device_id}) may join")


@device.command()
@click.argument(
    "code_or_id", metavar="CODE", required=False, shell_complete=offering(completing.waiting)
)
@click.option("--all", "is_all", is_flag=True, help="Forget all waiting devices.")
@_STATE
def deny(code_or_id: str | None, is_all: bool, state: Path | None) -> None:
    """Forget the waiting device that shows CODE or has that id."""
    if is_all == (code_or_id is not None):
        raise UsageError("name one device, or --all")
    with opened(state) as roll:
        waiting = [each.id for each in roll.devices(PENDING)]
        for device_id in waiting if code_or_id is None else [roll.waiting(code_or_id)]:
            roll.deny(device_id)
            _say(f"{device_id} is forgotten; it may ask again")


@device.command()
@_GROUPS
@click.option(
    "--minutes",
    type=click.IntRange(1, codes.LIFE_S_MAX // 60),
    default=codes.LIFE_S // 60,
    show_default=True,
    help="How long the code is valid.",
)
@_STATE
@_JSON
def invite(groups: tuple[int, ...], minutes: int, state: Path | None, as_json: bool) -> None:
    """Make a code that lets one device in. It is shown once.

    Type it at the device: `pressel badge --leader ADDRESS --invite CODE`.
    """
    with opened(state, makes=True) as roll:
        code = roll.invite(groups, minutes * 60)
    print(json.dumps({"code": code, "minutes": minutes}) if as_json else code)
    _say(f"good for one device, for {minutes} minute{'' if minutes == 1 else 's'}")


def _boards(roll: Roll) -> dict[str, str]:
    """By device; none where a host of an earlier version does not tell."""
    with contextlib.suppress(PresselError):
        return roll.boards()
    return {}


def _show(
    devices: list[Device],
    as_json: bool,
    one: bool = False,
    waiting: bool = False,
    boards: Mapping[str, str] = MappingProxyType({}),
) -> None:
    if as_json:
        rows = [
            asdict(each) | {"board": boards.get(each.id)} | _check_code(each) for each in devices
        ]
        print(json.dumps(rows[0] if one else rows, indent=2))
        return
    if waiting:
        table = Table("Device", "Name", "Check code", "Asked", box=None)
        for each in devices:
            asked = time.strftime("%H:%M:%S", time.localtime(each.changed_s))
            code = _check_code(each)["check_code"] or "-"
            table.add_row(each.id, escape(each.name), code, asked)
        print_table(table)
        return
    table = Table("Device", "Name", "Groups", "Rights", "State", "Key epoch", "Board", box=None)
    for each in devices:
        rights = ["emergency"] if each.entitlements.emergency else []
        if each.entitlements.priority:
            rights.append("priority")
        name, words = escape(each.name), ", ".join(rights)
        table.add_row(
            each.id, name, _words(each.groups), words, each.state, str(each.epoch),
            escape(boards.get(each.id, "")),
        )  # fmt: skip
    print_table(table)


def _held_off(state: Path | None) -> list[str]:
    """As the leader tells it; nothing while none can be asked."""
    path = reached(state)
    if path is None:
        return []
    from pressel.cli.status import held_off  # likewise
    from pressel.node.leader_state import LeaderState

    with contextlib.suppress(PresselError, ValueError):
        return list(held_off(LeaderState.model_validate(control.ask(path, "status"))))
    return []


def _check_code(waiting: Device) -> dict[str, str | None]:
    """As people read it."""
    plain = waiting.check_code
    return {"check_code": None if plain is None else codes.in_groups(plain)}


def _words(groups: tuple[int, ...]) -> str:
    return ", ".join(map(str, groups))


def _say(text: str) -> None:
    print(text, file=sys.stderr)
