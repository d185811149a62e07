"""Whether an entry of another host can mean anything: what a peer says is checked for sense, not
only for shape, before anything is done by it.
"""

from __future__ import annotations

from pressel.errors import UsageError
from pressel.ledger.broken import BrokenError
from pressel.ledger.entry import Entry
from pressel.registry.device import (
    ACTIVE,
    EPOCH_MAX,
    PRIORITY_MAX,
    REVOKED,
    checked_groups,
    checked_name,
    checked_public_key,
)

_DEVICE_FACTS = {"state", "groups", "emergency", "priority", "epoch"}
_DEVICE_TEXTS = {"name", "key", "who"}
_GONE_TEXTS = {"who"}
_KINDS = {"device": 16, "host": 64, "log": 64, "invite": 0, "registry": 0, "venue": 0}  # digits


def check(entry: Entry) -> None:
    """BrokenError says what it cannot mean."""
    kind, _, which = entry.subject.partition(" ")
    if _KINDS.get(kind) != len(which):
        raise BrokenError(
            f"it is about a {kind}, which this version does not know; update this host"
        )
    if kind == "device" and not entry.is_tombstone:
        _check_device(entry)
    elif kind == "device" and not entry.texts.keys() <= _GONE_TEXTS:
        raise BrokenError("its device is gone, and it tells of it still")
    elif kind == "host":
        _check_host(entry, which)


def check_name(said: bytes) -> None:
    """Of a device. BrokenError when no badge could show it."""
    try:
        checked_name(said.decode("utf-8"))
    except (UnicodeDecodeError, UsageError):
        raise BrokenError("its name is none that a badge can show") from None


def _check_device(entry: Entry) -> None:
    facts = entry.said
    if facts.keys() != _DEVICE_FACTS or not entry.texts.keys() <= _DEVICE_TEXTS:
        raise BrokenError("it tells of other things than a device has")
    is_active = facts["state"] == ACTIVE
    if not is_active and facts["state"] != REVOKED:
        raise BrokenError("its state is none that a device has")
    if "name" not in entry.texts or ("key" in entry.texts) != is_active:
        raise BrokenError("its device has no name, or a key where there is none")
    ranges = (("emergency", 0, 1), ("priority", 0, PRIORITY_MAX), ("epoch", 1, EPOCH_MAX))
    for name, least, most in ranges:
        value = facts[name]
        if not isinstance(value, int) or not least <= value <= most:
            raise BrokenError(f"its {name} is not between {least} and {most}")
    groups = facts["groups"]
    try:
        if not isinstance(groups, tuple) or checked_groups(groups) != groups:
            raise BrokenError("its talk groups are none")
    except UsageError as error:
        raise BrokenError(f"its talk groups are none: {error}") from None


def _check_host(entry: Entry, key: str) -> None:
    if entry.said not in ({}, {"allowed": 1}):
        raise BrokenError("it tells of other things than a host has")
    try:
        checked_public_key(key)
    except UsageError:
        raise BrokenError("it is about a host that there cannot be") from None
