"""How the venue's log reaches every host: each asks the others once a second for the entries that
it lacks, and at once when one that has written says so. Entries are signed: who passes them on
does not matter.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import BaseModel, Field

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.ledger.broken import BrokenError
from pressel.ledger.entry import BODY_BYTES_MAX, INDEX_MAX
from pressel.ledger.signed import SIGNATURE_BYTES, Signed
from pressel.registry.device import KEY_BYTES
from pressel.registry.intake import CHAIN_MAX, Sent, Taken
from pressel.registry.log import PAGE
from pressel.registry.pages import Page
from pressel.registry.store import Registry
from pressel.transport.udp import engine_now_ms
from ptt.base.numbers import DEVICES_MAX, HOST_LOST_MS

from .desk.verb import Fields
from .others import OtherHosts
from .report import Report

HEARD_MS = 5 * HOST_LOST_MS  # who was heard this lately is asked
PAGES_MAX = 2 * CHAIN_MAX // PAGE  # of one host in a turn: the chains of two hosts that are full
TURN_BYTES_MAX = 64 << 20  # of JSON in a turn: three chains that nobody compacts have 30 MB
SHUT_TURNS = 30  # in which a chain that was refused is not asked for again
CATCH_UP_S = 2.0  # an answer takes milliseconds; a host that hangs must not stop an operator
CONFIRM_S = 2.0  # likewise, and a write of a slow disk
PAGE_VERB = "log page"
LOOK_VERB = "log look"
HEADS_VERB = "log heads"
COMPARE_VERB = "audit compare"
_TOO_OLD = (
    "it does not know the venue's log: what is changed there is heard only once it is updated; "
    "update it"
)
_WRONG = "its answer about the log is none; update the older of the two hosts"

InThread = Callable[..., Awaitable[Any]]
WithRegistry = Callable[[Callable[[Registry], Any]], Any]
Known = dict[str, tuple[int, str]]  # by host, number and hash of the last entry

_Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Device = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
_Hex = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", max_length=2 * BODY_BYTES_MAX)]
_Texts = Annotated[dict[str, tuple[_Hex, _Hex | None]], Field(max_length=16)]
_Body = Annotated[str, Field(max_length=BODY_BYTES_MAX, pattern=r"^[\x20-\x7e]*$")]
_Signature = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * SIGNATURE_BYTES}}}$")]
_Number = Annotated[int, Field(ge=0, le=INDEX_MAX)]


class Asked(BaseModel):
    """What somebody knows who asks for a page, and the devices whose keys it lacks. `seals`: it
    keeps secrets sealed, which hosts of before there were any do not."""

    known: Annotated[dict[_Key, tuple[_Number, str]], Field(max_length=64)]
    wanted: Annotated[list[_Device], Field(max_length=DEVICES_MAX)] = []
    seals: bool = False


class Answered(BaseModel):
    """A page: entries as (body, signature, texts), keys by device."""

    entries: Annotated[list[tuple[_Body, _Signature, _Texts]], Field(max_length=PAGE)]
    more: bool
    keys: dict[_Device, Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * KEY_BYTES}}}$")]]

    def sent(self) -> list[Sent]:
        return [
            Sent(
                Signed(body.encode("ascii"), bytes.fromhex(signature)),
                {name: (bytes.fromhex(salt), _bytes(said)) for name, (salt, said) in texts.items()},
            )
            for body, signature, texts in self.entries
        ]


class LogCopy:
    """Of one host. `in_thread` runs what waits for the disk, `with_registry` gives its argument the
    host's registry there; `is_term` says whether a host may have led in a term."""

    def __init__(
        self,
        others: OtherHosts,
        in_thread: InThread,
        with_registry: WithRegistry,
        is_term: Callable[[int], bool],
        report: Report,
        on_new: Callable[[], None],
    ) -> None:
        self._others = others
        self._in_thread = in_thread
        self._with_registry = with_registry
        self._is_term = is_term
        self._report = report
        self._on_new = on_new
        self._lacking: set[str] | None = None  # devices without key; None: not looked at yet
        # By writer whose chain was refused, turns to go; as it comes from one host, or from any.
        self._shut: dict[tuple[bytes | None, str], int] = {}
        self._bare: Known = {}  # behind which entries names, keys or secrets are missing
        self._again: dict[tuple[bytes, str, int], int] = {}  # asked of whom, turns to go
        self._told: dict[tuple[str, str], None] = {}  # what was reported, by whom
        self._led: asyncio.Task[None] | None = None  # hears what the leader before us wrote

    # --- as one who is asked ---

    def heads(self, fields: Fields) -> Known:
        """The last entry of each host that is on this disk; in the desk's thread."""
        return self._with_registry(_known)

    def page(self, fields: Fields) -> dict[str, Any]:
        """The entries and keys that the asker lacks, as `Answered`; in the desk's thread."""
        names = ("known", "wanted", "seals")
        asked = Asked.model_validate({name: fields[name] for name in names if name in fields})
        page = self._with_registry(
            lambda registry: registry.page(asked.known, asked.wanted, seals=asked.seals)
        )
        return _as_json(page)

    async def look(self, fields: Fields) -> Known:
        """Host `at` has written: ask it, and say what is on this disk now."""
        at = bytes.fromhex(fields["at"])
        if at in self._others.channel.hosts():
            await self.hear_from(at)
        return await self._in_thread(self._with_registry, _known)

    # --- as one who asks ---

    async def compared(self, fields: Fields) -> dict[str, list[str]]:
        """What other hosts have of the log of this one: who has `all` of it, who is `behind`, and
        who did not answer (`silent`), by name. PresselError names one that has seen more, or
        another one: then this one was cut off, or turned back."""
        own, _ = await self._in_thread(self._with_registry, _own_head)
        hosts = self._others.channel.hosts()
        told = await asyncio.gather(*(self._head_at(host, own) for host in hosts))
        # Afterwards: what was written meanwhile they may have, and we have it for certain.
        held = await self._in_thread(
            self._with_registry, lambda registry: registry.holds_of_own([*filter(None, told)])
        )
        found: dict[str, list[str]] = {"all": [], "behind": [], "silent": [], "other": []}
        for host, head in zip(hosts, told, strict=True):
            name = self._others.name_of(host)
            found["silent" if head is None else held[head]].append(name)
        bad = found.pop("other")
        if bad:
            raise PresselError(
                f"{' and '.join(bad)} has seen entries of this host that are not here: the end of "
                "its log was cut off, or its disk was turned back; they come back by themselves "
                "while hosts reach each other, see `pressel audit list`"
            )
        return found

    async def _head_at(self, host: bytes, own: str) -> tuple[int, str] | None:
        """The last entry of our chain that `host` has; (0, "") of none. None: no answer."""
        request = {"ask": HEADS_VERB, "who": {"name": "audit", "uid": -1}}
        told = await self._others.ask(host, json.dumps(request).encode())
        try:
            heads = read_json(told or b"{}")["answer"]
            number, hash_ = heads.get(own, (0, ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        if type(number) is not int or not 0 <= number <= INDEX_MAX:
            return None
        return number, str(hash_)

    async def hear(self) -> None:
        """Ask all hosts that are there, each by itself: what it says keeps out nobody else's
        word."""
        self._shut = {what: turns - 1 for what, turns in self._shut.items() if turns > 1}
        self._again = {what: turns - 1 for what, turns in self._again.items() if turns > 1}
        await asyncio.gather(*map(self.hear_from, self.there()))

    def lead(self) -> None:
        """This host leads from now on: what the one before it has called done may be on another
        disk only."""
        self._led = asyncio.ensure_future(self.hear())

    async def caught_up(self) -> None:
        """Who leads writes only when it has heard those that are there, or has waited for them."""
        if self._led is not None:
            await asyncio.wait((self._led,), timeout=CATCH_UP_S)

    async def confirm(self) -> int:
        """On how many disks everything is that this host has written by now, its own among them."""
        own, head = await self._in_thread(self._with_registry, _own_head)
        asked = [asyncio.ensure_future(self._has(host, own, head)) for host in self.there()]
        if not asked:
            return 1
        done, late = await asyncio.wait(asked, timeout=CONFIRM_S)
        for each in late:
            each.cancel()
        return 1 + sum(each.result() for each in done)

    async def _has(self, host: bytes, own: str, head: tuple[int, str]) -> bool:
        """Whether `host`, which asks us for it first, has entry `head` of our chain on its disk."""
        at = self._others.own.hex()
        request = {"ask": LOOK_VERB, "at": at, "who": {"name": "leader", "uid": -1}}
        told = await self._others.ask(host, json.dumps(request).encode())
        try:
            reply = read_json(told or b"{}")
            if LOOK_VERB in str(reply.get("error")):  # of an earlier version: it has our list
                return True
            number, hash_ = reply["answer"][own]
            return number > head[0] or [number, hash_] == list(head)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False

    def there(self) -> list[bytes]:
        """The hosts that were heard lately."""
        now_ms = engine_now_ms()  # none that is older than what was heard meanwhile
        silent = {
            host: self._others.silent_ms(host, now_ms) for host in self._others.channel.hosts()
        }
        return [host for host, ms in silent.items() if ms is not None and ms < HEARD_MS]

    async def hear_from(self, host: bytes) -> bool:
        """Take over what `host` has and we lack; whether it has answered."""
        name = self._others.name_of(host)
        try:
            if self._lacking is None:
                settled = await self._in_thread(self._with_registry, Registry.settled)
                self._lacking, self._bare = settled.lacking, settled.bare
            return await self._hear_from(host, name)
        except PresselError as error:
            self._tell(name, str(error))
            return False

    async def _hear_from(self, host: bytes, name: str) -> bool:
        known: Known = await self._in_thread(self._with_registry, _known)
        for writer, before in self._bare.items():
            if (host, writer, before[0]) not in self._again:
                self._again[host, writer, before[0]] = SHUT_TURNS
                known[writer] = before
        shut = (writer for by, writer in self._shut if by in (None, host))
        known |= dict.fromkeys(shut, (INDEX_MAX, ""))
        sent: list[Sent] = []
        keys: dict[str, bytes] = {}
        size = 0
        for _ in range(PAGES_MAX):
            told = await self._asked(host, known)
            if told is None:
                return False
            size += len(told)
            if size > TURN_BYTES_MAX:
                raise PresselError("it tells more than the log of a venue can have; remove it")
            page = _page(told)
            sent += page.sent()
            keys |= {device: bytes.fromhex(key) for device, key in page.keys.items()}
            if not page.more or not page.entries:
                break
            known |= _known_by(page.sent())
        if sent or keys:
            taken = await self._in_thread(self._with_registry, self._taking(sent, keys))
            self._on_taken(taken, host, name)
        return True

    async def _asked(self, host: bytes, known: Known) -> bytes | None:
        """What `host` answers for the next page; None when it does not."""
        wanted = sorted(self._lacking or ())[:DEVICES_MAX]
        who = {"name": "log", "uid": -1}
        request = {
            "ask": PAGE_VERB,
            "known": known,
            "wanted": wanted,
            "seals": True,
            "who": who,
        }
        return await self._others.ask(host, json.dumps(request).encode())

    def _taking(self, sent: list[Sent], keys: dict[str, bytes]) -> Callable[[Registry], Taken]:
        def take(registry: Registry) -> Taken:
            try:
                return registry.take(sent, keys, self._is_term, self._lacking or ())
            except BrokenError as error:
                raise PresselError(f"what it says of the log is refused: {error}") from None

        return take

    def _on_taken(self, taken: Taken, host: bytes, name: str) -> None:
        """`host`, called `name`, has given it."""
        self._lacking, self._bare = taken.lacking, taken.bare
        for writer, why in taken.refused.items():
            self._shut[None, writer] = SHUT_TURNS
            self._tell(name, f"what host {writer[:16]} has written is refused here: {why}")
        for writer, why in taken.altered.items():  # from others it may come as it was written
            self._shut[host, writer] = SHUT_TURNS
            self._tell(
                name,
                f"what it passes on of host {writer[:16]} is not what that one wrote: {why}; if "
                "that goes on, remove the host that passes it on with `pressel host remove`",
            )
        for writer, why in taken.doubted.items():
            self._tell(name, f"what host {writer[:16]} has written is in doubt: {why}")
        if taken.regained:
            self._tell(
                name,
                f"{taken.regained} entries of this host's log were missing here, and it has given "
                "them back; check the disk of this host",
            )
        if taken.new:
            self._report("devices", {"known": taken.known})
        if taken.new or taken.secrets:
            self._on_new()

    def _tell(self, name: str, advice: str) -> None:
        """Report it once, however often it is met."""
        if (name, advice) not in self._told:
            self._report("other_host", {"name": name, "advice": advice})
        self._told[name, advice] = None
        while len(self._told) > PAGE:
            self._told.pop(next(iter(self._told)))


def _page(told: bytes) -> Answered:
    """The page in an answer. PresselError when it is none."""
    try:
        reply = read_json(told)
        if "error" in reply:
            words = str(reply["error"])
            raise PresselError(_TOO_OLD if PAGE_VERB in words else words)
        return Answered.model_validate(reply["answer"])
    except (ValueError, KeyError, TypeError):
        raise PresselError(_WRONG) from None


def _own_head(registry: Registry) -> tuple[str, tuple[int, str]]:
    own = registry.log.own
    head = registry.heads()[own]
    return own, (head.index, head.hash)


def _known(registry: Registry) -> Known:
    return {host: (head.index, head.hash) for host, head in registry.heads().items()}


def _known_by(sent: list[Sent]) -> Known:
    """The last entries of a page. PresselError when there is one that is none."""
    try:
        entries = [(each.signed.entry(), each.signed.hash()) for each in sent]
    except BrokenError as error:
        raise PresselError(f"what it says of the log is refused: {error}") from None
    return {entry.host: (entry.index, hash_) for entry, hash_ in entries}


def _as_json(page: Page) -> dict[str, Any]:
    entries = [
        (
            each.signed.body.decode("ascii"),
            each.signed.signature.hex(),
            {
                n: (salt.hex(), None if t is None else t.hex())
                for n, (salt, t) in each.texts.items()
            },
        )
        for each in page.sent
    ]
    keys = {device: key.hex() for device, key in page.keys.items()}
    return {"entries": entries, "more": page.more, "keys": keys}


def _bytes(digits: str | None) -> bytes | None:
    return None if digits is None else bytes.fromhex(digits)
