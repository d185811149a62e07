"""Whoever hears no multicast, or no relay, any more, and asks for the burst, misses no frame of it
but those that were lost on the air before, or once it has said that it hears it again, or on the
way to it alone, and those that are older than what a listener or its host keeps. What the air
itself held for longer than voice waits before it is played, or until its key was known, counts as
lost there, and so does what is still on its way when the burst ends, or waits for the frames that
leave in one packet with it. Who has no key, or another address, than its leader knows is not moved,
but deaf. Who asks its leader for what that sends to it alone already, or for what was said before
it joined, is not moved, either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import FRAME_MS, FRAMES_PER_PACKET_MAX
from ptt.fanout.again import FRAMES_MAX, KEPT_MS, SPREAD_MS
from ptt.fanout.chain import DELAY
from ptt.proof.known import INTERVAL_MS
from ptt.wire import envelope, refusal, voice
from ptt.wire.messages import (
    MULTICAST_HEARD,
    MULTICAST_MISSED,
    MULTICAST_PROBE,
    MULTICAST_REPORT,
    MULTICAST_VOICE,
    RELAY_REPORT,
)

from .. import record
from .spoken import is_many, voice_in

if TYPE_CHECKING:
    from ..world import World

_LEASE_AT, _FIRST_AT = 25, 29  # in MULTICAST_MISSED; the former in MULTICAST_HEARD, too
_WORDS = (MULTICAST_MISSED, MULTICAST_HEARD, MULTICAST_REPORT, RELAY_REPORT)  # of who may ask
_UNPROVED_US = DELAY * INTERVAL_MS * 1000
_BUNDLED_US = FRAMES_PER_PACKET_MAX * FRAME_MS * 1000
_NEVER_AGAIN = 1 << 16  # above every frame's number
_AGAIN = FRAMES_MAX - FRAMES_PER_PACKET_MAX + 1  # no packet is cut: so many at least
# Of four packets at once the last may come first, and plays at once when all has been silent.
_LATE_MAX = 3 * FRAMES_PER_PACKET_MAX


class Move:
    """A node gets a burst alone: from frame `first` on, of which `oldest` is the first that a host
    sends then, to frame `end`, from which on it hears it with all others."""

    def __init__(self, now_us: int, first: int, oldest: int) -> None:
        self.begun_us = now_us
        self.first = first
        self.oldest = oldest
        self.end = _NEVER_AGAIN


class NoLostMove:
    """Of bursts that a node has asked for, under one leader."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._leader = -1
        self._joined_us: dict[int, int] = {}  # by node; it hears nothing of what was said before
        self._said: dict[int, dict[int, int]] = {}  # lease -> frames a host passed on, and when
        self._alone: dict[tuple[int, int], int] = {}  # (node, lease) -> behind what was sent to it
        self._served: set[tuple[int, int]] = set()  # (node, lease): by the leader, without a word
        self._asked: dict[tuple[int, int], list[Move]] = {}  # by node and lease
        self._lost: dict[tuple[int, int], list[tuple[int, int, bool]]] = {}
        self._under_way: dict[tuple[int, bytes], int] = {}  # (node, datagram) -> when it was sent
        self._sent: dict[tuple[int, int], set[int]] = {}  # frames, by node and lease; beside relays
        # By node, what came by multicast and has no proof yet: when, first frame, count, lease.
        self._held: dict[int, list[tuple[int, int, int, int]]] = {}
        self._node_of: dict[int, int] = {}  # by session: addresses may change hands
        world.record.watch(record.SENT, self._on_sent)
        world.record.watch(record.LOST, self._on_lost)
        world.record.watch(record.DELIVERED, self._on_delivered)
        world.record.watch(record.REFUSED, self._on_refused)
        world.record.watch(record.EVENT, self._on_event)
        world.record.watch(record.LEADS, self._on_leads)
        world.record.watch(record.FAULT, self._on_fault)

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, value: Any) -> None:
        """Another leader may number its bursts as the one before did, and has none of its voice."""
        if leads:
            self._leader = node
        self._forget()

    def _on_fault(self, now_us: int, node: int, fault: int, b: int, detail: Any) -> None:
        """A leader that has lost power has nothing to send; a single one was never elected."""
        if fault == record.CRASHED and self._leads(node) and self._world.nodes[node].is_wired:
            self._forget()

    def _leads(self, host: int) -> bool:
        return host == self._leader or not self._world.stage.standbys

    def _forget(self) -> None:
        self._said.clear()
        self._alone.clear()
        self._served.clear()
        self._asked.clear()
        self._lost.clear()
        self._sent.clear()

    def _on_sent(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        if not self._world.nodes[node].is_wired:
            if len(data) > envelope.TYPE_AT and data[envelope.TYPE_AT] in _WORDS:
                self._node_of[envelope.session_id(data)] = node
        elif frames := voice_in(data):
            a = self._listener(data, a)
            first, lease = voice.first(frames), voice.lease(frames)
            said = self._said.setdefault(lease, {})
            count = voice.count(frames)
            # Most are copies of what was said to the first listener.
            if count > 2 or first not in said or first + count - 1 not in said:
                for frame in range(first, first + count):
                    said.setdefault(frame, now_us)
            if (a, lease) in self._asked:
                self._alone[a, lease] = first + count
            elif not is_many(data) and self._leads(node):
                self._served.add((a, lease))
            if self._world.stage.hears_relays and not is_many(data):
                self._sent.setdefault((a, lease), set()).update(range(first, first + count))
            # What a relay sent before may come behind what the leader sends then.
            if (a, lease) in self._asked or self._world.stage.hears_relays:
                self._under_way[a, bytes(data)] = now_us

    def _on_lost(self, now_us: int, node: int, destination: int, b: int, data: Any) -> None:
        frames = voice_in(data)
        sender = self._world.nodes.get(node)  # None: a badge at another address
        if frames and sender is not None and sender.is_wired:
            node = self._listener(data, destination)
            self._excuse(node, frames, is_many=is_many(data))
            self._under_way.pop((node, bytes(data)), None)

    def _on_delivered(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        kind = data[envelope.TYPE_AT] if len(data) > envelope.TYPE_AT else 0
        if kind in (MULTICAST_MISSED, MULTICAST_HEARD):
            lease = envelope.get32(data, _LEASE_AT)
            self._on_move(now_us, kind, self._listener(data, a), lease, data)
        elif kind in (MULTICAST_VOICE, MULTICAST_PROBE):
            self._hold(now_us, node, data)
        if not self._under_way:
            return
        sent_us = self._under_way.pop((node, bytes(data)), None)
        if sent_us is not None and now_us - sent_us > PLAYOUT_DELAY_MS * 1000:
            self._excuse(node, data, is_many=False)

    def _hold(self, now_us: int, node: int, data: Any) -> None:
        """`data` tells the key of what was sent long enough before."""
        held = self._held.get(node)
        if held:
            held[:] = [each for each in held if now_us - each[0] < _UNPROVED_US]
        frames = voice_in(data)
        if not frames:
            return
        lease = voice.lease(frames)
        if (node, lease) in self._asked:
            each = (now_us, voice.first(frames), voice.count(frames), lease)
            self._held.setdefault(node, []).append(each)

    def _listener(self, data: Any, address: int) -> int:
        """The node whose session `data` belongs to, or the one at `address` if none has asked."""
        return address if is_many(data) else self._node_of.get(envelope.session_id(data), address)

    def _on_move(self, now_us: int, kind: int, node: int, lease: int, data: Any) -> None:
        if (node, lease) in self._served:
            return
        said = self._said.get(lease, {})
        from_us = max(now_us - KEPT_MS * 1000, self._joined_us.get(node, 0))
        kept = [at for at, sent_us in said.items() if sent_us >= from_us]
        behind = max(said, default=-1) + 1
        moves = self._asked.setdefault((node, lease), [])
        is_alone = bool(moves) and moves[-1].end == _NEVER_AGAIN
        if kind == MULTICAST_HEARD and is_alone:
            moves[-1].end = behind - FRAMES_PER_PACKET_MAX  # what waited to be sent with others
        elif kind == MULTICAST_MISSED and not is_alone:
            first = envelope.get16(data, _FIRST_AT)
            # While the talker is silent nothing is missed, and the leader goes on as before, unless
            # a relay may be to blame.
            if first < behind or self._world.stage.hears_relays:
                oldest = max(first, behind - _AGAIN, min(kept, default=behind))
                moves.append(Move(now_us, first, oldest))

    def _on_refused(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        if len(data) > _FIRST_AT and data[envelope.TYPE_AT] == MULTICAST_MISSED:
            self._take_back(now_us, self._listener(data, 0), envelope.get32(data, _LEASE_AT))
        if not (frames := voice_in(data)):
            return
        if is_many(data):
            self._excuse(node, frames, is_many=True)
        elif a in (refusal.KEY, refusal.SESSION):  # it has just come, or got another address
            self._excuse(self._listener(data, node), frames, is_many=False)

    def _take_back(self, now_us: int, node: int, lease: int) -> None:
        """Its leader did not believe it: a twin may have its place."""
        moves = self._asked.get((node, lease), [])
        if moves and moves[-1].begun_us == now_us:
            moves.pop()

    def _excuse(self, node: int, frames: Any, *, is_many: bool) -> None:
        each = (voice.first(frames), voice.count(frames), is_many)
        self._lost.setdefault((node, voice.lease(frames)), []).append(each)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind in (events.JOINED, events.MOVED):
            self._joined_us[node] = now_us
        if kind != events.HEARD:
            return
        _, lease, played, _, late, _, dropped = value
        moves = self._asked.pop((node, lease), None)
        self._served.discard((node, lease))
        if not moves:
            return
        for key in [key for key in self._under_way if key[0] == node]:
            del self._under_way[key]
            self._excuse(node, key[1], is_many=False)
        lost = self._lost.get((node, lease), [])
        held = self._held.pop(node, [])
        lost += [(first, count, True) for _, first, count, of in held if of == lease]
        excused = sum(
            count
            for at, count, is_many in lost
            if not is_many or not any(move.first <= at < move.end for move in moves)
        )
        excused += dropped + min(late, _LATE_MAX)  # sent to it, without room for them or overtaken
        said = self._said.get(lease, {})
        sent = self._alone.pop((node, lease), 0)
        # What was said just now, or is sent again some packets at a time, has not left yet.
        is_asking = now_us - moves[-1].begun_us < SPREAD_MS * 1000
        excused += sum(at >= sent and (is_asking or now_us - said[at] < _BUNDLED_US) for at in said)
        if self._world.stage.hears_relays:  # a relay has lost it, and was not asked for it
            came = self._sent.pop((node, lease), set())
            excused += sum(at < moves[0].first and at not in came for at in said)
        # Heard, or without proof:
        excused += sum(move.first <= at < move.oldest for move in moves for at in said)
        missing = len(said) - played - excused
        if missing > 0:
            words = f"node {node} asked for lease {lease} from frame {moves[0].oldest} on"
            self._world.violate("no lost move", f"{words}, and missed {missing}")

    def finish(self) -> None:
        """Nothing is left to look at."""
