"""Takes down what passes the leader on this host, still encrypted as it came, and hands it over in
pieces: between two datagrams of voice it only copies bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ptt.base.numbers import CALL_GROUP_FIRST, FRAME_MS
from ptt.leader.leader import Leader
from ptt.wire import voice
from ptt.wire.envelope import MARK_AT

from . import frames
from .burst_mark import Mark
from .shelf import Recorded

PIECE_FRAMES = 500  # 10 s, 83 kB: as much as is lost with the power, and as hosts tell at once
SILENT_S = 5.0  # a burst without voice for so long is over, whoever says so or not
_EPOCHS_KEPT = 2  # a talker takes a new key up to a second after it was made

# Epoch, key, number of its first frame, frames, codec.
_Packet = tuple[int, bytes, int, bytes, int]


@dataclass
class Piece:
    """A part of one burst, to be opened and kept elsewhere: `number` from 0 on."""

    recorded: Recorded
    talker: int
    number: int
    packets: list[_Packet]

    def content(self) -> bytes:
        """Its frames in the clear; takes milliseconds."""
        lease = self.recorded.mark.burst
        return frames.in_order(
            b"".join(
                frames.opened(epoch, key, self.talker, lease, first, data, codec)
                for epoch, key, first, data, codec in self.packets
            )
        )


@dataclass
class _Take:
    """A burst that runs."""

    mark: Mark
    group: int
    talker: int
    name: str
    device: str
    at_s: float
    heard_s: float
    frames: int = 0
    last: int = 0  # number behind its last frame
    pieces: int = 0
    waiting: int = 0  # frames in `packets`
    packets: list[_Packet] = field(default_factory=list)


class Recorder:
    """`leader` gives the engine that leads here, or None; `is_wanted` whether a group is recorded;
    `keep` takes a piece, at once. It watches as `ptt.leader.watch` says; `tap` is told of each
    packet that passes; `look` is to be called each second."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        is_wanted: Callable[[int], bool],
        keep: Callable[[Piece], None],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._leader = leader
        self._is_wanted = is_wanted
        self._keep = keep
        self._now_s = now_s
        self._takes: dict[int, _Take] = {}  # by lease
        self._keys: dict[int, dict[int, tuple[int, bytes]]] = {}  # by group and mark

    def follow(self, leader: Leader) -> None:
        """Record what passes `leader` from now on."""
        self._end_all()
        self._keys.clear()
        leader.voice.tap = self.tap

    def look(self) -> None:
        """End what is over without a word, and note the keys: the former one of a group is needed
        for the first words under a new one."""
        until_s = self._now_s() - SILENT_S
        for lease in [lease for lease, take in self._takes.items() if take.heard_s < until_s]:
            self._end(lease)
        leader = self._leader()
        if leader is None:
            self._end_all()
            return
        for group in leader.floors:
            if group < CALL_GROUP_FIRST and self._is_wanted(group):
                self._note(leader, group)

    def tap(self, group: int, data: Any) -> None:
        """A voice packet, sealed frames and all, that the floor lets pass."""
        take = self._takes.get(voice.lease(data))
        if take is None or take.group != group:
            return
        key = self._key(group, data[MARK_AT])
        if key is None:
            return
        count, first = voice.count(data), voice.first(data)
        codec = voice.codec(data)
        end = voice.FRAMES_AT + count * voice.frame_bytes(codec)
        take.packets.append((*key, first, bytes(data[voice.FRAMES_AT : end]), codec))
        take.frames += count
        take.waiting += count
        take.last = max(take.last, first + count)
        take.heard_s = self._now_s()
        if take.waiting >= PIECE_FRAMES:
            self._hand_over(take)

    # --- what a leader tells ---

    def queued(self, node: int, request: int, now_ms: int) -> None:
        pass

    def begun(self, group: int, lease: int, talker: int, request: int, now_ms: int) -> None:
        """A private call is nobody else's."""
        leader = self._leader()
        if leader is None or group >= CALL_GROUP_FIRST or not self._is_wanted(group):
            return
        self._note(leader, group)
        member = leader.members.by_node(talker)
        name, device = (str(talker), "")
        if member is not None:
            name, device = member.name.decode(), member.device.hex()
        now_s = self._now_s()
        mark = Mark(leader.term, lease)
        self._takes[lease] = _Take(mark, group, talker, name, device, now_s, now_s)

    def ended(self, lease: int, cause: int, now_ms: int) -> None:
        self._end(lease)

    def coded_anew(self, group: int, lease: int, talker: int, codec: int, nodes: list[int]) -> None:
        pass

    def reported(self, lease: int, node: int, played: int, concealed: int, late: int) -> None:
        pass

    def settled(self, counts: tuple[int, int, int, int]) -> None:
        pass

    # --- inside ---

    def _key(self, group: int, mark: int) -> tuple[int, bytes] | None:
        """Epoch and key; None when nobody has told it to this host while it recorded."""
        known = self._keys.get(group, {}).get(mark)
        leader = self._leader()
        if known is None and leader is not None:
            self._note(leader, group)
            known = self._keys[group].get(mark)
            former = leader.keys.former(group)
            if known is None and former is not None and former[0] & 255 == mark:
                return former
        return known

    def _note(self, leader: Leader, group: int) -> None:
        epoch, key = leader.keys.current(group)
        known = self._keys.setdefault(group, {})
        known.pop(epoch & 255, None)
        known[epoch & 255] = (epoch, key)
        while len(known) > _EPOCHS_KEPT:
            del known[next(iter(known))]

    def _end_all(self) -> None:
        for lease in list(self._takes):
            self._end(lease)

    def _end(self, lease: int) -> None:
        take = self._takes.pop(lease, None)
        if take is not None and take.packets:
            self._hand_over(take)

    def _hand_over(self, take: _Take) -> None:
        recorded = Recorded(
            take.mark, take.group, take.name, take.device, round(take.at_s * 1000),
            take.last * FRAME_MS, take.frames, held=False,
        )  # fmt: skip
        piece = Piece(recorded, take.talker, take.pieces, take.packets)
        take.pieces += 1
        take.waiting, take.packets = 0, []
        self._keep(piece)
