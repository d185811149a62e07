"""A small deterministic venue for tests: one leader, some badges, a network that can misbehave.

Runs on both runtimes. Virtual time only moves from one event to the next; every random choice
comes from the seed, so that the same seed gives the same trace, byte for byte.
"""

from array import array

from ptt import clock, events
from ptt.leader import Leader
from ptt.numbers import FRAME_MS, FRAME_SAMPLES
from ptt.participant import Participant
from ptt.prng import Prng

LEADER = ("leader", 1)
STEP_MS = 5  # badges look at their button, microphone and speaker this often


class Badge:
    """A participant with a microphone that counts and a speaker that remembers."""

    def __init__(self, name, address, seed):
        self.name = name
        self.address = address
        self.engine = Participant(
            bytes([seed & 255] * 8), name.encode(), b"test", LEADER, seed
        )
        self.alive = True
        self.events = []
        self.heard_frames = 0
        self.spoken = 0  # microphone frames so far: the sample value, so frames differ
        self.pcm = array("h", bytes(FRAME_SAMPLES * 2))
        self.next_frame_ms = 0

    def kinds(self):
        return [events.NAMES[kind] for _, kind, _ in self.events]

    def last(self, kind):
        """Value of the newest event of `kind`, or None."""
        for _, each, value in reversed(self.events):
            if each == kind:
                return value
        return None


class Venue:
    """`loss_percent` and `jitter_ms` apply to every datagram, both ways."""

    def __init__(self, badges=3, seed=1, loss_percent=0, delay_ms=2, jitter_ms=0, start_ms=1000):
        self.prng = Prng(seed)
        self.loss_percent = loss_percent
        self.delay_ms = delay_ms
        self.jitter_ms = jitter_ms
        self.now_ms = start_ms
        self.leader = Leader(1, seed + 1000)
        self.leader_alive = True
        self.leader_events = []
        self.flying = []  # (due, serial, data, source, destination)
        self.serial = 0
        self.trace = []
        self.badges = []
        for index in range(badges):
            badge = Badge("ABCDEFGHIJ"[index % 10] + str(index // 10), ("badge", index), seed * 50 + index + 1)
            badge.next_frame_ms = start_ms
            self.badges.append(badge)
        for badge in self.badges:
            badge.engine.start(self.now_ms)
            self.collect(badge)

    def run(self, duration_ms):
        """Let the venue live for `duration_ms`, a multiple of STEP_MS."""
        for _ in range(duration_ms // STEP_MS):
            self.deliver()
            for badge in self.badges:
                if badge.alive:
                    self.step(badge)
            if self.leader_alive:
                self.leader.handle_timeout(self.now_ms)
                self.collect_leader()
            self.now_ms = clock.add(self.now_ms, STEP_MS)
        return self

    def step(self, badge):
        engine = badge.engine
        engine.handle_timeout(self.now_ms)
        while clock.since(self.now_ms, badge.next_frame_ms) >= 0:
            badge.next_frame_ms = clock.add(badge.next_frame_ms, FRAME_MS)
            badge.spoken += 1
            for n in range(0, FRAME_SAMPLES, 16):
                badge.pcm[n] = (badge.spoken * 37 + n) % 2000 - 1000
            engine.write_microphone(badge.pcm, self.now_ms)
            if engine.read_speaker(self.now_ms) is not None:
                badge.heard_frames += 1
        self.collect(badge)

    def press(self, *names):
        for name in names:
            badge = self.badge(name)
            badge.engine.press(self.now_ms)
            self.collect(badge)

    def release(self, *names):
        for name in names:
            badge = self.badge(name)
            badge.engine.release(self.now_ms)
            self.collect(badge)

    def badge(self, name):
        for badge in self.badges:
            if badge.name[0] == name:
                return badge
        raise ValueError(name)

    def collect(self, badge):
        self.fetch(badge.engine, badge.address)
        while True:
            event = badge.engine.next_event()
            if event is None:
                return
            badge.events.append((self.now_ms, event[0], event[1]))
            self.note(badge.name, events.NAMES[event[0]], event[1])

    def collect_leader(self):
        self.fetch(self.leader, LEADER)
        while True:
            event = self.leader.next_event()
            if event is None:
                return
            self.leader_events.append((self.now_ms, event[0], event[1]))
            self.note("leader", events.NAMES[event[0]], event[1])

    def fetch(self, engine, address):
        while True:
            outgoing = engine.poll_transmit()
            if outgoing is None:
                return
            self.send(bytes(outgoing.data), address, outgoing.destination)

    def send(self, data, source, destination):
        if self.prng.below(100) < self.loss_percent:
            self.note(source, "lost", len(data))
            return
        delay = self.delay_ms
        if self.jitter_ms:
            delay += self.prng.below(self.jitter_ms)
        self.serial += 1
        due = clock.add(self.now_ms, delay)
        self.flying.append((due, self.serial, data, source, destination))

    def deliver(self):
        due = [each for each in self.flying if clock.since(self.now_ms, each[0]) >= 0]
        self.flying = [each for each in self.flying if clock.since(self.now_ms, each[0]) < 0]
        due.sort(key=lambda each: (clock.since(each[0], self.now_ms), each[1]))
        for _, _, data, source, destination in due:
            self.note(destination, "in", "%02x %d" % (data[1], len(data)))
            if destination == LEADER:
                if self.leader_alive:
                    self.leader.receive_datagram(data, source, self.now_ms)
                    self.collect_leader()
                continue
            badge = self.badges[destination[1]]
            if badge.alive:
                badge.engine.receive_datagram(data, source, self.now_ms)
                self.collect(badge)

    def note(self, who, what, value):
        self.trace.append("%d %s %s %s" % (self.now_ms, who, what, value))
