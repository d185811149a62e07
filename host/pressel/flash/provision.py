"""Changes a made badge's settings at its prompt: Wi-Fi, leader, name, how it saves power.
Identity and key stay.

The badge is changed and read back first, the registry's name after it; a second run repairs a
failed one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from mpremote.transport import TransportExecError

from pressel.boards.chip import chip_ids
from pressel.boards.heap import speech_lacks, too_little
from pressel.pack import ROMFS, STOCK
from pressel.pack.manifest import ROM
from pressel.pack.settings_file import settings_file
from pressel.printable import printable
from pressel.registry import alike
from pressel.registry.device import REVOKED
from pressel.registry.roll import Roll

from .console import Console, console
from .identity import Claims
from .job import Tell, check_started
from .line import Stop
from .messages import MESSAGES, flash_error
from .nvs import NAMESPACE
from .order import BOARD_FILE, BOOT_FILE, CONFIG_FILE, Outcome
from .port import held
from .power import Power, in_words, options_of

STAGES = ("connect", "write", "start", "register", "done")

# In hexadecimal: the console would show bytes that are not text in its own way.
_READ = """
import binascii
with open('%s', 'rb') as file:
    print(binascii.hexlify(file.read()).decode())
"""
# Beside and renamed: a badge that is unplugged has the old settings or the new ones.
_WRITE = f"""
import os, esp32
with open('{CONFIG_FILE}.new', 'wb') as file:
    file.write(%r)
os.rename('{CONFIG_FILE}.new', '{CONFIG_FILE}')
nvs = esp32.NVS('{NAMESPACE}')
nvs.set_blob('name', %r)
nvs.commit()
"""


@dataclass(frozen=True)
class Change:
    """What is to be changed; None stays. Without a `name` the badge takes the registry's."""

    wifi: tuple[str, str] | None = None
    leader: str | None = None
    name: str | None = None
    power: Power = field(default_factory=Power)


def provision_badge(
    port: str, change: Change, registry: Roll | None, tell: Tell, stop: Stop | None = None,
    claims: Claims | None = None,
) -> Outcome:  # fmt: skip
    """FlashError says what went wrong, UsageError that another device has the name. `stop` ends it
    at whatever it waits for, `claims` knows the other badges of the run."""
    with held(port):
        tell("connect", 0.0)
        with console(port, stop or Stop()) as badge:
            config = _config(badge, port)
            device = str(config.get("device", ""))
            if device:
                _check_owner(port, device, badge, claims or Claims())
            known = registry.devices() if registry is not None else []
            entry = next((each for each in known if each.id == device), None)
            if change.name and entry is not None:
                others = (each for each in known if each.state != REVOKED and each.id != device)
                alike.check_free(change.name, (each.name for each in others))
            wanted = _changed(config, change, entry.name if entry else "")
            board, boot = (_record(badge, file) or {} for file in (BOARD_FILE, BOOT_FILE))
            lack = _lack(board, boot, wanted) if change.power.options() else ""
            tell("write", 0.0)
            name = wanted["name"].encode()
            badge.run(_WRITE % (settings_file(wanted), name))
            if _config(badge, port) != wanted:
                raise flash_error("file-hash", file=CONFIG_FILE, port=port)
            tell("start", 0.0)
            check_started(port, badge.watch_start(wanted["name"]))
        outcome = Outcome(port, device, wanted["name"])
        if lack:
            outcome.warnings.append(lack)
        if registry is not None:
            tell("register", 0.0)
            if entry is None:
                outcome.warnings.append(MESSAGES["not-registered"].format(device=device))
            elif entry.name != wanted["name"]:
                registry.rename(device, wanted["name"])
    tell("done", 1.0)
    return outcome


def _check_owner(port: str, device: str, badge: Console, claims: Claims) -> None:
    """FlashError when the badge is a copy of another."""
    if not device.startswith(badge.chip().hex()):
        raise flash_error("copied", port=port, device=printable(device))
    claims.claim(bytes.fromhex(device), port)


def _config(badge: Console, port: str) -> dict[str, Any]:
    config = _record(badge, CONFIG_FILE)
    if config is None:
        raise flash_error("no-settings", port=port)
    return config


def _record(badge: Console, file: str) -> dict[str, Any] | None:
    """What one of the badge's files of JSON holds; None when it does not."""
    try:
        record = json.loads(bytes.fromhex(badge.run(_READ % file).decode()))
    except (TransportExecError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _lack(board: dict[str, Any], boot: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What it will have too little memory for, as a sentence; "": nothing, as far as we know its
    chip. FlashError when that is speech."""
    chip = board.get("chip")
    if chip not in chip_ids():
        return ""
    packing = ROMFS.name if boot.get("slot") == f"/{ROM}" else STOCK.name
    options = options_of(wanted)
    if lack := speech_lacks(chip, board, packing, options):
        raise flash_error("no-memory", options=in_words(options), found=f"{lack:,}")
    return too_little(chip, board, packing, options)


def _changed(config: dict[str, Any], change: Change, known_name: str) -> dict[str, Any]:
    wanted = change.power.put_into(config)
    if change.wifi is not None:
        wanted["wifi"] = {"ssid": change.wifi[0], "password": change.wifi[1]}
    if change.leader is not None:
        wanted["leader"] = change.leader
    wanted["name"] = change.name or known_name or str(config.get("name", ""))
    return wanted
