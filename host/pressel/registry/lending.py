"""Who has which badge: lent and given back, as the venue's log tells it.

An entry's facts tell the device and whether it is lent; to whom, and what was noted, lies beside it
as texts. The newest entry about a device holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pressel.errors import UsageError
from pressel.printable import is_printable
from pressel.registry.about_loans import GIVE_BACK, LEND, device_of, facts_of
from pressel.registry.chains import Place
from pressel.registry.device import ACTIVE, Device
from pressel.registry.log import NOTE, PERSON, WHO, Told

PERSON_CHARACTERS_MAX = 60  # a long name, or a name and a shift
NOTE_CHARACTERS_MAX = 200  # a sentence or two


@dataclass(frozen=True)
class Loan:
    """`person` has `device` (its id) since `since_s`; `by` is who wrote that down."""

    device: str
    person: str
    since_s: int
    by: str
    note: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def lent(device: Device, person: str, note: str, loans: dict[str, Loan]) -> tuple[Any, Any, str]:
    """Facts, texts and words of the entry that lends `device`. UsageError when that cannot be."""
    if device.state != ACTIVE:
        raise UsageError(f"{device.name} ({device.id}) is {device.state}, and lent to nobody")
    present = loans.get(device.id)
    if present is not None:
        raise UsageError(
            f"{present.person} has {device.name}; when it is back: pressel device return "
            f"{device.id}"
        )
    person = _line(person, "a person", PERSON_CHARACTERS_MAX)
    note = _line(note, "a note", NOTE_CHARACTERS_MAX) if note else ""
    texts = {PERSON: person, **({NOTE: note} if note else {})}
    return facts_of(device.id, 1), texts, device.id


def given_back(device: Device, loans: dict[str, Loan]) -> tuple[Any, Any, str]:
    """The same of the entry that says that it is back. UsageError when it was lent to nobody."""
    if device.id not in loans:
        raise UsageError(f"{device.name} ({device.id}) is lent to nobody")
    return facts_of(device.id, 0), {}, device.id


def loans_of(entries: Iterable[Told]) -> dict[str, Loan]:
    """By device, who has it now."""
    return {device: _loan(device, told) for device, told in _open(entries).items()}


def places_of_loans(entries: Iterable[Told]) -> set[Place]:
    """Where the log says who has a badge now."""
    return {told.place for told in _open(entries).values()}


def _open(entries: Iterable[Told]) -> dict[str, Told]:
    """By device that is lent now, the entry that says so."""
    found: dict[str, Told] = {}
    told = [each for each in entries if each.entry.verb in (LEND, GIVE_BACK)]
    for each in sorted(told, key=_when):
        device = device_of(each.entry.facts)
        if device is None:
            continue  # another host's, which means nothing here
        found.pop(device, None)
        if each.entry.verb == LEND:
            found[device] = each
    return found


def _loan(device: str, told: Told) -> Loan:
    texts = {name: said or "" for name, said in told.texts.items()}
    person, note, by = texts.get(PERSON, ""), texts.get(NOTE, ""), texts.get(WHO, "")
    return Loan(device, person, told.entry.time_s, by, note)


def _when(told: Told) -> tuple[int, int, int]:
    """In which term, when and as which entry it was said first: a checkpoint may have said it
    again."""
    index, term = told.entry.origin
    return term, told.entry.time_s, index


def _line(text: str, what: str, most: int) -> str:
    text = text.strip()
    if not text or len(text) > most or not is_printable(text):
        raise UsageError(f"{what} is one line of 1 to {most} characters")
    return text
