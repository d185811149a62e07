"""What a leader asks of the registry, in memory: keys, names and grants of the active devices."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ptt.cluster.device_record import DeviceRecord
from ptt.leader.roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY, Grants

from . import alike
from .alike import OPERATOR
from .device import ACTIVE, REVOKED, Device, Entitlements
from .store import Registry


@dataclass(frozen=True)
class _Entry:
    key: bytes
    name: bytes
    grants: Grants


class RegistryDirectory:
    """Directory and roster of a `Leader`; as fresh as the last `refresh`."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._changes = -1
        self._version = 0
        self._records: list[DeviceRecord] = []
        self._entries: dict[bytes, _Entry] = {}
        self._revoked: dict[bytes, str] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Read the registry again if it has changed; was there something new?"""
        changes = self._registry.changes()
        if changes == self._changes:
            return False
        version = self._registry.version()
        self._entries, self._records = {}, []
        known = self._registry.devices()
        devices = [each for each in known if each.state == ACTIVE]
        revoked = [each for each in known if each.state == REVOKED]
        self._revoked = {bytes.fromhex(each.id): each.name for each in revoked}
        looks = Counter(alike.look(each.name) for each in devices)
        for each in devices:
            key = self._registry.key(each.id)
            if key is not None:
                self._add(each, key, looks[alike.look(each.name)] > 1)
        self._version = version
        self._changes = changes
        return True

    def _add(self, device: Device, key: bytes, has_twin: bool) -> None:
        """Two hosts that were apart may have let in two of one look, and so may an older version:
        they are told apart by the end of their ids, on all hosts alike."""
        own, rights = bytes.fromhex(device.id), device.entitlements
        is_marked = has_twin or alike.look(device.name) == alike.look(OPERATOR)
        shown = alike.with_end(device.name, f" #{device.id[-4:]}") if is_marked else device.name
        name = shown.encode()
        self._entries[own] = _Entry(key, name, Grants(device.groups, _entitled(rights)))
        record = (own, key, name, device.groups, rights.emergency, rights.priority)
        self._records.append(DeviceRecord(*record))

    @property
    def version(self) -> int:
        return self._version

    def records(self) -> list[DeviceRecord]:
        """All active devices, for standbys."""
        return self._records

    def key(self, device: bytes) -> bytes | None:
        entry = self._entries.get(device)
        return entry.key if entry else None

    def name(self, device: bytes) -> bytes | None:
        entry = self._entries.get(device)
        return entry.name if entry else None

    def revoked(self, device: bytes) -> str | None:
        """The name that `device` had before it was revoked; None when it was not."""
        return self._revoked.get(device)

    def lookup(self, device: bytes) -> Grants:
        entry = self._entries.get(device)
        return entry.grants if entry else Grants(())


def _entitled(rights: Entitlements) -> int:
    entitlements = ENTITLED_EMERGENCY if rights.emergency else 0
    return entitlements | ENTITLED_PRIORITY if rights.priority else entitlements
