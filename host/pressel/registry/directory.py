"""What a leader asks of the registry, in memory: keys, names and grants of the active devices."""

from __future__ import annotations

from dataclasses import dataclass

from ptt.cluster.records import (
    DEVICE,
    ROSTER,
    ROSTER_SIZES,
    DeviceRecord,
    read_device,
    read_numbers,
)
from ptt.cluster.replica import State
from ptt.leader.roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY, Grants

from .device import ACTIVE, Device, Entitlements, Mirrored
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
        self.refresh()

    def refresh(self) -> bool:
        """Read the registry again if it has changed; was there something new?"""
        changes = self._registry.changes()
        if changes == self._changes:
            return False
        version = self._registry.version()
        devices = []
        for each in self._registry.devices(ACTIVE):
            key = self._registry.key(each.id)
            if key is not None:
                devices.append(Mirrored(each.id, each.name, each.groups, each.entitlements, key))
        self.take(version, devices)
        self._changes = changes
        return True

    def take(self, version: int, devices: list[Mirrored]) -> None:
        """These devices hold from now on, until the registry has changed: a mirror of them is on
        its way to the disk."""
        self._entries, self._records = {}, []
        for each in devices:
            self._add(each)
        self._version = version

    def _add(self, device: Mirrored) -> None:
        own, name, rights = bytes.fromhex(device.id), device.name.encode(), device.entitlements
        grants = Grants(device.groups, _entitled(rights))
        self._entries[own] = _Entry(device.key, name, grants)
        record = (own, device.key, name, device.groups, rights.emergency, rights.priority)
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

    def lookup(self, device: bytes) -> Grants:
        entry = self._entries.get(device)
        return entry.grants if entry else Grants(())


def grants_of(device: Device) -> Grants:
    return Grants(device.groups, _entitled(device.entitlements))


def _entitled(rights: Entitlements) -> int:
    entitlements = ENTITLED_EMERGENCY if rights.emergency else 0
    return entitlements | ENTITLED_PRIORITY if rights.priority else entitlements


def devices_of(state: State) -> tuple[int, list[Mirrored]] | None:
    """The version and the devices of the leader whose `state` a standby keeps; None while not all
    of them are there."""
    body = state.body(ROSTER, 0)
    if body is None:
        return None
    version, count = read_numbers(ROSTER_SIZES, body)
    numbers = state.numbers(DEVICE)
    if len(numbers) != count:
        return None
    devices = []
    for number in numbers:
        record = read_device(number, state.body(DEVICE, number) or b"")
        rights = Entitlements(record.emergency, record.priority)
        name = record.name.decode("utf-8", "replace")
        devices.append(Mirrored(record.device.hex(), name, record.groups, rights, record.key))
    return version, devices


def mirror(registry: Registry, state: State) -> bool:
    """Make `registry` that of the leader whose `state` a standby keeps; was it changed?

    Nothing is done while not all devices are there, or when ours is the newer list."""
    told = devices_of(state)
    return told is not None and registry.mirror(*told)
