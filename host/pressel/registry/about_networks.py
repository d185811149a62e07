"""The secret beside an entry about settings: names and passwords of the Wi-Fi networks that it is
about, by number.

The entry has the mark of it; what is told on page and command line about an entry never has it. As
an entry about settings holds all values, it holds all of this, so the last of each verb counts, and
a checkpoint says it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pressel.json_text import read_json
from pressel.registry.standing import Word
from ptt.base.numbers import INT_MAX

SECRET = "secret"  # the name of the text that is sealed where it lies
_SSID_BYTES_MAX, _PASSWORD_BYTES_MAX = 32, 64  # of WIFI_NETWORK

Networks = Mapping[int, tuple[str, str]]  # by number, name and password


def packed(networks: Networks) -> bytes:
    """b"" of none."""
    told = {str(number): list(network) for number, network in networks.items()}
    return json.dumps(told).encode() if told else b""


def unpacked(secret: bytes) -> dict[int, tuple[str, str]]:
    """What another host wrote; {} where that is none."""
    try:
        told = read_json(secret)
        found = {int(number): (str(ssid), str(word)) for number, (ssid, word) in told.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
    return {number: each for number, each in found.items() if _can_be(number, *each)}


def last_words(words: Iterable[Word]) -> list[Word]:
    """Of `words`, which are in order: the last of each verb that has a secret."""
    last = {word.entry.verb: word for word in words if SECRET in word.entry.texts}
    return list(last.values())


def _can_be(number: int, ssid: str, password: str) -> bool:
    sizes = len(ssid.encode(errors="replace")), len(password.encode(errors="replace"))
    return (
        0 < number <= INT_MAX
        and 0 < sizes[0] <= _SSID_BYTES_MAX
        and sizes[1] <= _PASSWORD_BYTES_MAX
        and (ssid + password).isprintable()
    )
