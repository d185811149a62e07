"""What a badge's events mean, in words for the person who carries it."""

from __future__ import annotations

from typing import Any

from ptt import events
from ptt.floor.participant import DENIED_NO_ANSWER, DENIED_NO_LEADER
from ptt.wire import messages

_DENIALS = {
    messages.DENIAL_QUEUE_FULL: "too many are waiting already",
    messages.DENIAL_STALE: "that press is over",
    DENIED_NO_LEADER: "no leader",
    DENIED_NO_ANSWER: "the leader does not answer",
}
_REVOCATIONS = {
    messages.REVOCATION_TALK_LIMIT: "you talked longer than allowed",
    messages.REVOCATION_SILENT: "no voice of yours arrived",
}
_REFUSALS = {
    messages.NACK_VERSION: "the leader speaks another protocol version: update the older one",
    messages.NACK_UNKNOWN_SESSION: "the leader does not know this badge; joining again",
    messages.NACK_FULL: "the leader has no room for another badge",
}


def describe(kind: int, value: Any) -> str | None:
    """A line for the event, or None for what a person need not know."""
    if kind == events.JOINED:
        return f"joined as node {value}"
    if kind == events.LOST:
        return "the leader is gone; looking for it"
    if kind == events.GRANTED:
        return "talk now"
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
    if kind == events.REFUSED:
        return f"refused: {_REFUSALS.get(value, _other(value))}"
    return None


def _other(reason: int) -> str:
    return f"for reason {reason}, which only a newer version knows"
