"""Which device a person means: by its name, its id, or as much of either as no other has."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from pressel.errors import UsageError

from .device import REVOKED, Device

_SHOWN_MAX = 5  # devices in a sentence


def chosen(devices: Sequence[Device], word: str, *, prefers_revoked: bool = False) -> Device:
    """The device that `word` means. UsageError, with those that come near, when it is none or
    several.

    A whole id or name wins over a beginning, and who may take part over who is revoked, or the
    other way round.
    """
    plain = word.casefold()
    ways = (
        [each for each in devices if each.id == plain],
        [each for each in devices if each.name == word],
        [each for each in devices if each.name.casefold() == plain],
        [each for each in devices if _begins(each, plain)],
    )
    for found in ways:
        likely = [each for each in found if (each.state == REVOKED) == prefers_revoked] or found
        if len(likely) == 1:
            return likely[0]
        if likely:
            raise UsageError(f"'{word}' may be {_listed(likely)}; give more of the id")
    raise UsageError(f"no device is called '{word}'{_near(devices, word)}")


def meant(names: Mapping[str, str], word: str, what: str, where: str) -> str:
    """The key in `names` (names by id) that `word` means, by the rules of `chosen`. UsageError when
    it is none or several; `what` they are, and `where` all are shown."""
    plain = word.casefold()
    ways = (
        [each for each in names if each == plain],
        [each for each, name in names.items() if name == word],
        [each for each, name in names.items() if name.casefold() == plain],
        [each for each, name in names.items()
         if plain and (each.startswith(plain) or name.casefold().startswith(plain))],
    )  # fmt: skip
    for found in ways:
        if len(found) == 1:
            return found[0]
        if found:
            several = " or ".join(f"{names[each]} ({each[:16]})" for each in found[:_SHOWN_MAX])
            raise UsageError(f"'{word}' may be {several}; give more of it")
    near = difflib.get_close_matches(_letters(word), map(_letters, names.values()), n=1)
    guess = [name for name in names.values() if _letters(name) in near]
    hint = f"did you mean '{guess[0]}'?" if guess else f"{where} shows all"
    raise UsageError(f"no {what} is called '{word}'; {hint}")


def check_free(devices: Iterable[Device], name: str, but: str = "") -> None:
    """UsageError when another device (than that of id `but`) that may take part has that name: two
    Anns cannot be told apart by whoever hears them."""
    for each in devices:
        is_other = each.id != but and each.state != REVOKED
        if is_other and each.name.casefold() == name.casefold():
            raise UsageError(
                f"{each.id} is called {each.name} already; take another name, or give --same-name"
            )


def _begins(device: Device, plain: str) -> bool:
    return bool(plain) and (device.id.startswith(plain) or device.name.casefold().startswith(plain))


def _near(devices: Sequence[Device], word: str) -> str:
    """Also of who types without accents, or only one of the name's words."""
    by_letters = {_letters(each.name): each.name for each in devices}
    by_word = {part: name for name in by_letters.values() for part in _letters(name).split()}
    letters = _letters(word)
    for names in (by_letters, by_word):
        begun = [name for each, name in names.items() if letters and each.startswith(letters)]
        near = [names[each] for each in difflib.get_close_matches(letters, names, n=1)]
        if begun or near:
            return f"; did you mean '{(begun + near)[0]}'?"
    return "; `pressel device list --all` shows all"


def _letters(name: str) -> str:
    """Without case and accents."""
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(each for each in parts if not unicodedata.combining(each))


def _listed(devices: Sequence[Device]) -> str:
    words = [f"{each.name} ({each.id})" for each in devices[:_SHOWN_MAX]]
    more = len(devices) - len(words)
    return " or ".join(words) + (f" or {more} more" if more else "")
