"""What the registry knows of a device and of a host, without any key, and what is in range."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pressel.errors import UsageError
from pressel.printable import is_printable
from pressel.registry.small_order import has_small_order
from ptt.base.numbers import CALL_GROUP_FIRST, MEMBER_GROUPS_MAX, NAME_BYTES_MAX

ACTIVE = "active"
PENDING = "pending"  # waits for the operator's word
REVOKED = "revoked"

KEY_BYTES = 32
GROUP_MAX = CALL_GROUP_FIRST - 1  # the numbers above are private calls
GROUPS_MAX = MEMBER_GROUPS_MAX
EPOCH_MAX = 1 << 30  # rotations of one key: one a second for thirty years
PRIORITY_MAX = 7  # as registries hold it; all above 0 give the one priority lane

_ID = re.compile(r"[0-9a-f]{16}")
_PUBLIC_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entitlements:
    """What a device may do beyond talking in turn."""

    emergency: bool = False
    priority: int = 0


@dataclass(frozen=True)
class Device:
    """One device as listed; `id` in hexadecimal, times in seconds since 1970."""

    id: str
    name: str
    groups: tuple[int, ...]
    entitlements: Entitlements
    state: str
    epoch: int  # of its key: another one with every rotation
    created_s: int
    changed_s: int
    check_code: str | None = None  # while it waits: what it shows for people to compare


@dataclass(frozen=True)
class Host:
    """A host that may be part of the venue's cluster; its Ed25519 public key in hexadecimal."""

    name: str
    public_key: str
    created_s: int


def next_epoch(epoch: int) -> int:
    """Of a device's key. Behind the last one they begin again: a host that was taken over can name
    any, and what comes next must be one that other hosts take."""
    return epoch % EPOCH_MAX + 1


def checked_id(text: str) -> str:
    """A device id as it is kept. UsageError when it is not one."""
    device = text.lower()
    if not _ID.fullmatch(device):
        raise UsageError("a device id is 16 hexadecimal digits, as `pressel device list` shows")
    return device


def checked_name(name: str) -> str:
    """A name that fits a badge's label. UsageError when it does not."""
    if not 1 <= len(name.encode("utf-8", "replace")) <= NAME_BYTES_MAX or not is_printable(name):
        raise UsageError(f"a name has 1 to {NAME_BYTES_MAX} bytes, all of them printable")
    return name


def checked_groups(groups: tuple[int, ...] | list[int]) -> tuple[int, ...]:
    """Talk groups as given, highest scan priority first, none twice. UsageError when there are
    none, too many, or one is out of range."""
    unique = tuple(dict.fromkeys(groups))
    if not 1 <= len(unique) <= GROUPS_MAX or not all(1 <= each <= GROUP_MAX for each in unique):
        raise UsageError(f"name 1 to {GROUPS_MAX} talk groups, each from 1 to {GROUP_MAX}")
    return unique


def checked_entitlements(given: Entitlements) -> Entitlements:
    """UsageError when the priority is out of range."""
    if not 0 <= given.priority <= PRIORITY_MAX:
        raise UsageError(f"a priority is 0 to {PRIORITY_MAX}")
    return given


def checked_public_key(text: str) -> str:
    """A host's public key as it is kept. UsageError when it is not one."""
    key = text.lower()
    if not _PUBLIC_KEY.fullmatch(key):
        raise UsageError(
            "a host's key is 64 hexadecimal digits; `pressel host show` prints it there"
        )
    if has_small_order(bytes.fromhex(key)):
        raise UsageError(
            "that is no host's key, since anybody could sign for it; `pressel host show` prints "
            "the right one"
        )
    return key
