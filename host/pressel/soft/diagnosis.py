"""How a soft badge fares, for whoever sits before it, and for the leader: what a badge reports."""

from __future__ import annotations

import math
from typing import Any

from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base import events
from ptt.base.numbers import FRAME_MS
from ptt.microphone.conditioner import Conditioner
from ptt.microphone.filters import ONE_Q12
from ptt.wire import messages

from .words import by_number

REPORT_S = 10.0  # as a badge's
_UNKNOWN_DBM, _NO_BATTERY, _ALL = 128, 0xFF, 0xFFFF
_TOLD_PERCENT = 2  # of the speech: less is a word that was shouted, or a gust
_ENDS = (events.GRANTED, events.DENIED, events.REVOKED, events.RELEASED, events.LOST)


class Diagnosis:
    """Of `participant`, whose events `take` gets, and whose microphone, unless it is
    taken as it is, is `conditioner`'s."""

    def __init__(self, participant: Participant, conditioner: Conditioner | None) -> None:
        self._participant = participant
        self._conditioner = conditioner
        self._place = 0  # in the queue
        self._last = 0, 0, 0, 0  # the last burst that was heard: lease, frames, concealed, late
        self._bursts = self._frames = self._concealed = self._late = 0  # those before it

    def take(self, kind: int, value: Any) -> None:
        """One event."""
        if kind == events.QUEUED:
            self._place = value
        elif kind in _ENDS:
            self._place = 0
        elif kind == events.HEARD:
            lease, played, concealed, late = value[1:5]
            if lease != self._last[0]:  # else it is told once more, with all of it
                self._sum()
            self._last = lease, played + concealed, concealed, late

    def lines(self) -> list[str]:
        """Leader and role, hosts, round trip, loss, place in the queue, delay of what is played."""
        own = self._participant
        membership, join = own.membership, own.join
        if join.state != JOINED:
            return ["no leader: this badge looks for one"]
        trip_ms = membership.round_trip_ms
        answer = "has not answered yet" if trip_ms == _ALL else f"answers after {trip_ms} ms"
        hosts = 1 + len(membership.standbys)
        return [
            f"leader {_address(own.link.address)}, term {join.term}, {answer}; "
            f"{membership.unanswered} answers missing",
            f"{hosts} {'host' if hosts == 1 else 'hosts'}; this badge is {by_number(join.node)}, "
            f"a participant",
            self._loss(),
            f"place {self._place} in the queue" if self._place else "not in the queue",
            f"plays what comes {own.playout.path.delay_ms} ms later, for its jitter",
            *self._microphone(),
        ]

    def report(self, now_ms: int) -> None:
        """Tell the leader, as a badge does."""
        own = self._participant
        if own.join.state != JOINED:
            return
        values = (
            _UNKNOWN_DBM, 0, 0, _NO_BATTERY, 0, messages.RESTART_POWER_ON, _ALL, 0, 0,
            own.playout.path.delay_ms,
            min(own.membership.round_trip_ms, _ALL),
            own.membership.unanswered & _ALL,
        )  # fmt: skip
        own.send(messages.BADGE_REPORT, values, own.link.address, now_ms)

    def _loss(self) -> str:
        bursts = self._bursts + (self._last[1] > 0)
        frames = self._frames + self._last[1]
        concealed, late = self._concealed + self._last[2], self._late + self._last[3]
        if not frames:
            return "nothing heard yet"
        words = f"{bursts} {'burst' if bursts == 1 else 'bursts'} heard"
        return f"{words}: {100 * concealed / frames:.1f} % lost, {late} frames late"

    def _microphone(self) -> list[str]:
        """How loud it is, and what is wrong with it, each with what to do."""
        own = self._conditioner
        if own is None:
            return []
        if not own.talked:
            return ["nothing said yet"]
        louder_db = round(20 * math.log10(own.strength_q12 / ONE_Q12))
        change = f"{abs(louder_db)} dB {'louder' if louder_db > 0 else 'softer'}"
        said = f"talked for {own.talked * FRAME_MS / 1000:.0f} s"
        paused = 100 * own.pauses.count // own.talked
        if paused:
            said += f", {paused} % of it pauses"
        left_out = 100 * self._participant.burst.left_out // own.talked
        if left_out:
            said += f", {left_out} % not sent"
        lines = [f"{said}; the microphone is made {change}" if louder_db else said]
        for count, what in (
            (own.clipped, "was cut off: turn the microphone down, or speak from farther away"),
            (own.windy, "had wind, rubbing or hum in it: shield the microphone"),
        ):
            percent = 100 * count / own.talked
            if percent >= _TOLD_PERCENT:
                lines.append(f"{percent:.0f} % of it {what}")
        return lines

    def _sum(self) -> None:
        _, frames, concealed, late = self._last
        self._bursts += frames > 0
        self._frames += frames
        self._concealed += concealed
        self._late += late


def _address(address: Any) -> str:
    host, port = address[:2]
    return f"{host}:{port}"
