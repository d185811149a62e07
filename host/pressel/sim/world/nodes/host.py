"""A host of a cluster: it elects with the others, and leads or keeps the leader's state; its disk
holds only term and vote."""

from __future__ import annotations

from typing import Any

from ptt.cluster import election_events, host_messages, relay_wire
from ptt.cluster.ballot import NOBODY
from ptt.host import Host
from ptt.leader.leader import Leader
from ptt.link.link import Link
from ptt.relay.relay import Relay
from ptt.wire import refusal

from .. import keys, record
from ..late import age_leader
from ..local_clock import LocalClock
from ..stage import Stage
from .leader_node import to_many
from .node import Node

_DISK_US_MAX = 20_000  # until a term is written for certain
_DEAD_US_MAX = 3_000_000  # until a host that lost power in a write is back
_SLOW_DISK_US_MAX = 1_500_000  # a worn card, or a disk that wakes up
_RELAY_LATE_US = 300_000  # longer than a listener waits
_NODE_CLASS = 1
_BYTES = 2  # of an address in a record: the node's number


class HostNode(Node):
    """`hosts`: the numbers of all; the lower ranks first among equals."""

    is_wired = True
    is_of_cluster = True
    mailbox_datagrams = 4096  # as of `LeaderNode`
    step_us = 0
    engine: Host

    def __init__(
        self, stage: Stage, number: int, clock: LocalClock, hosts: tuple[int, ...]
    ) -> None:
        super().__init__(stage, number, clock)
        self._hosts = hosts
        self._host_mail: list[tuple[bytes, int]] = []
        self._slow_until_us = 0  # its disk
        self._full_until_us = 0
        self._written_us = 0  # when it has written what it was given last
        self._killed_until_us = 0  # in the midst of a write
        self._slow_relay_until_us = 0  # it is late with all that its leader asks of it
        self._lies_until_us = 0  # it is late with what it relays, and says that it is idle
        stage.network.listen(number, self.arrive_from_host)

    @property
    def is_leading(self) -> bool:
        return self.is_up and self.engine.leader is not None

    def leader(self) -> Any:
        return self.engine.leader

    def boot(self, now_ms: int) -> None:
        self._host_mail.clear()
        self._written_us = 0
        hosts = tuple(host_id(number, self._hosts) for number in self._hosts)
        own = host_id(self.number, self._hosts)
        stored = self.disk.get("record", (0, NOBODY))
        seal = self.stage.seal.for_leader()
        random = keys.chance(self.number * 1000 + self.boots)
        relay = Relay(seal["hmac"], random, _address_of, seal.get("link", Link))
        self.engine = Host(own, hosts, stored, self._make_leader, now_ms, _NODE_CLASS, relay=relay)
        for number, host in zip(self._hosts, hosts, strict=True):
            self.engine.addresses[host] = (bytes(4), number + 1)

    def take(self, data: Any, source: int, now_ms: int) -> None:
        before = self._accepted()
        self.engine.receive_datagram(data, source, now_ms)
        leader = self.engine.leader
        if leader is not None and self._accepted() == before:
            self.note_refusal(leader.refusals, data)

    def let_time_pass(self, now_ms: int) -> None:
        self.engine.handle_timeout(now_ms)

    def settle(self, now_ms: int) -> int:
        engine = self.engine
        stored = engine.poll_store()
        if stored is not None:
            self._store(stored)
        outgoing = engine.poll_transmit()
        while outgoing is not None:
            self.send(outgoing.destination, outgoing.data)
            outgoing = engine.poll_transmit()
        outgoing = engine.poll_host()
        while outgoing is not None:
            destination = self._hosts[outgoing.destination[0] - 1]
            self.stage.network.wire(self.number, destination, outgoing.data)
            outgoing = engine.poll_host()
        event = engine.next_event()
        while event is not None:
            self.stage.note(record.EVENT, self.number, event[0], 0, event[1])
            event = engine.next_event()
        event = engine.next_election_event()
        while event is not None:
            self._note_election(*event)
            event = engine.next_election_event()
        return engine.next_timeout_ms()

    def power_off(self) -> None:
        self._host_mail.clear()

    def arrive_from_host(self, data: bytes, source: int) -> None:
        late_us = self._late_us(data)
        if late_us:
            loop = self.stage.loop
            loop.at(loop.now_us + late_us, self._arrive_late, (self.boots, data, source))
        else:
            self._take_from_host(data, source)

    def _late_us(self, data: bytes) -> int:
        """How late it is with that."""
        now_us, is_copies = self.stage.loop.now_us, relay_wire.is_copies(data)
        is_late = now_us < self._slow_relay_until_us
        is_late = is_late and (is_copies or data[0] == host_messages.RELAY_ASK)
        return _RELAY_LATE_US if is_late or (is_copies and now_us < self._lies_until_us) else 0

    def _arrive_late(self, parcel: tuple[int, bytes, int]) -> None:
        boots, data, source = parcel
        if boots == self.boots:
            self._take_from_host(data, source)

    def hinder_relay(self, lasts_us: int, *, is_lying: bool) -> None:
        until_us = self.stage.loop.now_us + lasts_us
        if is_lying:
            self._lies_until_us = until_us
        else:
            self._slow_relay_until_us = until_us

    def _take_from_host(self, data: bytes, source: int) -> None:
        if not self.is_up:
            return
        if self.is_paused:
            if len(self._host_mail) < self.mailbox_datagrams:
                self._host_mail.append((data, source))
            return
        self.engine.receive_from_host(data, host_id(source, self._hosts), self.now_ms())
        self.refresh()

    def resume(self) -> None:
        """What waits in the two sockets could come in any order: badges come first here, which is
        worse."""
        super().resume()
        mail, self._host_mail = self._host_mail, []
        for data, source in mail:
            self.arrive_from_host(data, source)

    def resign(self) -> None:
        """Maintenance: another one leads, then this one stops."""
        if self.is_up and not self.is_paused:
            self.engine.resign(self.now_ms())
            self.refresh()
            self.crash()

    def hinder_disk(self, lasts_us: int, is_full: bool) -> None:
        until_us = self.stage.loop.now_us + lasts_us
        self._note(record.FAULT, self.number, record.DISK_FULL if is_full else record.DISK_SLOW, 0)
        if is_full:
            self._full_until_us = until_us
        else:
            self._slow_until_us = until_us

    def lose_no_more(self) -> None:
        super().lose_no_more()
        self._full_until_us = self._slow_until_us = self._killed_until_us = 0
        self._slow_relay_until_us = self._lies_until_us = 0

    def kill_writing(self, lasts_us: int) -> None:
        self._killed_until_us = self.stage.loop.now_us + lasts_us

    # --- inside ---

    def _make_leader(self, term: int) -> Leader:
        seed = 1 + self.stage.prng.below(1 << 30)
        seal = self.stage.seal.for_leader()
        leader = Leader(
            term, seed, keys.Everybody(), keys.chance(seed), **self.stage.orders(), **seal
        )
        leader.bytes_of, leader.address_of = _bytes_of, _address_of
        leader.voice.multicast.address_of = to_many
        if self.stage.is_late:
            age_leader(leader, keys.chance(seed))
        return leader

    def _accepted(self) -> int:
        leader = self.engine.leader
        return leader.refusals[refusal.ACCEPTED] if leader is not None else -1

    def _store(self, stored: tuple[int, bytes]) -> None:
        now_us = self.stage.loop.now_us
        most_us = _SLOW_DISK_US_MAX if now_us < self._slow_until_us else _DISK_US_MAX
        done_us = now_us + 1000 + self.stage.prng.below(most_us)
        # One after the other, as a process writes: the newest record is there in the end.
        self._written_us = done_us = max(done_us, self._written_us)
        self.stage.loop.at(done_us, self._stored, (self.boots, stored))

    def _stored(self, parcel: tuple[int, tuple[int, bytes]]) -> None:
        boots, stored = parcel
        if not self.is_up or boots != self.boots:
            return
        if self.stage.loop.now_us < self._killed_until_us:
            self._die_writing(stored)
        elif self.stage.loop.now_us < self._full_until_us:  # who cannot write a vote down must stop
            self.crash()
            self.stage.loop.at(self._full_until_us, self._start_again, self.boots)
        else:
            self.disk["record"] = stored
            self.engine.on_stored(stored, self.now_ms())
            if not self.is_paused:
                self.refresh()

    def _die_writing(self, stored: tuple[int, bytes]) -> None:
        """Power goes before the engine knows that the record is on the disk. A record has its name
        when it is whole: the disk has the new one, or still the one before."""
        loop = self.stage.loop
        self._killed_until_us = 0
        if self.stage.prng.below(2):
            self.disk["record"] = stored
        self._note(record.FAULT, self.number, record.KILLED_WRITING, 0)
        self.crash()
        delay_us = self.stage.prng.below(_DEAD_US_MAX)
        loop.at(loop.now_us + delay_us, self._start_again, self.boots)

    def _start_again(self, boots: int) -> None:
        """Somebody has made room on the disk, or has switched it on."""
        if not self.is_up and boots == self.boots:
            self._note(record.FAULT, self.number, record.RESTARTED, 0)
            self.start()

    def _note_election(self, kind: int, value: Any) -> None:
        if kind == election_events.BECAME_LEADER:
            self.stage.note(record.LEADS, self.number, 1, value)
        elif kind == election_events.LOST_LEADERSHIP:
            self.stage.note(record.LEADS, self.number, 0, value[0])


def host_id(number: int, hosts: tuple[int, ...]) -> bytes:
    """Eight bytes that begin with the host's mark."""
    mark = hosts.index(number) + 1
    return bytes((mark, 0, 0, 0, 0, 0, 0, mark))


def _bytes_of(address: int) -> bytes:
    return address.to_bytes(_BYTES, "big")


def _address_of(data: bytes) -> int:
    return int.from_bytes(data, "big")
