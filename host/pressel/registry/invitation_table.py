"""The rows of open invitations in a registry. Whoever changes them has begun a transaction, and
tells the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from pressel.errors import UsageError
from pressel.registry import code as codes
from pressel.registry.device_table import joined, parted
from pressel.registry.vault import Vault

# The time now twice: one that was made in the future met a clock that was set back.
_OVER = "(expires_s <= ? OR created_s > ? OR tries_left = 0)"
_OPEN = f"FROM invite WHERE place = ? AND NOT {_OVER}"


class InvitationTable:
    """In the database `db`; `vault` seals their codes, `now_s` is the clock."""

    def __init__(self, db: sqlite3.Connection, vault: Vault, now_s: Callable[[], float]) -> None:
        self._db = db
        self._vault = vault
        self._now_s = now_s

    def add(self, groups: tuple[int, ...], life_s: int) -> str:
        """A new code. UsageError when too many are open."""
        self.forget_old()
        now_s = int(self._now_s())
        taken = {place for (place,) in self._db.execute("SELECT place FROM invite")}
        if len(taken) >= codes.INVITES_MAX:
            raise UsageError(f"{len(taken)} invitations are open; wait until some have expired")
        code = codes.new_code(taken)
        plain = codes.plain_code(code)
        place = codes.place_of(plain)
        sealed = self._vault.seal_code(plain, place)
        values = (place, sealed, joined(groups), codes.TRIES, now_s, now_s + life_s)
        self._db.execute("INSERT INTO invite VALUES (?, ?, ?, ?, ?, ?)", values)
        return code

    def code_at(self, place: str) -> str | None:
        """The plain code of the invitation at `place`, None when it is not open."""
        row = self._db.execute(f"SELECT sealed_code {_OPEN}", self._open_at(place)).fetchone()
        return None if row is None else self._vault.open_code(row[0], place)

    def count_try(self, place: str) -> bool:
        """False when it is not open."""
        what = "UPDATE invite SET tries_left = tries_left - 1"
        query = f"{what} WHERE place IN (SELECT place {_OPEN})"
        return self._db.execute(query, self._open_at(place)).rowcount == 1

    def use_up(self, plain: str) -> tuple[int, ...] | None:
        """The talk groups of the invitation with this plain code, which is gone then; None when it
        is too old, or there is none."""
        place = codes.place_of(plain)
        now_s = int(self._now_s())  # tries are not looked at: this may have been the last
        row = self._db.execute(
            "DELETE FROM invite WHERE place = ? "
            "RETURNING groups, sealed_code, created_s <= ? AND ? < expires_s",
            (place, now_s, now_s),
        ).fetchone()
        if row is None or not row[2] or self._vault.open_code(row[1], place) != plain:
            return None
        return parted(row[0])

    def is_any_over(self) -> bool:
        query = f"SELECT 1 FROM invite WHERE {_OVER} LIMIT 1"
        return self._db.execute(query, self._now_twice()).fetchone() is not None

    def forget_old(self) -> None:
        """Those that are over."""
        self._db.execute(f"DELETE FROM invite WHERE {_OVER}", self._now_twice())

    # --- inside ---

    def _open_at(self, place: str) -> tuple[str, int, int]:
        return place, *self._now_twice()

    def _now_twice(self) -> tuple[int, int]:
        now_s = int(self._now_s())
        return now_s, now_s
