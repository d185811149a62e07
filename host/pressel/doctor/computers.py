"""What is wrong with the computers of the venue's hosts, for pages and bundles: one asks its host,
which asks the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from pressel.errors import PresselError
from pressel.printable import printable

from . import checks
from .finding import Finding, Level

Words = Annotated[str, AfterValidator(lambda words: printable(words[:WORDS_MAX]))]

WORDS_MAX = 400  # of one sentence; ours have half of it, with the name of a long folder
FINDINGS_MAX = 8  # of one computer: each check has one or two
HOSTS_MAX = 16

ALL = "host computers"
ONE = "host computer"


class FindingState(BaseModel):
    """A `Finding`, as another host tells it."""

    about: Literal["clock", "disk", "certificates"]
    level: Level
    words: Words
    mend: Words = ""
    short: Words = ""


class Computers(BaseModel):
    """Of each host, "" for the one that answers."""

    hosts: dict[Words, Annotated[list[FindingState], Field(max_length=FINDINGS_MAX)]] = Field(
        max_length=HOSTS_MAX
    )

    def findings(self) -> list[Finding]:
        return [
            Finding(**each.model_dump(), host=name)
            for name, found in self.hosts.items()
            for each in found
        ]


def here(state: Path) -> list[Finding]:
    """Of this one, where a host has the folder `state`. It may wait for the disk."""
    return [
        *checks.clock(), *checks.disk(state), *checks.disk_pace(state),
        *checks.certificates(state),
    ]  # fmt: skip


def told_here(state: Path) -> list[dict[str, str]]:
    """The same as JSON, without whose it is: who asks knows that."""
    return in_json(here(state))


def told_stuck(waited_s: float) -> list[dict[str, str]]:
    """What is known of this one where a look at it has not ended after `waited_s`."""
    words = f"it has not answered for {waited_s:.0f} s: changes to devices and settings wait for it"
    mend = "look at the kernel's messages: dmesg; where it is dying, put in another and restore"
    return in_json([Finding("disk", "fault", words, mend, "it does not answer")])


def in_json(found: list[Finding]) -> list[dict[str, str]]:
    told = [asdict(each) for each in found]
    return [{name: each[name] for name in FindingState.model_fields} for each in told]


def of_the_venue(ask: Callable[..., Any], state: Path) -> list[Finding]:
    """Of all computers with hosts, as far as they answer; at least of this one. It may block."""
    try:
        return Computers.model_validate({"hosts": ask(ALL)}).findings()
    except (PresselError, ValidationError):  # no host runs here, or one of another version
        return here(state)
