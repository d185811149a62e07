"""An entry of the log as the console tells it: a sentence, and small print. It knows no HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pressel.registry import in_words

# What somebody did, by the verb of the entry; others are shown as they are.
DONE = {
    "device add": "added a badge", "device adopt": "took a badge in with its former key",
    "device replace": "put a badge in another one's place",
    "device rotate": "gave a badge a new key", "device rename": "renamed a badge",
    "device group": "moved a badge to groups", "device revoke": "locked a badge out",
    "device erase": "erased the names of a badge", "device lend": "lent a badge",
    "device board": "told what board a badge is",
    "device return": "took a badge back", "device approve": "let a badge in",
    "device deny": "turned a badge away", "device invite": "invited badges",
    "device redeem": "let a badge in by its invitation", "host allow": "allowed a host",
    "host remove": "removed a host", "settings set": "changed the settings",
    "rollout": "took a change to another stage",
    "release rollout": "took a release to another stage", "registry begin": "began the log",
    "registry checkpoint": "shortened the log", "registry undo": "undid what a host had written",
    "recordings play": "played a recording",
    "recordings send": "sent a recording to badges",
    "recordings export": "exported a recording", "recordings hold": "holds a recording",
    "recordings release": "released a recording", "recordings delete": "deleted a recording",
    "recordings expire": "deleted what was too old",
}  # fmt: skip
_BY_ITSELF = "The host"


@dataclass(frozen=True)
class Told:
    """`day` and `time`; who `did` what; `of` what, a badge with its `device`; how it is `now`;
    `place` for whoever checks the log."""

    day: str
    time: str
    who: str
    did: str
    of: str
    device: str
    now: str
    place: str


def told(lines: Iterable[in_words.Line]) -> list[Told]:
    """Each of `lines`, as `in_words.named` gives them."""
    found = []
    for line in lines:
        index, when, who, verb, of, now, host, term = in_words.cells(line)
        day, _, clock = when.rpartition(" ") if "-" in when else ("", "", when)
        kind, _, which = line["subject"].partition(" ")
        device = which if kind == "device" else ""
        if device and line["name"]:
            of = line["name"]  # the device is the link behind it
        elif of == kind:
            of = ""  # there is but one
        found.append(
            Told(day, clock, who or _BY_ITSELF, DONE.get(verb, verb), of, device, now,
                 f"entry {index}, host {host}, term {term}")
        )  # fmt: skip
    return found
