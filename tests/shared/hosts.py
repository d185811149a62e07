"""Several hosts that elect their leader under virtual time: links with a delay that can be cut one
way or both, hosts that are killed, restarted with or without their disk, or stand still. Time jumps
to the next instant at which anything is due.

At every step it checks that a term has one leader, that no host's term goes down, and that a host
votes once in a term.
"""

from ptt.base import clock
from ptt.base.numbers import ELECTION_MS, HOST_HEARTBEAT_MS, HOST_LOST_MS
from ptt.base.prng import Prng
from ptt.cluster import election_events, election_rules
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election

START_MS = (1 << 30) - 2000  # the clock wraps early in every test
DELAY_MS = 2
REST_MS = 1000  # where no host runs, time passes in such steps
FAILOVER_MS = HOST_LOST_MS + HOST_HEARTBEAT_MS + 2 * ELECTION_MS  # 800: far within 1.5 s
HEAL_MS = 2000


def host_id(number):
    """Eight bytes that begin with the mark `number`."""
    return bytes([number]) + b"\x00" * 6 + bytes([number])


class Host:
    """One host's election, its disk, and what it told."""

    def __init__(self, own, hosts, **standing):
        self.own = own
        self.hosts = hosts
        self.standing = standing
        self.disk = (0, NOBODY)
        self.is_up = False
        self.stops_until_ms = -1  # it stands still until then; -1: it runs
        self.engine = None
        self.told = []
        self.inbox = []  # what comes while it stands still

    def start(self, now_ms):
        self.engine = Election(self.own, self.hosts, self.disk, now_ms, **self.standing)
        self.is_up = True


class Hosts:
    """`numbers`: the mark of each host; `standings`: node class by mark."""

    def __init__(self, numbers, standings=None, seed=1):
        self.now_ms = START_MS
        self.passed_ms = 0
        hosts = tuple([host_id(number) for number in numbers])
        self.by_id = {}
        for host in hosts:
            node_class = (standings or {}).get(host[0], 0)
            self.by_id[host] = Host(host, hosts, node_class=node_class)
        self.order = sorted(self.by_id)
        self.cut = set()  # (from, to) pairs of marks
        self.loss_percent = 0
        self.prng = Prng(seed)
        self.delay_ms = DELAY_MS
        self.flight = []  # (arrival, source, destination, data) in order of sending
        self.leaders = {}  # term to the host that led in it
        self.votes = {}  # (host, term) to whom it voted for
        self.timeline = []  # (ms passed, mark, event, value)

    def __getitem__(self, number):
        return self.by_id[host_id(number)]

    def start(self, *numbers):
        for host in self.order:
            if not numbers or host[0] in numbers:
                self.by_id[host].start(self.now_ms)
                self._settle(self.by_id[host])

    def kill(self, number):
        self[number].is_up = False
        self[number].inbox = []

    def stop(self, number, how_long_ms):
        self[number].stops_until_ms = clock.add(self.now_ms, how_long_ms)

    def split(self, *sides):
        """No datagram passes between the sides."""
        for a in sides:
            for b in sides:
                if a is not b:
                    for x in a:
                        for y in b:
                            self.cut.add((x, y))

    def heal(self):
        self.cut = set()

    def leader_marks(self):
        """Who thinks that it leads, of those that run."""
        return [
            host[0]
            for host in self.order
            if self.by_id[host].is_up and self.by_id[host].engine.state == election_rules.LEADER
        ]

    def run(self, how_long_ms, until=None):
        """Let time pass, at most `how_long_ms`; returns after how many ms `until()` was true."""
        passed_ms = 0
        while passed_ms <= how_long_ms:
            for host in self.order:
                self._step(self.by_id[host])
            if until is not None and until():
                return passed_ms
            step_ms = min(self._next_due_ms(), how_long_ms + 1 - passed_ms)
            self.now_ms = clock.add(self.now_ms, step_ms)
            self.passed_ms += step_ms
            passed_ms += step_ms
        assert until is None, "not within %d ms: %s" % (how_long_ms, self.timeline[-12:])
        return how_long_ms

    def _next_due_ms(self):
        """The milliseconds, at least one, until anybody has work."""
        dues = [each[0] for each in self.flight]
        for host in self.by_id.values():
            if host.is_up and host.stops_until_ms >= 0:
                dues.append(host.stops_until_ms)
            elif host.is_up:
                dues.append(host.engine.next_timeout_ms())
        left_ms = [clock.since(due_ms, self.now_ms) for due_ms in dues if due_ms != clock.NEVER]
        return max(min(left_ms), 1) if left_ms else REST_MS

    def until_one_leads(self, how_long_ms, followers=None):
        """Until one leads and all others that run follow it; returns the milliseconds."""

        def one_leads():
            up = [self.by_id[h] for h in self.order if self.by_id[h].is_up]
            if followers is not None:
                up = [h for h in up if h.own[0] in followers]
            leads = [h.own for h in up if h.engine.state == election_rules.LEADER]
            return len(leads) == 1 and all(h.engine.leader == leads[0] for h in up)

        return self.run(how_long_ms, one_leads)

    def _step(self, host):
        if not host.is_up:
            return
        arrived = [each for each in self.flight if each[2] == host.own and self._is_due(each[0])]
        if arrived:
            self.flight = [each for each in self.flight if each not in arrived]
        if host.stops_until_ms >= 0:
            host.inbox += arrived
            if not self._is_due(host.stops_until_ms):
                return
            host.stops_until_ms = -1
            arrived = host.inbox
            host.inbox = []
            self._time_out(host)  # a timer comes before what waits in the socket
        for _, source, _, data in arrived:
            host.engine.receive_datagram(data, source, self.now_ms)
            self._settle(host)
        self._time_out(host)

    def _time_out(self, host):
        due_ms = host.engine.next_timeout_ms()
        if due_ms != clock.NEVER and self._is_due(due_ms):
            host.engine.handle_timeout(self.now_ms)
            self._settle(host)

    def _is_due(self, then_ms):
        return clock.since(self.now_ms, then_ms) >= 0

    def _settle(self, host):
        """Store, send, listen, and check that nothing is broken."""
        engine = host.engine
        record = engine.poll_store()
        if record is not None:
            assert record[0] >= host.disk[0], "a term went down"
            host.disk = record
            engine.on_stored(record, self.now_ms)
        if engine.vote != NOBODY:
            voted = self.votes.setdefault((host.own, engine.term), engine.vote)
            assert voted == engine.vote, "voted twice in term %d" % engine.term
        while True:
            outgoing = engine.poll_transmit()
            if outgoing is None:
                break
            pair = (host.own[0], outgoing.destination[0])
            if pair not in self.cut and self.prng.below(100) >= self.loss_percent:
                arrival_ms = clock.add(self.now_ms, self.delay_ms)
                self.flight.append((arrival_ms, host.own, outgoing.destination, outgoing.data))
        while True:
            event = engine.next_event()
            if event is None:
                break
            self._told(host, event)

    def _told(self, host, event):
        kind, value = event
        host.told.append(event)
        self.timeline.append(
            (self.passed_ms, host.own[0], election_events.EVENT_NAMES[kind], value)
        )
        if kind == election_events.BECAME_LEADER:
            led = self.leaders.setdefault(value, host.own)
            assert led == host.own, "two leaders in term %d" % value
            assert host.disk == (value, host.own), "led before its vote was on the disk"


def running(numbers, **options):
    """Hosts of which one leads."""
    hosts = Hosts(numbers, **options)
    hosts.start()
    hosts.until_one_leads(2000)
    return hosts
