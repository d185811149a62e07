"""Why a leader has held a device off, in words, and what to do."""

from __future__ import annotations

from ptt.leader import held_off

_WHY = {
    held_off.JOINS: "it joins again and again",
    held_off.SPEECH: "it sends more speech than anybody says",
    held_off.PRESSES: "its button is pressed faster than anybody presses",
    held_off.TEXTS: "it sends texts faster than anybody types",
    held_off.UPDATES: "it asks for more of an update than it can write",
    held_off.OTHERS: "it repeats itself without end",
}
ADVICE = {
    held_off.JOINS: "look at the Wi-Fi where it is, and whether two badges have one identity",
}
OTHERWISE = "restart it; if that does not help, flash or revoke it"


def why_held(why: int) -> str:
    return _WHY[why]


def advice(why: int) -> str:
    return ADVICE.get(why, OTHERWISE)


ADVISED = {why_held(why): advice(why) for why in _WHY}
