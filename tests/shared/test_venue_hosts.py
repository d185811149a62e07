"""Hosts that elect, lead and follow, with badges among them: the parts tied together."""

from tests.shared.keys import make_leader
from tests.shared.venue import Venue

from ptt.badge.join import JOINED, SEARCHING
from ptt.base import clock, events
from ptt.base.numbers import (
    CLAIM_JUMP_MAX,
    HELLO_RETRY_MS_MAX,
    HOST_LOST_MS,
    LEADER_LOST_MS,
    LEASE_MS,
)
from ptt.cluster import election_events
from ptt.cluster.ballot import NOBODY
from ptt.host import Host

WIRE_MS = 1
FAILOVER_MS = 1500


def host_id(number):
    return bytes((number, 0, 0, 0, 0, 0, 0, number))


def bytes_of(address):
    return ("%s %d" % address).encode()


def address_of(data):
    name, number = data.decode().split(" ")
    return name, int(number)


class Machine:
    """One host: its engine, its disk, and what happens to it."""

    def __init__(self, number, hosts):
        self.number = number
        self.own = host_id(number)
        self.hosts = hosts
        self.address = ("host", number)
        self.disk = (0, NOBODY)
        self.engine = None
        self.wake_ms = clock.NEVER  # when it has work next
        self.stopped_until_ms = None
        self.inbox = []

    def start(self, now_ms):
        def lead(term):
            leader = make_leader(term, term * 10 + self.number)
            leader.bytes_of, leader.address_of = bytes_of, address_of
            return leader

        self.engine = Host(self.own, self.hosts, self.disk, lead, now_ms)
        for host in self.hosts:
            self.engine.addresses[host] = (bytes(4), host[0])
        self.wake_ms = now_ms
        self.stopped_until_ms = None
        self.inbox = []


class Cluster(Venue):
    """A venue of `badges` and hosts 1..`hosts`; `cuts` has (from, to) of hosts."""

    def __init__(self, badges=3, hosts=2, **network):
        super().__init__(badges, **network)
        ids = tuple([host_id(number) for number in range(1, hosts + 1)])
        self.machines = {}
        self.cuts = set()
        self.on_wire = []
        self.leads = {}  # term -> host
        self.reported = []
        for number in range(1, hosts + 1):
            machine = self.machines[number] = Machine(number, ids)
            machine.start(self.now_ms)
        for badge in self.badges:
            badge.engine.membership.search_address = ("everybody", 0)
            badge.engine.address_of = lambda host, port: ("host", port)
        self.leader_alive = False
        self.leader_address = None

    def leading(self):
        return [m for m in self.machines.values() if m.engine is not None and m.engine.leader]

    def only(self):
        (machine,) = self.leading()
        return machine

    def kill(self, number):
        self.machines[number].engine = None

    def stop(self, number, milliseconds):
        self.machines[number].stopped_until_ms = clock.add(self.now_ms, milliseconds)

    def wake(self):
        super().wake()
        for machine in self.machines.values():
            machine.wake_ms = self.now_ms

    def dues(self):
        dues = super().dues() + [each[0] for each in self.on_wire]
        for machine in self.machines.values():
            if machine.stopped_until_ms is not None:
                dues.append(machine.stopped_until_ms)
            elif machine.engine is not None:
                dues.append(machine.wake_ms)
        return dues

    def cut(self, a, b):
        self.cuts |= {(a, b), (b, a)}

    def deliver(self):
        flying, self.flying = self.flying, []
        for each in flying:
            due_ms, _, data, source, destination = each
            if destination[0] == "badge" or clock.since(self.now_ms, due_ms) < 0:
                self.flying.append(each)
                continue
            for machine in self.machines.values():
                if destination in (machine.address, ("everybody", 0)):
                    self.hand_to(machine, "badge", data, source)
        on_wire, self.on_wire = self.on_wire, []
        for due_ms, source, destination, data in on_wire:
            if clock.since(self.now_ms, due_ms) < 0:
                self.on_wire.append((due_ms, source, destination, data))
            elif (source, destination) not in self.cuts:
                self.hand_to(self.machines[destination], "host", data, host_id(source))
        for machine in self.machines.values():
            self.step_host(machine)
        super().deliver()

    def hand_to(self, machine, kind, data, source):
        if machine.engine is not None:
            machine.inbox.append((kind, data, source))
            machine.wake_ms = self.now_ms

    def step_host(self, machine):
        if machine.engine is None:
            return
        if machine.stopped_until_ms is not None:
            if clock.since(self.now_ms, machine.stopped_until_ms) < 0:
                return
            machine.stopped_until_ms = None
            machine.wake_ms = self.now_ms
        if not self.is_due(machine.wake_ms):
            return
        inbox, machine.inbox = machine.inbox, []
        for kind, data, source in inbox:
            if kind == "badge":
                machine.engine.receive_datagram(data, source, self.now_ms)
            else:
                machine.engine.receive_from_host(data, source, self.now_ms)
            self.settle(machine)
        self.let_time_pass(machine.engine)
        self.settle(machine)
        machine.wake_ms = self.wake_ms(machine.engine)

    def settle(self, machine):
        engine = machine.engine
        record = engine.poll_store()
        if record is not None:
            machine.disk = record
            engine.on_stored(record, self.now_ms)
        self.fetch(engine, machine.address)
        while True:
            outgoing = engine.poll_host()
            if outgoing is None:
                break
            due_ms = clock.add(self.now_ms, WIRE_MS)
            self.on_wire.append((due_ms, machine.number, outgoing.destination[0], outgoing.data))
        self.take_events(engine, self.leader_events, "host %d" % machine.number)
        while True:
            event = engine.next_election_event()
            if event is None:
                break
            self.reported.append((self.now_ms, machine.number, event[0], event[1]))
            if event[0] == election_events.BECAME_LEADER:
                assert event[1] not in self.leads, "two leaders in a term"
                self.leads[event[1]] = machine.number


def talking(hosts=2, badges=3, **network):
    venue = Cluster(badges, hosts, **network).run(3000)
    assert venue.only().number == 1
    venue.press("A")
    venue.run(500)
    assert venue.badge("A").engine.floor.may_send()
    return venue


def heard(venue, name, lease):
    return len(venue.badge(name).heard_of(lease))


def test_one_host_leads_alone():
    venue = talking(hosts=1)
    assert all(badge.engine.join.state == JOINED for badge in venue.badges)


def test_a_killed_leader_is_followed_by_its_standby():
    venue = talking()
    lease = venue.badge("A").last(events.GRANTED)
    venue.kill(1)
    before = heard(venue, "B", lease)
    passed_ms = venue.run_until(
        FAILOVER_MS, lambda: venue.leading() and heard(venue, "B", lease) > before + 20
    )
    assert passed_ms is not None and passed_ms > HOST_LOST_MS
    assert venue.only().number == 2
    assert venue.badge("A").all(events.GRANTED) == [lease]
    assert venue.badge("B").all(events.LOST) == []


def test_a_leader_that_stood_still_demotes_itself():
    venue = talking()
    lease = venue.badge("A").last(events.GRANTED)
    venue.stop(1, 5000)
    venue.run(4900)
    assert len(venue.leading()) == 2  # one of them does not know it yet
    venue.run(300)
    assert venue.only().number == 2
    assert venue.machines[1].engine.replica.term == venue.only().engine.leader.term
    assert venue.badge("A").all(events.GRANTED) == [lease]
    assert venue.badge("A").engine.floor.may_send()
    assert (1, election_events.LOST_LEADERSHIP) in [each[1:3] for each in venue.reported]
    kinds = [kind for _, kind, _ in venue.leader_events]
    assert events.DEPOSED in kinds
    assert max([len(who) for who in venue.talking]) == 1


def test_a_leader_that_stood_still_alone_goes_on_with_what_it_had():
    """There is nobody else to take over, so its own state is the newest."""
    venue = talking()
    venue.kill(2)
    lease = venue.badge("A").last(events.GRANTED)
    venue.stop(1, 700)
    venue.run(2500)
    assert venue.only().number == 1
    assert venue.badge("A").all(events.GRANTED) == [lease]
    assert venue.badge("A").engine.floor.may_send()
    assert venue.badge("B").all(events.LOST) == []


def test_resignation_is_a_failover_without_the_wait():
    venue = talking()
    lease = venue.badge("A").last(events.GRANTED)
    venue.machines[1].engine.resign(venue.now_ms)
    venue.settle(venue.machines[1])
    venue.run(400)
    assert venue.only().number == 2
    venue.run(600)
    assert venue.badge("A").all(events.GRANTED) == [lease]
    assert venue.badge("A").engine.floor.may_send()
    assert venue.badge("C").all(events.LOST) == []


def test_a_returned_host_is_a_standby_with_a_copy():
    venue = talking()
    venue.kill(1)
    venue.run(2000)
    venue.machines[1].start(venue.now_ms)
    venue.run(1000)
    assert venue.only().number == 2
    assert venue.machines[1].engine.replica.state is not None
    venue.kill(2)
    venue.run(FAILOVER_MS)
    assert venue.only().number == 1
    assert venue.badge("A").engine.floor.may_send()


def test_two_sides_of_a_split_become_one():
    venue = talking(badges=4)
    venue.cut(1, 2)
    venue.loses = lambda data, source, destination: (
        (source in (("badge", 2), ("badge", 3)) and destination == ("host", 1))
        or (source == ("host", 1) and destination in (("badge", 2), ("badge", 3)))
        or (source in (("badge", 0), ("badge", 1)) and destination == ("host", 2))
        or (source == ("host", 2) and destination in (("badge", 0), ("badge", 1)))
    )
    venue.run(8000)
    assert len(venue.leading()) == 2
    venue.cuts = set()
    venue.loses = None
    assert venue.run_until(2000, lambda: len(venue.leading()) == 1) is not None
    venue.run(4000)
    term = venue.only().engine.leader.term
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
        assert badge.engine.join.term == term


def test_a_badge_from_a_higher_term_is_served_again():
    """Its leader is gone for good; the host that is left stands in a term above that."""
    venue = talking()
    badge = venue.badge("C")
    badge.engine.join.term += 5 << 8
    venue.run(6000)
    assert badge.engine.join.state == JOINED
    assert venue.only().engine.leader.term > 5 << 8
    assert badge.engine.join.term == venue.only().engine.leader.term


def test_a_host_alone_stands_again_above_what_a_badge_has_seen():
    """Its disk was replaced, or somebody took its place for a while; the burst goes on."""
    for jump in (5 << 8, CLAIM_JUMP_MAX + 7, 3 * CLAIM_JUMP_MAX):
        venue = talking(hosts=1)
        before = venue.only().engine.leader.term
        badge = venue.badge("C")
        badge.engine.join.term += jump
        venue.run(15000)
        leader = venue.only().engine.leader
        assert leader.term > before + jump
        assert badge.engine.join.state == JOINED
        assert badge.engine.join.term == leader.term
        assert venue.badge("A").engine.floor.may_send()


def test_a_badge_that_joins_a_host_alone_from_a_higher_term_is_let_in():
    venue = talking(hosts=1)
    badge = venue.badge("C")
    badge.engine.join.term += 5 << 8
    badge.engine.join.on_forgotten(venue.now_ms)
    venue.run(6000)
    assert badge.engine.join.state == JOINED
    assert badge.engine.join.term == venue.only().engine.leader.term


def test_a_talker_that_is_gone_after_the_takeover_frees_the_floor():
    venue = talking(hosts=3)
    venue.press("B")
    venue.run(200)
    venue.badge("A").alive = False
    venue.kill(1)
    venue.run(FAILOVER_MS + LEASE_MS)
    assert venue.badge("B").engine.floor.may_send()


def test_three_hosts_lose_one_after_the_other():
    venue = talking(hosts=3)
    lease = venue.badge("A").last(events.GRANTED)
    venue.kill(1)
    venue.run(1500)
    assert venue.only().number == 2
    venue.machines[1].start(venue.now_ms)
    venue.run(1000)
    venue.kill(2)
    venue.run(1500)
    assert venue.only().number in (1, 3)
    assert venue.badge("A").all(events.GRANTED) == [lease]
    assert venue.badge("A").engine.floor.may_send()


def test_row_46_a_badge_finds_the_host_that_led_last_though_the_one_it_is_told_is_gone():
    venue = Cluster(badges=2, hosts=2)
    for badge in venue.badges:
        badge.engine.membership.search_address = ("host", 1)
        badge.engine.link.address = ("host", 1)
    venue.run(5000)
    venue.kill(1)  # for good
    venue.run(3000)
    assert venue.only().number == 2
    venue.kill(2)
    venue.run(LEADER_LOST_MS + 15_000)
    assert [badge.engine.join.state for badge in venue.badges] == [SEARCHING] * 2
    venue.machines[2].start(venue.now_ms)
    venue.run(2 * HELLO_RETRY_MS_MAX)
    assert [badge.engine.join.state for badge in venue.badges] == [JOINED] * 2


def test_a_minority_leads_nobody():
    venue = talking(hosts=3)
    venue.cut(1, 2)
    venue.cut(1, 3)
    venue.run(2000)
    assert venue.only().number in (2, 3)
    assert venue.badge("A").engine.floor.may_send()
    assert max([len(who) for who in venue.talking]) == 1
