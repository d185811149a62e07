"""Deliberate faults in the engines, each for as long as a `with` lasts: checkers must see them.

The names say what is wrong; `CAUGHT_BY` which checkers may catch it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from ptt.badge.join import Join
from ptt.badge.listening import Listening
from ptt.badge.participant import Participant
from ptt.base.clock import NEVER
from ptt.fanout.multicast import Multicast
from ptt.leader import relay_keys, relays
from ptt.leader.floor import lanes
from ptt.leader.floor.arbitrator import Arbitrator
from ptt.leader.groups import Groups
from ptt.leader.leader import Leader
from ptt.leader.relay_host import RelayHost
from ptt.leader.relays import Relays
from ptt.leader.voice_path import VoicePath
from ptt.media.burst_sender import BurstSender
from ptt.media.jitter_buffer import JitterBuffer
from ptt.media.playout import Playout
from ptt.multicast.listener import Listener
from ptt.proof import prover
from ptt.relay import relay
from ptt.relay.relay import Relay
from ptt.wire import refusal
from ptt.wire.messages import LANE_ROUTINE


@contextlib.contextmanager
def replaced(owner: Any, name: str, substitute: Any) -> Iterator[None]:
    """`owner.name` is `substitute` for a while; `owner` is a class or a module."""
    original = getattr(owner, name)
    setattr(owner, name, substitute)
    try:
        yield
    finally:
        setattr(owner, name, original)


def lease_never_expires() -> Any:
    """The arbitrator's clock does not run: silent talkers keep the floor."""
    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Arbitrator, "handle_timeout", lambda self, now_ms: None))
    stack.enter_context(replaced(Arbitrator, "next_timeout_ms", lambda self: NEVER))
    return stack


def duplicate_not_suppressed() -> Any:
    """A frame that was played and comes again is played again."""
    original = JitterBuffer.insert

    def insert(self: JitterBuffer, number: int, data: Any, at: int) -> bool:
        if number < self.upcoming and number < self.unheard:
            self.unheard = number
            self.upcoming = number
            self._number[number % self._frames] = -1
        return original(self, number, data, at)

    return replaced(JitterBuffer, "insert", insert)


def listener_mixes_two_talkers() -> Any:
    """Whatever comes is put into the burst that plays."""
    original = Playout.insert

    def insert(self: Playout, lease: int, *rest: Any) -> None:
        original(self, self.current.lease or lease, *rest)

    return replaced(Playout, "insert", insert)


def older_burst_takes_over() -> Any:
    """A late packet of the burst before starts it anew."""

    def buffer_for(self: Playout, lease: int, talker: int, now_ms: int) -> Any:
        if lease != self.current.lease:
            self.current.open(lease, talker, now_ms)
            self.state = 0
        return self.current

    return replaced(Playout, "_buffer_for", buffer_for)


def floor_granted_to_everybody() -> Any:
    """Whoever asks gets a lease, also while another runs."""

    def on_request(self: Arbitrator, node: int, request: int, now_ms: int, lane: int = 0) -> None:
        lease = self._output.next_lease()
        self._output.grant(self.group, node, request, lease, now_ms)
        self._output.taken(self.group, lease, node, now_ms)

    return replaced(Arbitrator, "on_request", on_request)


def lease_number_used_again() -> Any:
    """Every lease has the same number."""

    def next_lease(self: Groups) -> int:
        self.lease = 7
        return self.lease

    return replaced(Groups, "next_lease", next_lease)


def own_voice_comes_back() -> Any:
    """The leader sends voice to its talker, too, and the talker plays it."""
    original = Listening.on_voice

    def on_voice(self: Listening, data: Any, now_ms: int) -> int:
        join = self._owner.join
        node = join.node
        join.node = -1
        reason = original(self, data, now_ms)
        join.node = node
        return reason

    passed_on = VoicePath.send_copies

    def send_copies(self: VoicePath, group: int, data: Any, crowd: Any, now_ms: int) -> None:
        from ptt.wire import voice

        talker = self._members.by_node(voice.talker(data))
        assert talker is not None
        passed_on(self, group, data, crowd, now_ms)
        node, talker.node = talker.node, -1
        passed_on(self, group, data, crowd, now_ms)
        talker.node = node

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(Listening, "on_voice", on_voice))
    stack.enter_context(replaced(VoicePath, "send_copies", send_copies))
    return stack


def refusal_not_counted() -> Any:
    """A refusal as stale is counted nowhere."""
    original = Participant.receive_datagram

    def receive(self: Participant, data: Any, source: Any, now_ms: int) -> None:
        counts = self.refusals._counts
        before = counts[refusal.STALE]
        original(self, data, source, now_ms)
        counts[refusal.STALE] = before

    return replaced(Participant, "receive_datagram", receive)


def frame_forgotten() -> Any:
    """Every eighth frame counts as a good one and is dropped without a word."""
    original = JitterBuffer.insert

    def insert(self: JitterBuffer, number: int, data: Any, at: int) -> bool:
        return True if number % 8 == 7 else original(self, number, data, at)

    return replaced(JitterBuffer, "insert", insert)


def old_term_obeyed() -> Any:
    """A badge joins any leader that answers, even one of a lower term."""
    original = Join.on_welcome

    def on_welcome(self: Join, nonce: int, node: int, session: int, term: int, now_ms: int) -> bool:
        taken = original(self, nonce, node, session, self.term, now_ms)
        self.term = term - self.nonce % 5
        return taken

    return replaced(Join, "on_welcome", on_welcome)


def everything_is_kept() -> Any:
    """The leader remembers every datagram for ever."""
    original = Leader.receive_datagram

    def receive(self: Leader, data: Any, source: Any, now_ms: int) -> None:
        self.__dict__.setdefault("kept", []).append(bytes(data))
        original(self, data, source, now_ms)

    return replaced(Leader, "receive_datagram", receive)


def frames_begin_again() -> Any:
    """Who presses again before a burst is out numbers its frames from 0 again."""
    original = BurstSender.go_on

    def go_on(self: BurstSender) -> None:
        original(self)
        self._number = 0

    return replaced(BurstSender, "go_on", go_on)


def who_comes_last_talks_first() -> Any:
    """Each new place in the queue is its first."""

    def insert(queue: list[lanes.Waiting], waiting: lanes.Waiting) -> int:
        queue.insert(0, waiting)
        return 1

    return replaced(lanes, "insert", insert)


def lanes_do_not_count() -> Any:
    """The queue goes by arrival alone."""
    return replaced(lanes, "_is_before", lambda a, b: a.order < b.order)


def who_was_preempted_waits_last() -> Any:
    """An emergency costs the talker its turn."""

    def preempted(node: int, request: int, now_ms: int) -> lanes.Waiting:
        return lanes.Waiting(node, request, LANE_ROUTINE, 1 << 20, now_ms)

    return replaced(lanes, "preempted", preempted)


CAUGHT_BY = {
    lease_never_expires: {"lease ends"},
    duplicate_not_suppressed: {"one voice", "accounts"},
    listener_mixes_two_talkers: {"one voice", "accounts"},
    older_burst_takes_over: {"one voice", "accounts"},
    floor_granted_to_everybody: {"one lease"},
    lease_number_used_again: {"one lease"},
    own_voice_comes_back: {"one voice"},
    refusal_not_counted: {"accounts"},
    frame_forgotten: {"accounts"},
    old_term_obeyed: {"highest term"},
    everything_is_kept: {"bounded memory"},
    who_comes_last_talks_first: {"in turn"},
}


def tags_to_many_not_checked() -> Any:
    """Whatever came before its key was told is taken for the leader's."""
    return replaced(prover, "is_tag", lambda data, at, tag: True)


def nothing_sent_again() -> Any:
    """Who asks for a burst gets what comes from now on, not what it has missed."""
    original = Multicast.on_missed

    def on_missed(self: Multicast, *asked: Any) -> list[Any]:
        original(self, *asked)
        return []

    return replaced(Multicast, "on_missed", on_missed)


def played_twice_from_many() -> Any:
    """Each packet that is proved is taken for new twice, and duplicates are not seen."""
    stack = contextlib.ExitStack()
    original = Listener._hear

    def hear(self: Listener, packets: list[Any], now_ms: int) -> None:
        original(self, [bytearray(each) for each in packets], now_ms)
        original(self, packets, now_ms)

    stack.enter_context(replaced(Listener, "_hear", hear))
    stack.enter_context(duplicate_not_suppressed())
    return stack


def relay_and_leader_send() -> Any:
    """What is given to a relay is sent by the leader, too."""
    original = Relays.queue_copies

    def queue(self: Relays, data: bytearray, payload_crc: int, links: list[Any]) -> None:
        original(self, data, payload_crc, links)
        self._outbound.queue_copies(data, payload_crc, links)

    return replaced(Relays, "queue_copies", queue)


def relay_told_again() -> Any:
    """A relay sends the packet before once more with each packet."""
    original = Relay.on_copies

    def on_copies(self: Relay, data: Any, state: Any, now_ms: int) -> None:
        before = self.__dict__.get("before", data)
        self.__dict__["before"] = data
        original(self, before, state, now_ms)
        original(self, data, state, now_ms)

    return replaced(Relay, "on_copies", on_copies)


def nothing_sent_after_a_relay() -> Any:
    """Who asks for a burst because its relay is silent gets what comes from now on, and no more."""
    original = Relays.on_missed

    def on_missed(self: Relays, *asked: Any) -> list[Any]:
        original(self, *asked)
        return []

    return replaced(Relays, "on_missed", on_missed)


def relay_key_of_the_session_alone() -> Any:
    """Every relay sends to a listener under the same key."""
    original = relay_keys.relay_key

    def relay_key(hmac: Any, secret: bytes, number: int, session: int) -> bytes:
        return original(hmac, bytes(16), 1, session)

    stack = contextlib.ExitStack()
    for room in (relays, relay):
        stack.enter_context(replaced(room, "relay_key", relay_key))
    return stack


def relay_keeps_its_key() -> Any:
    """A relay that begins anew numbers its datagrams anew, under the key that it had."""
    original = RelayHost.renew

    def renew(self: RelayHost, random: Any, now_ms: int) -> None:
        original(self, lambda count: b"same same same s"[:count], now_ms)

    return replaced(RelayHost, "renew", renew)


CAUGHT_BY_RELAYS = {
    relay_key_of_the_session_alone: {"one number"},
    relay_and_leader_send: {"one sender"},
    relay_told_again: {"one sender"},
    nothing_sent_after_a_relay: {"no lost move"},
}


# By the fault: what is to happen meanwhile, and which checkers see it.
CAUGHT_BY_MANY = {
    tags_to_many_not_checked: ("insider", {"one voice"}),
    nothing_sent_again: ("deaf", {"no lost move"}),
    played_twice_from_many: ("deaf", {"one voice", "accounts"}),
}
