"""What may be wrong with a leader box: each check gives what it found."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ifaddr

from pressel.config import sources
from pressel.console import authority, secrets_kept
from pressel.errors import PresselError
from pressel.node import control
from pressel.node.door import folder_here
from pressel.node.options import default_state
from pressel.node.ports import HOSTS_PORT
from pressel.own_address import own_address
from pressel.registry.database import DATABASE
from pressel.registry.identity import IDENTITY_FILE
from pressel.registry.shelf import Shelf
from pressel.registry.vault import KEY_FILE
from pressel.transport.copies import load_library
from pressel.transport.udp import parse_address
from pressel.tree import IS_INSTALLED
from ptt.base.numbers import PORT

from . import timed_write
from .finding import Finding

SLOW_S = 2.0  # of a write: a worn card takes 0.2 s, and who waits for longer thinks it has failed
WRITES_MAX = 3
FREE_BYTES_MIN = 200_000_000  # registry, its log and backups of a large venue take half of it
CLOCK_LEAST_S = 1_764_547_200  # 2025-12-01: before this program was written
BACKUP_LATE = 2.0  # times the pause between two: one that failed is made up for
_TOOL_LIMIT_S = 10.0
_MULTICAST = "224.0.0.251"  # of mDNS
# Interfaces by which a VPN or a container goes: broadcasts into them reach no badge.
_TUNNELS = ("tun", "tap", "wg", "tailscale", "zt", "ppp", "docker", "br-", "veth", "virbr", "cni")

Found = Iterator[Finding]


def configuration() -> Found:
    """Every other check needs it."""
    try:
        found = sources.settings()
    except PresselError as error:
        mend = "mend the file; `pressel config check` looks again"
        yield Finding("configuration", "fault", str(error), mend)
        return
    yield Finding("configuration", "fine", f"{len(found)} keys set")
    for key, mend in sources.moved(found).items():
        yield Finding("configuration", "warning", f"{key} is a setting of the venue now", mend)


def host() -> Found:
    try:
        path = control.here()
        state = control.ask(path, "host status")
    except PresselError as error:
        mend = "systemctl start pressel; or to try it out: pressel leader"
        yield Finding("host", "fault", str(error), mend)
        return
    leads = state.get("leader") or "nobody"
    if state.get("state") == "leader":
        yield Finding("host", "fine", "runs and leads")
    elif state.get("leader"):
        yield Finding("host", "fine", f"runs; {leads} leads")
    else:
        mend = "look which hosts are missing: pressel host status"
        yield Finding("host", "fault", "runs, but nobody leads", mend)
    for each in state.get("peers", ()):
        if each.get("silent_ms") is None:
            mend = "is it on? does each of the two allow the other? pressel host status"
            words = f"never heard of host {each['name']}"
            yield Finding("host", "warning", words, mend)


def ports() -> Found:
    """Free, or used by our own host."""
    if control.all_alive():
        yield Finding("ports", "fine", "used by the host")
        return
    _, own = parse_address(sources.value("host.listen") or f":{PORT}", PORT)
    wanted = ((socket.SOCK_DGRAM, "UDP", own), (socket.SOCK_STREAM, "TCP", own),
              (socket.SOCK_DGRAM, "UDP", HOSTS_PORT))  # fmt: skip
    for kind, name, port in wanted:
        why = _cannot_bind(kind, port)
        if why:
            mend = (
                f"find out who uses it: ss -lpn 'sport = :{port}'; or choose another: host.listen"
            )
            yield Finding("ports", "fault", f"{name} port {port}: {why}", mend)
    if not any(_cannot_bind(kind, port) for kind, _, port in wanted):
        yield Finding("ports", "fine", "free")


def _cannot_bind(kind: socket.SocketKind, port: int) -> str:
    with socket.socket(socket.AF_INET, kind) as line:
        if kind == socket.SOCK_STREAM:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "another program uses it" if taken else str(error.strerror)
    return ""


def firewall() -> Found:
    """Whether some table drops what no rule names."""
    told = _tool("nft", "--json", "list", "ruleset")
    if told is None:
        words = "cannot be read here (no nftables, or not root)"
        yield Finding("firewall", "fine", words)
        return
    chains = shut_chains(told, PORT)
    for table, chain in chains:
        mend = f"nft add rule {table} {chain} udp dport {{ {PORT}, {HOSTS_PORT}, 5353 }} accept; "
        mend += f"nft add rule {table} {chain} tcp dport {PORT} accept; and into its own file"
        words = f"chain {chain} of {table} drops what it does not name, and names no port of ours"
        yield Finding("firewall", "fault", words, mend)
    if not chains:
        yield Finding("firewall", "fine", "lets badges in")


def shut_chains(ruleset: str, port: int) -> list[tuple[str, str]]:
    """(table, chain) of those in nft's JSON that drop by policy and have no rule with `port`."""
    try:
        rows = json.loads(ruleset)["nftables"]
    except (ValueError, KeyError, TypeError):
        return []
    shut: dict[tuple[str, str], bool] = {}
    for row in rows:
        chain, rule = row.get("chain"), row.get("rule")
        if chain and chain.get("hook") == "input" and chain.get("policy") == "drop":
            shut[(f"{chain['family']} {chain['table']}", chain["name"])] = True
        if rule and str(port) in json.dumps(rule.get("expr", "")):
            shut[(f"{rule['family']} {rule['table']}", rule["chain"])] = False
    return [place for place, is_shut in shut.items() if is_shut]


def clock() -> Found:
    if time.time() < CLOCK_LEAST_S:
        mend = "set it: timedatectl set-time '2026-01-31 12:00', and let it synchronise"
        words = f"says {time.strftime('%Y-%m-%d')}, which is past"
        yield Finding("clock", "fault", words, mend, "it is years behind")
        return
    synchronised = (_tool("timedatectl", "show", "-p", "NTPSynchronized", "--value") or "").strip()
    if synchronised == "no":
        words = f"says {time.strftime('%Y-%m-%d %H:%M')}, and nothing keeps it right"
        yield Finding("clock", "warning", words, "timedatectl set-ntp true")
        return
    yield Finding("clock", "fine", time.strftime("%Y-%m-%d %H:%M"))


def _folder() -> Path:
    """Of the host that runs here, as far as it says."""
    try:
        return folder_here(None)
    except PresselError:
        return default_state()


def disk(state: Path | None = None) -> Found:
    """Where the host's folder `state` lies; None: the one of the host that runs here."""
    folder = _existing(state or _folder())
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free for {folder}"
    if free < FREE_BYTES_MIN:
        mend = "make room: journalctl --vacuum-size=200M; apt clean"
        yield Finding("disk", "fault", words, mend, "it is full")
        return
    yield Finding("disk", "fine", words)


def disk_pace(
    state: Path | None = None, took_s: Callable[[Path], float] = timed_write.took_s
) -> Found:
    """Whether a small write into the folder `state`, as for `disk`, is done soon; `took_s` tries
    one, and gives how long it took. The best of some counts: others use the disk, too."""
    folder = state or _folder()
    try:
        best_s = took_s(folder)
        for _ in range(WRITES_MAX - 1):
            if best_s < SLOW_S:
                break
            best_s = min(best_s, took_s(folder))
    except OSError:
        return  # it is full, gone or not ours: that has a check of its own
    if best_s >= SLOW_S:
        words = f"a small write takes {best_s:.1f} s: changes to devices and settings wait for it"
        mend = "look what else writes there: iotop; if nothing does, it is dying, so make a backup"
        yield Finding("disk", "fault", words, mend, f"it is slow: a write takes {best_s:.1f} s")


def _existing(folder: Path) -> Path:
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def addresses() -> Found:
    """Where badges can find this box, and whether a VPN takes what is meant for them."""
    known = {
        str(ip.ip): each.nice_name
        for each in ifaddr.get_adapters()
        for ip in each.ips
        if ip.is_IPv4 and not str(ip.ip).startswith("127.")
    }
    yield from judged(known, _own())


def judged(known: dict[str, str], own: str) -> Found:
    """`known`: interfaces by address; `own`: by which address badges are looked for."""
    venue = {ip: name for ip, name in known.items() if not name.startswith(_TUNNELS)}
    words = ", ".join(f"{ip} ({name})" for ip, name in known.items()) or "none"
    if not venue:
        mend = "plug the cable in, or join the Wi-Fi: ip address"
        yield Finding("addresses", "fault", f"no network of a venue: {words}", mend)
    elif known.get(own, "").startswith(_TUNNELS):
        mend = f'end the VPN, or bind the host to the venue: host.listen = "{next(iter(venue))}"'
        words = f"broadcasts and discovery go into {known[own]}, where no badge is"
        yield Finding("addresses", "fault", words, mend)
    elif len(venue) > 1 and sources.value("host.listen") is None:
        mend = f'name the one of the badges: host.listen = "{next(iter(venue))}"'
        yield Finding("addresses", "warning", f"several networks: {words}", mend)
    else:
        yield Finding("addresses", "fine", words)


def _own() -> str:
    try:
        return own_address()
    except OSError:
        return ""


def discovery() -> Found:
    """Whether this box may join the group in which hosts find each other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            group = socket.inet_aton(_MULTICAST) + socket.inet_aton(_own() or "0.0.0.0")
            line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError as error:
            mend = "name the other hosts by address: host.peers"
            yield Finding("discovery", "warning", f"no multicast here: {error.strerror}", mend)
            return
    yield Finding("discovery", "fine", "multicast works on this box")


def permissions() -> Found:
    folder = _folder()
    wrong = []
    for path, mode in ((folder, 0o700), *((folder / each, 0o600) for each in _SECRETS)):
        try:
            if path.stat().st_mode & 0o077:
                wrong.append(f"chmod {mode:o} '{path}'")
        except OSError:
            continue  # what is not there cannot be read by others
    if wrong:
        words = "other users can read keys or the registry"
        yield Finding("permissions", "fault", words, "; ".join(wrong))
        return
    yield Finding("permissions", "fine", f"only its owner can read {folder}")


_SECRETS = (KEY_FILE, IDENTITY_FILE, DATABASE, *secrets_kept.ALL)


def certificates(state: Path | None = None) -> Found:
    """When those of the console end; nothing where it has none. `state` as for `disk`."""
    now = datetime.now(UTC)
    try:
        found = authority.ends(state or _folder())
    except PresselError as error:
        mend = "put back your copy, or delete the folder: everybody logs in anew"
        yield Finding("certificates", "fault", str(error), mend, "they cannot be read")
        return
    for name, end in found.items():
        soon = authority.ends_soon(end, now) if name == "authority" else ""
        if end <= now:
            words = f"that of the {name} has ended on {end:%Y-%m-%d}"
            mend = "start the console anew; it says what else to do"
            yield Finding("certificates", "fault", words, mend, f"that of the {name} has ended")
        elif soon:
            words, _, mend = soon.partition(": ")
            yield Finding("certificates", "warning", words, mend, f"the {name} ends soon")
        else:
            yield Finding("certificates", "fine", f"that of the {name} ends on {end:%Y-%m-%d}")


def backups() -> Found:
    folder = sources.value("host.backups")
    if folder is None:
        mend = "set host.backups in pressel.toml, to a folder on another disk if there is one"
        yield Finding("backups", "warning", "none are made by themselves", mend)
        return
    every_h = sources.value("host.backup_every_h") or 24
    now_s = time.time()
    age_s = Shelf(Path(folder), 1).age_s(now_s)
    if age_s is None:
        mend = "look why: journalctl -u pressel | grep backup"
        yield Finding("backups", "fault", f"there is none in {folder}", mend)
    elif age_s > BACKUP_LATE * every_h * 3600:
        mend = "look why: journalctl -u pressel | grep backup"
        yield Finding("backups", "fault", f"the newest is {age_s / 3600:.0f} hours old", mend)
    else:
        yield Finding("backups", "fine", f"the newest is {age_s / 3600:.0f} hours old")


def versions() -> Found:
    """Badges whose protocol is older, and the part in C."""
    if load_library() is None:
        mend = "take the wheel for this machine"
        if not IS_INSTALLED:
            mend = "install a C compiler and run make setup"
        yield Finding("versions", "warning", "the part in C is missing: sending is slower", mend)
    try:
        members = control.ask(control.here(), "status")["members"]
    except (PresselError, KeyError):
        return
    for each in members:
        if each.get("table_advice"):
            words = f"{each['name']}: {each['table_advice']}"
            yield Finding("versions", "warning", words, "pressel update --help")


CHECKS: tuple[Callable[[], Found], ...] = (
    configuration, host, ports, firewall, clock, disk, disk_pace, addresses, discovery, permissions,
    certificates, backups, versions,
)  # fmt: skip


def examine() -> list[Finding]:
    """All checks; only the first where the configuration cannot be read."""
    found: list[Finding] = []
    for check in CHECKS:
        found += check()
        if check is configuration and found[-1].level == "fault":
            break
    return found


def _tool(*words: str) -> str | None:
    """What a program of the system prints; None when it is not there or refuses."""
    away: dict[str, Any] = {**os.environ, "LC_ALL": "C", "PATH": f"{os.defpath}:/usr/sbin:/sbin"}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=_TOOL_LIMIT_S, env=away
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
