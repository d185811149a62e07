"""A venue with standbys: hosts on a wire. One leads, and the others keep its state.

The test says who leads next: electing is another matter.
"""

from tests.shared.venue import Venue

from ptt.cluster.replica import Replica

HOST = b"\x0a\x00\x00\x01"


def bytes_of(address):
    return ("%s %d" % address).encode()


def address_of(data):
    name, number = data.decode().split(" ")
    return name, int(number)


class Wire:
    """What is lost between hosts: data -> True."""

    def __init__(self, loses=None):
        self.loses = loses

    def __call__(self, data):
        return self.loses is not None and self.loses(data)


class Failover(Venue):
    """`host_loses(data)`: what does not pass between hosts; True loses the datagram."""

    def __init__(self, badges=3, standbys=1, **network):
        super().__init__(badges, **network)
        self.replicas = {}
        self.old = {}  # address -> a leader that was replaced and still lives
        self.host_loses = Wire()
        for number in range(1, standbys + 1):
            self.replicas[("standby", number)] = Replica()
        for badge in self.badges:
            badge.engine.address_of = lambda host, port: ("standby", port)
        self.lead(self.leader)

    def lead(self, leader):
        """`leader` leads from now on, with all replicas as its standbys."""
        self.leader = leader
        leader.bytes_of, leader.address_of = bytes_of, address_of
        for address in sorted(self.replicas):
            leader.journal.add_standby(address, self.now_ms)
        leader.standby_hosts = [(HOST, address[1]) for address in sorted(self.replicas)]

    def kill(self):
        self.leader_alive = False

    def take_over(self, number=1, term=2):
        """The standby leads now; the leader before goes on unless it was killed."""
        if self.leader_alive:
            self.old[self.leader_address] = self.leader
        address = ("standby", number)
        replica = self.replicas.pop(address)
        self.leader_address = address
        self.leader_alive = True
        self.lead(self.make_leader(term, 500 + term))
        if replica.state is not None:
            self.leader.take_over(replica.state, self.now_ms)
        self.collect_leader()
        return self.leader

    # --- how it happens ---

    def collect_leader(self):
        super().collect_leader()
        self.carry(self.leader)

    def carry(self, leader):
        """The journal and its answers, at once: hosts are on a wire."""
        while True:
            entries = leader.journal.poll_transmit()
            if entries is None:
                return
            replica = self.replicas.get(entries.destination)
            if replica is None or self.host_loses(entries.data):
                continue
            answer = replica.receive(entries.data, self.now_ms)
            if answer is not None and not self.host_loses(answer):
                assert leader.journal.receive(entries.destination, answer, self.now_ms)

    def dues(self):
        return super().dues() + [leader.next_timeout_ms() for leader in self.old.values()]

    def deliver(self):
        for each in self.flying[:]:
            leader = self.old.get(each[4])
            if leader is not None and self.is_due(each[0]):
                self.flying.remove(each)
                leader.receive_datagram(each[2], each[3], self.now_ms)
        for address in sorted(self.old):
            self.let_time_pass(self.old[address])
            self.fetch(self.old[address], address)
        super().deliver()


def talking(badges=3, standbys=1, **network):
    """A venue in whose midst badge A has the floor."""
    venue = Failover(badges, standbys, **network).run(1500)
    venue.press("A")
    venue.run(500)
    assert venue.badge("A").engine.floor.may_send()
    return venue
