"""Which device a person means: by its name, its id, or as much of either as no other has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

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
    raise UsageError(f"no device is called '{word}'{_near(devices, plain)}")


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


def _near(devices: Sequence[Device], plain: str) -> str:
    by_name = {each.name.casefold(): each for each in devices}
    near = difflib.get_close_matches(plain, by_name, n=1)
    if near:
        return f"; did you mean '{by_name[near[0]].name}'?"
    return "; `pressel device list --all` shows all"


def _listed(devices: Sequence[Device]) -> str:
    words = [f"{each.name} ({each.id})" for each in devices[:_SHOWN_MAX]]
    more = len(devices) - len(words)
    return " or ".join(words) + (f" or {more} more" if more else "")
