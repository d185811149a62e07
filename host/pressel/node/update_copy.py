"""What a standby keeps of the leader's updates, so that it continues them when it leads: the
trusted keys, the releases, and the campaign's progress.

The leader answers two verbs; a standby asks them again and again. Releases come first and the
campaign last: the next leader never has a campaign without its release. A release is checked as if
it had been added here.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.private_folder import make_private
from pressel.update import keys
from pressel.update.campaign import Campaign, read_campaign, store_campaign
from pressel.update.library import RELEASES_MAX, Library
from pressel.update.voices import HOSTS_MAX, Voices, read_voices

from .desk.asker import Asker
from .desk.desk import Desk
from .desk.releases import Hosts
from .desk.verb import Fields
from .report import Report

PIECE_BYTES = 256 * 1024  # of a release; in base64 a third of what hosts answer at once
RELEASE_BYTES_MAX = 64 << 20  # 200 files of 256 kB are 50 MB
CAMPAIGN = "campaign.json"

_WHO = Asker("standby")
_NAME = r"^[0-9]{1,10}-[a-z0-9]{1,16}\.zip$"


class Kept(BaseModel):
    """A release as a file of the leader's."""

    name: str = Field(pattern=_NAME)
    bytes: int = Field(ge=0, le=RELEASE_BYTES_MAX)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Copied(BaseModel):
    """All of it; `campaign` is None when no badge is to be updated. `keys`: what hosts of an
    earlier version trusted; they want a list, and what is in it no longer counts. `voices`: by
    whose word the leader trusts a signer; one of an earlier version does not say it."""

    signers: list[str] = Field(default=[], max_length=keys.KEYS_MAX)
    voices: Voices = Field(default={}, max_length=keys.KEYS_MAX)
    keys: list[str] = []
    releases: list[Kept] = Field(max_length=RELEASES_MAX)
    campaign: Campaign | None


class UpdateCopy:
    """Both sides of it, for the host whose folder is `state`. `can_be` says of a term whether a
    host can have led in it; `hosts` are those that take part now."""

    def __init__(
        self, state: Path, report: Report, can_be: Callable[[int], bool], hosts: Hosts
    ) -> None:
        self._state = state
        self._hosts = hosts
        self._can_be = can_be
        self._library = Library(state)
        self._report = report
        self._digests: dict[tuple[str, int, int], str] = {}  # by name, time of change and size
        self._seen = ""  # the digest of what was copied last
        self._told = ""
        self._turn = asyncio.Lock()  # one copy after the other

    # --- the leader's side, in the desk's thread ---

    def copy(self, fields: Fields) -> dict[str, Any]:
        """{"digest": ..., "copied": a `Copied`, "behind": whether we should be told}; the second is
        None when the asker has this digest. `edition` is that of the asker's campaign."""
        own = self._campaign()
        copied = Copied(
            signers=keys.trusted(self._state),
            voices=read_voices(self._state),
            releases=[self._kept(file) for file in self._library.files()],
            campaign=own,
        )
        digest = hashlib.sha256(copied.model_dump_json().encode()).hexdigest()
        is_known = fields.get("has") == digest
        is_behind = _edition_of(own) < _edition(fields.get("edition"))
        told = None if is_known else copied.model_dump()
        return {"digest": digest, "copied": told, "behind": is_behind}

    def piece(self, fields: Fields) -> str:
        """PIECE_BYTES of a release from `offset` on, in base64; "" behind its end."""
        name, offset = str(fields["name"]), int(fields["offset"])
        file = next((each for each in self._library.files() if each.name == name), None)
        if file is None:
            raise UsageError(f"there is no release {name} any more")
        with file.open("rb") as source:
            source.seek(max(0, offset))
            return base64.b64encode(source.read(PIECE_BYTES)).decode("ascii")

    def _kept(self, file: Path) -> Kept:
        facts = file.stat()
        key = (file.name, facts.st_mtime_ns, facts.st_size)
        if key not in self._digests:
            with file.open("rb") as source:
                digest = hashlib.file_digest(source, "sha256").hexdigest()
            self._digests = {k: d for k, d in self._digests.items() if k[0] != file.name}
            self._digests[key] = digest
        return Kept(name=file.name, bytes=facts.st_size, sha256=self._digests[key])

    def _campaign(self) -> Campaign | None:
        with contextlib.suppress(OSError, PresselError, ValueError):
            return read_campaign(self._file)
        return None

    @property
    def _file(self) -> Path:
        return self._library.folder.parent / CAMPAIGN

    # --- the standby's side ---

    async def follow(self, desk: Desk, is_following: Callable[[], bool]) -> None:
        """Ask the leader once, and keep what is new."""
        async with self._turn:
            if is_following():
                await self._follow(desk, is_following)

    async def look(self, desk: Desk, is_following: Callable[[], bool]) -> bool:
        """The leader says that there is something new; did we get all of it?"""
        await self.follow(desk, is_following)
        return is_following() and not self._told

    async def _follow(self, desk: Desk, is_following: Callable[[], bool]) -> None:
        try:
            own = await desk.in_thread(self._campaign)
            told, by = await self._asked(
                desk, "update copy", has=self._seen, edition=list(_edition_of(own))
            )
            if told.get("behind") and own is not None:
                await self._ask(desk, "update tell", campaign=own.model_dump())
                return
            if told["copied"] is None:
                self._say("")
                return
            copied = Copied.model_validate(told["copied"])
            await desk.in_thread(self._believe, copied, by)
            for kept in copied.releases:
                if await desk.in_thread(self._lacks, kept):
                    await self._fetch(desk, kept, {each.name for each in copied.releases})
            if is_following():
                await desk.in_thread(self._keep_campaign, copied)
                self._seen = told["digest"]
        except (PresselError, ValidationError, ValueError, KeyError, TypeError, OSError) as error:
            self._say(str(error).splitlines()[0])
            return
        self._say("")

    def forget(self) -> None:
        """This host has led meanwhile: what it has is no longer a copy."""
        self._seen = ""

    async def _ask(self, desk: Desk, verb: str, **fields: Any) -> Any:
        return (await self._asked(desk, verb, **fields))[0]

    async def _asked(self, desk: Desk, verb: str, **fields: Any) -> tuple[Any, str]:
        """The answer, and the name of the host that has answered."""
        reply = await desk.answer({"ask": verb, **fields}, _WHO)
        if "error" in reply:
            raise PresselError(reply["error"])
        return reply["answer"], str(reply.get("by", ""))

    async def _fetch(self, desk: Desk, kept: Kept, names: set[str]) -> None:
        parts, size = [], 0
        while size < kept.bytes:
            part = base64.b64decode(
                await self._ask(desk, "update piece", name=kept.name, offset=size)
            )
            if not part:
                break
            parts.append(part)
            size += len(part)
        await desk.in_thread(self._add, kept, b"".join(parts), names)
        self._report("release", {"name": kept.name})

    # --- the standby's disk, in the desk's thread ---

    def _believe(self, copied: Copied, by: str) -> None:
        """What the host called `by` has told."""
        if not self._can_be(_edition_of(copied.campaign)[0]):
            raise PresselError("the leader names a term in which nobody can have led")
        public = [keys.checked(each) for each in copied.signers]
        if not public or public == keys.trusted(self._state):
            return
        leaders = [host for host, name in self._hosts().items() if name == by]
        if not leaders:
            raise PresselError(f"host '{by}' is not allowed any more")
        for key in public:  # one by one: each by the word of other hosts
            if key not in keys.trusted(self._state):
                told = copied.voices.get(key, [])[: HOSTS_MAX - 1]
                keys.trust_only(self._state, [*keys.trusted(self._state), key], [*leaders, *told])
        keys.trust_only(self._state, public)

    def _lacks(self, kept: Kept) -> bool:
        own = {file.name: file for file in self._library.files()}
        return kept.name not in own or self._kept(own[kept.name]).sha256 != kept.sha256

    def _add(self, kept: Kept, data: bytes, names: set[str]) -> None:
        if hashlib.sha256(data).hexdigest() != kept.sha256:
            raise PresselError(f"release {kept.name} was changed on its way, or at the leader")
        arrived = self._library.folder.parent / f"{kept.name}.part"
        try:
            make_private(arrived.parent)
            arrived.write_bytes(data)
            (self._library.folder / kept.name).unlink(missing_ok=True)
            self._library.make_room(names)
            self._library.add(arrived)
        finally:
            arrived.unlink(missing_ok=True)

    def _keep_campaign(self, copied: Copied) -> None:
        if copied.campaign is None:
            self._file.unlink(missing_ok=True)
        else:
            store_campaign(self._file, copied.campaign)

    def _say(self, why: str) -> None:
        """Once, however often it fails."""
        if why and why != self._told:
            self._report("update_copy", {"why": why})
        self._told = why


def _edition_of(campaign: Campaign | None) -> tuple[int, int]:
    return campaign.edition if campaign is not None else (0, 0)


def _edition(told: Any) -> tuple[int, int]:
    """Of a request; a host of an earlier version knows of none."""
    if told is None:
        return (0, 0)
    term, count = told
    return int(term), int(count)
