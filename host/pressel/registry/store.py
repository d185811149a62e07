"""The registry of one venue: its devices, its hosts and open invitations, in the leader's folder.

Every change is one transaction on disk before the call returns. Keys leave it only as results of
calls, never in a message or an exception.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from pressel.errors import UsageError
from pressel.ledger.broken import BrokenError
from pressel.ledger.chain import Head
from pressel.ledger.entry import Fact
from pressel.registry import about_boards, about_networks, alike
from pressel.registry import code as codes
from pressel.registry.about_loans import GIVE_BACK, LEND
from pressel.registry.about_networks import SECRET
from pressel.registry.chains import BEGINNING, Place
from pressel.registry.checkpoint import COMPACT_AT, TAIL
from pressel.registry.database import Database, told
from pressel.registry.device import (
    ACTIVE,
    KEY_BYTES,
    PENDING,
    REVOKED,
    Device,
    Entitlements,
    Host,
    checked_groups,
    checked_id,
    checked_name,
    checked_public_key,
    next_epoch,
)
from pressel.registry.device_table import (
    DeviceTable,
    joined,
)
from pressel.registry.identity import public_key
from pressel.registry.intake import ERASE, ERASED, Intake, Sent, Taken
from pressel.registry.invitation_table import InvitationTable
from pressel.registry.lending import Loan, given_back, lent, loans_of, places_of_loans
from pressel.registry.log import VENUE, Told
from pressel.registry.pages import Page, page_of
from pressel.registry.undo import UNDO, Step, Undo, removed_host

FORGET = "names forget"


class Registry(Database):
    """Devices, hosts and invitations in a folder."""

    def _open(self, key_file: Path) -> None:
        super()._open(key_file)
        self._take_rooms()

    def _take_rooms(self) -> None:
        """For whoever opens the database: what has its rows."""
        self._devices = DeviceTable(self._db, self._vault, self._now_s)
        self._invitations = InvitationTable(self._db, self._vault, self._now_s)

    def version(self) -> int:
        """Goes up with every change of a device here; hosts of earlier versions compare it."""
        with told(self.file):
            return self._db.execute("SELECT version FROM registry").fetchone()[0]

    # --- the log ---

    def told(self, after: Place = BEGINNING) -> list[Told]:
        """A page of the log of all hosts, behind `after`."""
        with told(self.file):
            return self.log.told(after)

    def verify(self, also: Iterable[str] = (), seen: Iterable[str] = ()) -> Head:
        """The head of this host's chain, when all that it keeps holds and says what is in the
        tables. PresselError when not; see `Log.verify`."""
        with told(self.file):
            return self.log.verify(also, seen)

    def heads(self) -> dict[str, Head]:
        """The last entry of each host that is known here."""
        with told(self.file):
            return self.log.chains.heads()

    def holds_of_own(self, heads: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
        """Of last entries of this host that others have, by number and hash: whether that is "all",
        they are "behind", or it is no entry here, but an "other" one."""
        with told(self.file):
            chains, last = self.log.chains, self.log.last()
            found = {}
            for number, hash_ in heads:
                kept = chains.entry(self.log.own, number)
                is_here = number < chains.first(self.log.own) if kept is None else (
                    kept.signed.hash() == hash_
                )  # fmt: skip
                word = "all" if number == last else "behind"
                found[number, hash_] = word if is_here else "other"
            return found

    def page(
        self,
        known: Mapping[str, tuple[int, str]],
        wanted: Iterable[str] = (),
        *,
        seals: bool = True,
    ) -> Page:
        """What somebody lacks who has these entries, by host number and hash; with the keys of the
        devices `wanted`, and what is secret if the asker `seals` it."""
        with told(self.file):
            return page_of(self.log, self.key, known, wanted, seals=seals)

    def take(
        self,
        sent: Iterable[Sent],
        keys: dict[str, bytes],
        is_term: Callable[[int], bool],
        lacking: Iterable[str] = (),
    ) -> Taken:
        """Keep what other hosts have written, as far as it holds, and make devices what the log
        says then. All of it or nothing. `is_term` says whether a host may have led in a term;
        `lacking`: devices without a key until now."""
        with self._transaction():
            return Intake(self._db, self.log, self._vault).take(sent, keys, is_term, lacking)

    def settled(self) -> Taken:
        """Make all devices what the log says, which a host that was stopped may not have done."""
        with self._transaction():
            return Intake(self._db, self.log, self._vault).settle()

    def undo(self, host: str, since_s: int, *, is_dry: bool) -> list[Step]:
        """Undo what a removed `host`, by name or key, has written about devices since then; of
        each what becomes of it. UsageError when it is not removed, or wrote nothing."""
        with self._change(UNDO):
            key = removed_host(self.log, host, {each.public_key for each in self.hosts()})
            return Undo(self._db, self.log, key, since_s).run(is_dry=is_dry)

    def conflicts(self) -> list[tuple[Told, list[Told]]]:
        """Of each device that hosts have changed without hearing of each other: the entry that
        holds, and the others."""
        with told(self.file):
            of = self.log.told_of
            found = self.log.conflicts()
            return [(of(first.kept), [of(each.kept) for each in rest]) for first, rest in found]

    def record(
        self,
        verb: str,
        words: str,
        facts: dict[str, Fact] | None = None,
        texts: Mapping[str, str] = MappingProxyType({}),
        secret: bytes = b"",
    ) -> None:
        """Write down that `verb` was done, of which the registry holds nothing else."""
        with self._change():
            self.log.note(verb, VENUE, facts or {"done": 1}, words, texts, secret)

    def networks(self) -> dict[int, tuple[str, str]]:
        """Name and password of each Wi-Fi network that the log tells of, by number."""
        found: dict[int, tuple[str, str]] = {}
        with told(self.file):
            for kept in self.log.chains.with_text(VENUE, SECRET):
                with suppress(BrokenError):  # `audit verify` tells it; another entry may have it
                    for name, _, said in self.log.beside(kept.host, kept.number):
                        if name == SECRET and said is not None:
                            found |= about_networks.unpacked(said)
        return found

    def about_venue(self) -> list[Told]:
        """The entries of all hosts about what is the venue's, and no part of the registry."""
        with told(self.file):
            return [self.log.told_of(each) for each in self.log.chains.about(VENUE)]

    def forget_people(self, before_s: int, days: int) -> int:
        """Erase the names of people beside entries from before then, but of who has a badge now;
        how many it were. The log tells that it was done because `days` have passed."""
        with self._change():
            but = places_of_loans(map(self.log.told_of, self.log.chains.about(VENUE)))
            count = self.log.forget_people(before_s, but)
            if count:
                facts: dict[str, Fact] = {"days": days, "count": count}
                self.log.note(FORGET, VENUE, facts, f"{count} names older than {days} days")
            return count

    def compact(self, least: int = COMPACT_AT, tail: int = TAIL) -> bool:
        """Drop the entries of this host that do not count any more; see `Log.compact`."""
        with self._change():
            return self.log.compact(least, tail)

    def changes(self) -> int:
        """Goes up with every change of devices or hosts, by any process; cheap to ask."""
        with told(self.file):
            return self._db.execute("SELECT changes FROM registry").fetchone()[0]

    # --- devices ---

    def devices(self, state: str | None = None) -> list[Device]:
        """All devices, or those in `state`, by name."""
        with told(self.file):
            return self._devices.all(state)

    def device(self, device_id: str) -> Device:
        """One device. UsageError when it is not known."""
        with told(self.file):
            return self._devices.one(device_id)

    def key(self, device_id: str) -> bytes | None:
        """The key of an active device, None for every other. PresselError when it was tampered
        with."""
        device = checked_id(device_id)
        with told(self.file):
            return self._devices.key(device)

    def enrol(
        self,
        device_id: str,
        name: str,
        groups: tuple[int, ...] | list[int] = (1,),
        entitlements: Entitlements = Entitlements(),  # noqa: B008 (frozen)
    ) -> bytes:
        """Make a device active and return its new key. UsageError when the id is known."""
        key = secrets.token_bytes(KEY_BYTES)
        with self._change("device add"):
            self._devices.must_be_free(name)
            self._devices.insert(checked_id(device_id), name, key, groups, entitlements, ACTIVE)
            self._devices.must_fit()
        return key

    def ask(self, device_id: str, name: str, key: bytes, check_code: str) -> str:
        """Put a device that brings its own key on the list for the operator's approval; its state
        then. One that is known by this key keeps its state, and asks with a new code.

        FullError when too many wait, UsageError when it is known with another key or state."""
        device = checked_id(device_id)
        code = codes.plain_code(check_code)
        with self._change():
            state = self._devices.state_of_same(device, key)
            if state == ACTIVE:
                return state
            self._devices.forget_waiting(device)
            self._devices.must_have_room_to_wait()
            free = self._devices.free(name)
            self._devices.insert(device, free, key, (1,), Entitlements(), PENDING, code)
        return PENDING

    def waiting(self, word: str) -> str:
        """The id of the waiting device that shows the check code `word` or has it as its id."""
        try:
            plain = codes.plain_code(word)
        except UsageError:
            return self._must_be(word, PENDING).id
        found = [each.id for each in self.devices(PENDING) if each.check_code == plain]
        if len(found) != 1:
            raise UsageError(f"no waiting device shows {word}; see `pressel device pending`")
        return found[0]

    def approve(self, device_id: str, groups: tuple[int, ...] | list[int] = (1,)) -> None:
        """Let a pending device in."""
        self._must_be(device_id, PENDING)
        chosen = joined(checked_groups(groups))
        what = "state = ?, groups = ?, check_code = NULL"
        with self._change("device approve"):
            self._devices.update(checked_id(device_id), what, (ACTIVE, chosen), PENDING)
            self._devices.must_fit()

    def forget_old(self) -> None:
        """Forget invitations that are over and devices that have waited too long. A leader calls it
        all the time, so that a clock that is set back finds none of them."""
        with told(self.file):
            is_any = self._invitations.is_any_over() or self._devices.has_waited_too_long()
        if is_any:
            with self._change():
                self._invitations.forget_old()
                self._devices.forget_old()

    def deny(self, device_id: str) -> None:
        """Forget a pending device."""
        device = self._must_be(device_id, PENDING)
        with self._change("device deny"):
            self._devices.forget_waiting(device.id)
            self.log.note("device deny", f"device {device.id}", {})

    def revoke(self, device_id: str) -> None:
        """End a device for good: its key is gone, its id stays known. What another host has said is
        said again: who has removed that host may not have heard it."""
        device = self.device(device_id)
        if device.state != REVOKED:
            what = "state = ?, sealed_key = NULL"
            self._set("device revoke", device_id, what, (REVOKED,), device.state)
        elif not self.log.is_own(f"device {device.id}"):
            with self._change():
                self.log.restate("device revoke", f"device {device.id}")

    def lend(self, device_id: str, person: str, note: str = "") -> None:
        """Write down that `person` has the device. UsageError when somebody else has it."""
        facts, texts, words = lent(self.device(device_id), person, note, self._loans())
        self.record(LEND, words, facts, texts)

    def give_back(self, device_id: str) -> None:
        """Write down that the device is back. UsageError when nobody had it."""
        facts, texts, words = given_back(self.device(device_id), self._loans())
        self.record(GIVE_BACK, words, facts, texts)

    def loans(self) -> list[Loan]:
        """Who has which device, the longest first."""
        return sorted(self._loans().values(), key=lambda each: each.since_s)

    def _loans(self) -> dict[str, Loan]:
        return loans_of(self.about_venue())

    def boards(self) -> dict[str, str]:
        """By device, what board it is, of those of which somebody has told it."""
        with told(self.file):
            about = self.log.chains.about(VENUE)
            return about_boards.boards_of([each.signed.entry() for each in about])

    def set_board(self, device_id: str, board: str) -> None:
        """Write down what board the device is; "": nobody knows. UsageError when that can be no
        board. What is known already is not written again."""
        device = self.device(device_id)
        name = about_boards.checked_board(board)
        if self.boards().get(device.id, "") != name:
            words = f"{device.id} {name or 'unknown'}"
            self.record(about_boards.BOARD, words, about_boards.facts_of(device.id, name))

    def erase(self, device_id: str) -> None:
        """Erase the names of a revoked device, here and at all hosts that hear of it. UsageError
        when it is not revoked."""
        device = self._must_be(device_id, REVOKED)
        with self._change(ERASE):
            self._devices.update(device.id, "name = ?", (ERASED,), REVOKED)
            self.log.restate(ERASE, f"device {device.id}")
            self.log.erase_names(f"device {device.id}")

    def rotate(self, device_id: str, key: bytes | None = None) -> bytes:
        """A new key for an active device, in the next epoch; the old one is gone. `key`: the one
        that it carries already."""
        self._must_be(device_id, ACTIVE)
        if key is None:
            key = secrets.token_bytes(KEY_BYTES)
        elif len(key) != KEY_BYTES:
            raise UsageError(f"a device key has {KEY_BYTES} bytes")
        with self._change("device rotate"):
            device = self.device(device_id)  # again: another process may have been faster
            epoch = next_epoch(device.epoch)
            values = (self._vault.seal(key, device.id, epoch), epoch)
            self._devices.update(device.id, "sealed_key = ?, epoch = ?", values, ACTIVE)
        return key

    def adopt(
        self,
        device_id: str,
        name: str,
        key: bytes,
        groups: tuple[int, ...] | list[int] = (1,),
        former: tuple[str, ...] = (),
    ) -> None:
        """Make a device active that already carries its `key`, whether or not it waits for that.

        Its `former` ids end at the same time. All or nothing. UsageError when its name looks like
        that of another one.
        """
        device = checked_id(device_id)
        with self._change("device adopt"):
            self._devices.forget_waiting(device)
            for each in former:
                self._devices.update(
                    checked_id(each), "state = ?, sealed_key = NULL", (REVOKED,), ACTIVE
                )
            self._devices.must_be_free(name)
            self._devices.insert(device, name, key, groups, Entitlements(), ACTIVE)
            self._devices.must_fit()

    def adopt_own(self, device_id: str, name: str, key: bytes) -> None:
        """The same for a part of this host, such as its bridge, whose `name` nobody else may
        have; that of another host has a number."""
        with self._change("device adopt"):
            free = alike.free(name, self._devices.names())
            self._devices.insert(checked_id(device_id), free, key, (1,), Entitlements(), ACTIVE)
            self._devices.must_fit()

    def replace(self, old_id: str, new_id: str) -> bytes:
        """Another device takes the name, groups and entitlements of `old_id`, whose key dies.

        It keeps the key that it has; one that is not known yet gets a new one. Returns its key."""
        old = self._must_be(old_id, ACTIVE)
        new = checked_id(new_id)
        if new == old.id:
            raise UsageError("a device cannot take its own place; name two ids")
        with self._change("device replace"):
            old = self.device(old.id)
            self._devices.update(old.id, "state = ?, sealed_key = NULL", (REVOKED,), ACTIVE)
            state = next((each.state for each in self.devices() if each.id == new), None)
            if state is None:
                key = secrets.token_bytes(KEY_BYTES)
                self._devices.insert(new, old.name, key, old.groups, old.entitlements, ACTIVE)
            elif state == REVOKED:
                raise UsageError(
                    f"device {new} is revoked; flash its badge with --new-identity, then name "
                    "the new id"
                )
            else:
                what = "name = ?, groups = ?, emergency = ?, priority = ?, state = ?"
                rights = old.entitlements
                values = (old.name, joined(old.groups), int(rights.emergency), rights.priority)
                self._devices.update(new, what, (*values, ACTIVE), state)
        kept = self.key(new)
        assert kept is not None
        return kept

    def rename(self, device_id: str, name: str) -> None:
        """UsageError when the name looks like that of another device."""
        device = self.device(device_id)
        with self._change("device rename"):
            self._devices.must_be_free(name, device.id)
            self._devices.update(device.id, "name = ?", (checked_name(name),), device.state)

    def set_groups(self, device_id: str, groups: tuple[int, ...] | list[int]) -> None:
        device = self.device(device_id)
        chosen = (joined(checked_groups(groups)),)
        self._set("device group", device.id, "groups = ?", chosen, device.state)

    def _must_be(self, device_id: str, state: str) -> Device:
        device = self.device(device_id)
        if device.state != state:
            raise UsageError(f"device {device.id} is {device.state}, not {state}")
        return device

    def _set(self, verb: str, device_id: str, what: str, values: tuple, state: str) -> None:
        with self._change(verb):
            self._devices.update(checked_id(device_id), what, values, state)

    # --- invitations ---

    def invite(self, groups: tuple[int, ...] | list[int] = (1,), life_s: int = codes.LIFE_S) -> str:
        """A new code that lets one device in."""
        if not 1 <= life_s <= codes.LIFE_S_MAX:
            raise UsageError(f"an invitation lives 1 to {codes.LIFE_S_MAX} seconds")
        chosen = checked_groups(groups)
        with self._change("device invite"):
            code = self._invitations.add(chosen, life_s)
            facts = {"groups": chosen, "life_s": life_s}
            self.log.note("device invite", "invite", facts)
        return code

    def invited(self, place: str) -> str | None:
        """The plain code of the invitation at `place`, None when it is not open."""
        with told(self.file):
            return self._invitations.code_at(place)

    def try_invitation(self, place: str) -> bool:
        """Count a try at the invitation at `place` before it is made, so that no try is free. False
        when it is not open."""
        with self._change():
            return self._invitations.count_try(place)

    def redeem(self, code: str, device_id: str, name: str, key: bytes) -> tuple[int, ...] | None:
        """Use an invitation up: the device is active in its talk groups, which are returned. None
        when it is used up or too old. A device that is known by this key keeps what it has.

        All of it or nothing. UsageError when the device is known otherwise."""
        plain = codes.plain_code(code)
        device = checked_id(device_id)
        with self._change("device redeem"):
            if self._devices.state_of_same(device, key) == ACTIVE:
                return self.device(device).groups
            groups = self._invitations.use_up(plain)
            if groups is None:
                return None
            self._devices.forget_waiting(device)
            self._devices.insert(
                device, self._devices.free(name), key, groups, Entitlements(), ACTIVE
            )
            self._devices.must_fit()
        return groups

    # --- hosts ---

    def own_key(self) -> str:
        """The public key of the host whose folder this is, in hexadecimal; made at first use."""
        return public_key(self.file.parent)

    def hosts(self) -> list[Host]:
        with told(self.file):
            query = "SELECT name, public_key, created_s FROM host ORDER BY name"
            return [Host(*row) for row in self._db.execute(query)]

    def allow_host(self, name: str, public_key: str) -> None:
        """UsageError when the name or the key is there already."""
        values = (checked_public_key(public_key), checked_name(name), int(self._now_s()))
        with self._change("host allow"):
            try:
                self._db.execute("INSERT INTO host VALUES (?, ?, ?)", values)
            except sqlite3.IntegrityError:
                raise UsageError(
                    "that host name or key is allowed already; see `pressel host list`"
                ) from None

    def remove_host(self, name: str) -> None:
        with self._change("host remove"):
            if self._db.execute("DELETE FROM host WHERE name = ?", (name,)).rowcount != 1:
                raise UsageError(f"no host '{name}' is allowed; see `pressel host list`")
