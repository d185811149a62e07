"""The rows of devices in a registry. Whoever changes them has begun a transaction, and tells the
log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from pressel.errors import UsageError
from pressel.ledger.broken import BrokenError
from pressel.registry import alike
from pressel.registry.device import (
    ACTIVE,
    KEY_BYTES,
    PENDING,
    REVOKED,
    Device,
    Entitlements,
    checked_entitlements,
    checked_groups,
    checked_id,
    checked_name,
)
from pressel.registry.vault import Vault
from ptt.base.numbers import DEVICES_MAX

PENDING_MAX = 32  # devices that wait for the operator; strangers must not fill a disk
PENDING_S = 3600  # who was not approved in an hour has gone home; strangers must not fill the list

_OLD = "FROM device WHERE state = ? AND changed_s < ?"
_COLUMNS = "id, name, groups, emergency, priority, state, epoch, created_s, changed_s, check_code"


class FullError(UsageError):
    """Too many devices are registered, or wait for the operator."""


class DeviceTable:
    """In the database `db`; `vault` seals their keys, `now_s` is the clock."""

    def __init__(self, db: sqlite3.Connection, vault: Vault, now_s: Callable[[], float]) -> None:
        self._db = db
        self._vault = vault
        self._now_s = now_s

    # --- what is there ---

    def all(self, state: str | None = None) -> list[Device]:
        """All devices, or those in `state`, by name."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM device WHERE ? IS NULL OR state = ? ORDER BY name, id",
            (state, state),
        ).fetchall()
        return [_device(row) for row in rows]

    def one(self, device_id: str) -> Device:
        """UsageError when it is not known."""
        row = self._db.execute(
            f"SELECT {_COLUMNS} FROM device WHERE id = ?", (checked_id(device_id),)
        ).fetchone()
        if row is None:
            raise UsageError(f"no device {device_id} is known; see `pressel device list`")
        return _device(row)

    def key(self, device: str) -> bytes | None:
        """Of an active device, None for every other. PresselError when it was tampered with."""
        row = self._db.execute(
            "SELECT sealed_key, epoch FROM device WHERE id = ? AND state = ?", (device, ACTIVE)
        ).fetchone()
        return None if row is None else self._vault.open(row[0], device, row[1])

    def state_of_same(self, device: str, key: bytes) -> str | None:
        """The state of a device known by this `key`; None when it is unknown. UsageError when it is
        known by another key."""
        row = self._db.execute(
            "SELECT state, sealed_key, epoch FROM device WHERE id = ?", (device,)
        ).fetchone()
        if row is None:
            return None
        if row[1] is None or self._vault.open(row[1], device, row[2]) != key:
            raise UsageError(
                f"device {device} is known with another key or state; see `pressel "
                f"device list --all`"
            )
        return row[0]

    def must_be_free(self, name: str, device: str = "") -> None:
        """UsageError when `device` cannot have this name beside the others."""
        alike.check_free(checked_name(name), self.names(device))

    def free(self, name: str) -> str:
        """What a newcomer is called that says so: nobody has asked whether the name is free.
        UsageError when it is reserved."""
        alike.check_free(checked_name(name), ())
        return alike.free(name, self.names())

    def must_fit(self) -> None:
        """FullError when there are more active devices than standbys can learn."""
        if self._count(ACTIVE) > DEVICES_MAX:
            raise FullError(
                f"a venue has at most {DEVICES_MAX} devices; revoke those that are gone, see "
                "`pressel device list`"
            )

    def must_have_room_to_wait(self) -> None:
        """FullError when too many wait already."""
        if self._count(PENDING) >= PENDING_MAX:
            raise FullError(f"{PENDING_MAX} devices are waiting already; approve or deny some")

    def has_waited_too_long(self) -> bool:
        """Whether any has."""
        return self._db.execute(f"SELECT 1 {_OLD} LIMIT 1", self._old()).fetchone() is not None

    # --- what changes ---

    def insert(
        self,
        device: str,
        name: str,
        key: bytes,
        groups: tuple[int, ...] | list[int],
        entitlements: Entitlements,
        state: str,
        check_code: str | None = None,
    ) -> None:
        if len(key) != KEY_BYTES:
            raise UsageError(f"a device key has {KEY_BYTES} bytes")
        rights = checked_entitlements(entitlements)
        now_s = int(self._now_s())
        values = (
            device, checked_name(name), self._vault.seal(key, device, 1), 1,
            joined(checked_groups(groups)), int(rights.emergency), rights.priority, state,
            now_s, now_s, check_code,
        )  # fmt: skip
        try:
            marks = ", ".join("?" * len(values))
            self._db.execute(f"INSERT INTO device VALUES ({marks})", values)
        except sqlite3.IntegrityError:
            raise UsageError(
                f"device {device} is known already; rotate its key, or use another id"
            ) from None

    def update(self, device: str, what: str, values: tuple, state: str) -> None:
        """Only while it is still in `state`: the slower of two processes is told."""
        changed = self._db.execute(
            f"UPDATE device SET {what}, changed_s = ? WHERE id = ? AND state = ?",
            (*values, int(self._now_s()), device, state),
        )
        if changed.rowcount != 1:
            raise UsageError(f"device {device} was changed meanwhile; check it and try again")

    def forget_waiting(self, device: str) -> None:
        query = "DELETE FROM device WHERE id = ? AND state = ?"
        self._db.execute(query, (device, PENDING))

    def forget_old(self) -> None:
        """Those that have waited too long."""
        self._db.execute(f"DELETE {_OLD}", self._old())

    # --- inside ---

    def _old(self) -> tuple[str, int]:
        return PENDING, int(self._now_s()) - PENDING_S

    def _count(self, state: str) -> int:
        query = "SELECT count(*) FROM device WHERE state = ?"
        return self._db.execute(query, (state,)).fetchone()[0]

    def names(self, but: str = "") -> list[str]:
        """Of the devices that are in, or wait; `but` of one."""
        query = "SELECT name FROM device WHERE state <> ? AND id <> ?"
        return [name for (name,) in self._db.execute(query, (REVOKED, but)).fetchall()]


def _device(row: tuple) -> Device:
    device, name, groups, emergency, priority, state, epoch, created_s, changed_s, code = row
    rights = Entitlements(bool(emergency), priority)
    return Device(device, name, parted(groups), rights, state, epoch, created_s, changed_s, code)


def joined(groups: tuple[int, ...]) -> str:
    """Talk groups, as a row has them."""
    return ",".join(map(str, groups))


def parted(groups: str) -> tuple[int, ...]:
    """As `joined` wrote them. BrokenError when somebody has written something else there."""
    try:
        return tuple(map(int, groups.split(",")))
    except ValueError:
        raise BrokenError(
            f"talk groups were changed behind its back: {groups[:40]!a} are none"
        ) from None
