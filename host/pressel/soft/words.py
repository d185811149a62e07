"""What a badge's events mean, in words for the person who carries it."""

from __future__ import annotations

from typing import Any

from ptt import events, indications
from ptt.floor.participant import DENIED_NO_ANSWER, DENIED_NO_LEADER
from ptt.numbers import TEXT_BYTES_MAX
from ptt.wire import messages

_DENIALS = {
    messages.DENIAL_QUEUE_FULL: "too many are waiting already",
    messages.DENIAL_STALE: "that press is over",
    messages.DENIAL_NOT_ENTITLED: "this badge may not press for priority or in an emergency",
    messages.DENIAL_CALLEE_UNKNOWN: "nobody of that number is here",
    messages.DENIAL_CALLEE_BUSY: "that badge is in another private call",
    messages.DENIAL_CALLEE_SELF: "that number is this badge itself",
    messages.DENIAL_CALLS_FULL: "too many private calls are going on",
    DENIED_NO_LEADER: "no leader",
    DENIED_NO_ANSWER: "the leader does not answer",
}
_REVOCATIONS = {
    messages.REVOCATION_TALK_LIMIT: "you talked longer than allowed",
    messages.REVOCATION_SILENT: "no voice of yours arrived",
    messages.REVOCATION_PREEMPTED: "an emergency; keep the button down, you are next",
    messages.REVOCATION_CALL_ENDED: "the private call is over",
    messages.REVOCATION_LEADER_CHANGED: "another leader has taken over; press again",
}
_CALLS = {
    messages.CALL_HUNG_UP: "somebody hung up",
    messages.CALL_QUIET: "nobody talked for a while",
    messages.CALL_LEFT: "the other badge is gone",
    messages.CALL_UNKNOWN: "the leader does not know it any more",
}
_TABLES = {
    -1: "the leader's protocol is older than this badge's: update the leader",
    0: "the leader was built from other sources of the same version: flash the badge",
    1: "the leader's protocol is newer than this badge's: flash the badge",
}
_REFUSALS = {
    messages.NACK_VERSION: "the leader speaks another protocol version: update the older one",
    messages.NACK_UNKNOWN_SESSION: "the leader does not know this badge; joining again",
    messages.NACK_FULL: "the leader has no room for another badge",
}


def cut_text(line: str) -> bytes:
    """What fits into a text message: whole characters, none that steers a terminal."""
    line = "".join(character for character in line if character.isprintable())
    return line.encode()[:TEXT_BYTES_MAX].decode(errors="ignore").encode()


def _as_str(text: bytes | str) -> str:
    """Engines have bytes, a badge's log has what JSON has."""
    return text if isinstance(text, str) else text.decode()


def describe_situation(number: int) -> str:
    """What a display would say in that situation of `ptt.indications`."""
    return indications.SITUATIONS[number][3]


def describe(kind: int, value: Any) -> str | None:
    """A line for the event, or None for what a person need not know."""
    if kind == events.JOINED:
        return f"joined as node {value}"
    if kind == events.LOST:
        return "the leader is gone; looking for it"
    if kind == events.GRANTED:
        return describe_situation(indications.TALKING)
    if kind == events.QUEUED:
        return f"wait: {value - 1} before you" if value > 1 else "wait: you are next"
    if kind == events.DENIED:
        return f"no: {_DENIALS.get(value, _other(value))}"
    if kind == events.REVOKED:
        return f"stop talking: {_REVOCATIONS.get(value, 'the floor was taken away')}"
    if kind == events.RELEASED:
        return "done"
    if kind == events.TAKEN:
        return f"node {value[0]} talks"
    if kind == events.IDLE:
        return "nobody talks"
    if kind == events.HEARD:
        talker, _, played, concealed, late, _, _ = value
        return f"heard node {talker}: {played} frames, {concealed} concealed, {late} late"
    if kind == events.TEXT:
        sender, _, name, text = value
        mark = " (old app)" if sender == messages.TEXT_LEGACY else ""
        return f"{_as_str(name)}{mark}: {_as_str(text)}"
    if kind == events.TEXT_SENT:
        return None if value else "your text did not reach the leader; try again"
    if kind == events.RECEIPT:
        _, listeners, heard, whole = value
        return f"heard by {heard} of {listeners}, {whole} of them without a gap"
    if kind == events.OTHER_TABLE:
        return _TABLES[value]
    if kind == events.MOVED:
        return "another leader has taken over; talking goes on"
    if kind == events.UPDATE:
        return f"an update to release {value} is offered"
    if kind == events.TALK_WARNING:
        return f"{value} s left to talk"
    if kind == events.SCANNED:
        return f"group {value}:"
    if kind == events.CALL:
        return f"private call with node {value}"
    if kind == events.CALL_OVER:
        return f"the private call is over: {_CALLS.get(value, _other(value))}"
    if kind == events.REFUSED:
        return f"refused: {_REFUSALS.get(value, _other(value))}"
    return None


def _other(reason: int) -> str:
    return f"for reason {reason}, which only a newer version knows"
