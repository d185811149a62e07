"""A venue whose standbys relay. They are on a wire: what the leader gives them is there at once."""

from tests.shared.failover_venue import HOST, Failover, address_of
from tests.shared.keys import Chance

from ptt.cluster import host_wire, relay_wire
from ptt.leader.settings_in_force import Settings
from ptt.link.hmac import Hmac
from ptt.relay.relay import Relay
from ptt.relayed.ear import Ear
from ptt.wire import messages

SETTLED_MS = 6000  # joined, offered, proved
LEADER = ("leader", 1)
ONE, TWO = ("standby", 1), ("standby", 2)


class RelayVenue(Failover):
    """`own`: listeners that the leader serves itself. `dead`: addresses of relays that send
    nothing; `late_ms`: by address, how late a relay sends what it is given."""

    def __init__(self, badges=6, relays=2, own=1, without=(), **network):
        self.relays = {}
        self.dead = set()
        self.is_leaving = set()
        self.by_relay = {}  # VOICE_FRAMEs, by (badge, address of the sender)
        self.without = without  # badges that hear no relays
        super().__init__(badges, relays, **network)
        for address in sorted(self.replicas):
            self.start_relay(address)
        self.publish(own)

    def equip(self, badge):
        if badge.index not in self.without:
            badge.ears = Ear(badge.engine, badge.ears)

    def start_relay(self, address, seed=0):
        random = Chance(address[1] + seed)
        self.relays[address] = Relay(Hmac(), random, address_of)
        self.dead.discard(address)

    def publish(self, own):
        version = self.leader.settings.settings.version + 1
        self.leader.publish(Settings(version=version, own_listeners=own), self.now_ms)

    def lead(self, leader):
        super().lead(leader)
        leader.voice.relays.hosts = {each: (HOST, each[1]) for each in sorted(self.replicas)}

    def relayed(self):
        """By badge, the address of its relay, as the leader has it."""
        found = {}
        for member in self.leader.members.all():
            host = self.leader.voice.relays.relay_of(member.node)
            if host is not None:
                found[member.address[1]] = host
        return found

    def send(self, data, source, destination):
        if destination[0] == "badge" and data[1] == messages.VOICE_FRAME:
            key = (destination[1], source)
            self.by_relay[key] = self.by_relay.get(key, 0) + 1
        if isinstance(destination[0], bytes):
            for badge in self.badges:
                if badge.ears.listener.place == destination:
                    self.send(data, source, badge.address)
            return
        super().send(data, source, destination)

    def carry(self, leader):
        super().carry(leader)
        relays = leader.voice.relays
        while True:
            parcel = relays.poll_host()
            if parcel is None:
                return
            address = parcel.destination
            relay = self.relays.get(address)
            if relay is None or address in self.dead or self.host_loses(parcel.data):
                continue
            if relay_wire.is_copies(parcel.data):
                relay.on_copies(parcel.data, self.replicas[address].state, self.now_ms)
            else:
                fields = host_wire.decode(parcel.data)[1]
                answer = relay.on_ask(fields, address in self.is_leaving)
                if not self.host_loses(answer):
                    relays.on_load(address, host_wire.decode(answer)[1], self.now_ms)
            self.fetch(relay, address)


def venue(**options):
    return RelayVenue(**options).run(SETTLED_MS)


def senders(made):
    """By badge, who has sent voice to it."""
    found = {}
    for index, source in made.by_relay:
        found.setdefault(index, set()).add(source)
    return found


def asked(made):
    return [line for line in made.trace if " in %02x " % messages.MULTICAST_MISSED in line]
