"""Hears a moment of who talks, once a second, to tell what is wrong with its microphone. Between
two datagrams of voice it only copies bytes; a thread opens and measures them, and only counts stay.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pressel.errors import PresselError
from pressel.health.microphone import Microphone
from pressel.recordings import frames
from ptt.base.numbers import CALL_GROUP_FIRST
from ptt.leader.leader import Leader
from ptt.wire import voice
from ptt.wire.envelope import MARK_AT

from .leader_state import MicrophoneState

LOOK_S = 1.0
MOMENT_FRAMES = 6  # 120 ms; measured in 3 ms, so of a core 0.3 % while anybody talks
MICROPHONES_MAX = 512  # as many as a venue has badges; who has not talked for longest goes first

_Packet = tuple[int, bytes, int, bytes, int]  # epoch, key, number of its first frame, frames, codec


@dataclass
class _Moment:
    """What one talker says now."""

    device: bytes
    talker: int
    lease: int
    next: int
    count: int = 0
    packets: list[_Packet] = field(default_factory=list)


class Ear:
    """`leader` gives the engine that leads here, or None; `is_apart`: in that group a recording is
    sent, which no microphone hears now."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        is_apart: Callable[[int], bool] = lambda group: False,
    ) -> None:
        self._leader = leader
        self._is_apart = is_apart
        self._others: Callable[[int, Any], None] | None = None
        self._listens = True
        self._moment: _Moment | None = None
        self._known: dict[bytes, Microphone] = {}  # who talked last stands last

    def follow(self, leader: Leader) -> None:
        """Hear what passes `leader` from now on, beside who hears it already."""
        self._others = leader.voice.tap
        self._listens, self._moment = True, None
        self._known.clear()
        leader.voice.tap = self.tap

    def tap(self, group: int, data: Any) -> None:
        """A voice packet, sealed frames and all, that the floor lets pass. Private calls are nobody
        else's."""
        if self._others is not None:
            self._others(group, data)
        if self._listens and group < CALL_GROUP_FIRST and not self._is_apart(group):
            self._take(group, data)

    async def look(self, number: int) -> None:
        """As a chore, each LOOK_S: measure the moment that was heard, and hear another one."""
        moment = self._moment
        self._listens, self._moment = True, None
        if moment is None or moment.count < MOMENT_FRAMES:
            return
        known = self._known.pop(moment.device, None) or Microphone()
        await asyncio.to_thread(_measure, known, moment)
        self._known[moment.device] = known
        while len(self._known) > MICROPHONES_MAX:
            del self._known[next(iter(self._known))]

    def of(self, device: bytes) -> MicrophoneState | None:
        """What is known of its microphone; None before it has talked."""
        known = self._known.get(device)
        if known is None:
            return None
        return MicrophoneState(
            spoken=known.spoken,
            clipped_percent=known.clipped_percent,
            windy_percent=known.windy_percent,
            noise_dbfs=known.noise_dbfs,
            silent_s=known.silent_s,
            above_noise_db=known.above_noise_db,
            noise=known.noise,
        )

    # --- inside ---

    def _take(self, group: int, data: Any) -> None:
        moment, leader = self._moment, self._leader()
        if leader is None:
            return
        first, count = voice.first(data), voice.count(data)
        if moment is None:
            member = leader.members.by_node(voice.talker(data))
            if member is None:
                return
            moment = _Moment(member.device, member.node, voice.lease(data), first)
        if voice.lease(data) != moment.lease:
            return
        epoch, key = leader.keys.current(group)
        if epoch & 255 != data[MARK_AT] or first != moment.next:  # another key, or one was lost
            self._moment = None
            return
        codec = voice.codec(data)
        end = voice.FRAMES_AT + count * voice.frame_bytes(codec)
        moment.packets.append((epoch, key, first, bytes(data[voice.FRAMES_AT : end]), codec))
        moment.count += count
        moment.next = first + count
        self._moment = moment
        self._listens = moment.count < MOMENT_FRAMES


def _measure(known: Microphone, moment: _Moment) -> None:
    opened = b"".join(
        frames.opened(epoch, key, moment.talker, moment.lease, first, data, codec)
        for epoch, key, first, data, codec in moment.packets
    )
    with contextlib.suppress(PresselError):  # this computer lacks the codec
        known.hear(frames.decoded([opened]))
