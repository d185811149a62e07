"""A small deterministic venue for tests: one leader, some badges, a network that can misbehave.

Runs on both runtimes. Virtual time only moves from one step to the next; every random choice
comes from the seed, so that the same seed gives the same trace, byte for byte.
"""

from array import array

from tests.shared.keys import Directory, make_leader, make_participant, opened

from ptt import clock, events
from ptt.floor.roster import FixedRoster
from ptt.leader import Leader
from ptt.media import adpcm
from ptt.numbers import ADPCM_FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from ptt.participant import Participant
from ptt.prng import Prng
from ptt.wire import voice
from ptt.wire.messages import VOICE_FRAME

LEADER = ("leader", 1)
STEP_MS = 5  # badges look at their button, microphone and speaker this often
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

CONCEALED = (0, 0)  # what `Badge.played` holds for a frame that nobody spoke


class Badge:
    """A participant with a microphone that counts and a speaker that remembers."""

    def __init__(self, index, seed, make):
        self.index = index
        self.name = LETTERS[index % 26] + str(index // 26)
        self.address = ("badge", index)
        device = bytes([index >> 8, index & 255, 0, 0, 0, 0, 0, seed & 255])
        self.engine = make(device, self.name.encode(), b"test", LEADER, seed)
        self.alive = True
        self.hears_itself = True  # False: its microphone has stopped
        self.events = []
        self.spoken = 0  # microphone frames so far: the sample values, so frames differ
        self.played = []  # (lease, number) of each frame that the speaker played
        self.pcm = array("h", bytes(FRAME_SAMPLES * 2))
        self.next_frame_ms = 0

    def speak(self):
        """Fill `pcm` with the next frame of a voice that is only this badge's."""
        self.spoken += 1
        level = self.index * 997 + self.spoken * 7919
        for n in range(0, FRAME_SAMPLES, 8):
            level = (level * 75 + 74) % 65537
            self.pcm[n] = level // 8 - 4096
        return self.pcm

    def kinds(self):
        return [events.NAMES[kind] for _, kind, _ in self.events]

    def all(self, kind):
        """Values of all events of `kind`, oldest first."""
        return [value for _, each, value in self.events if each == kind]

    def last(self, kind):
        """Value of the newest event of `kind`."""
        values = self.all(kind)
        assert values, "%s was never told %s" % (self.name, events.NAMES[kind])
        return values[-1]

    def heard_of(self, lease):
        """Numbers of the frames of one burst that the speaker played, in order."""
        return [number for each, number in self.played if each == lease and lease]


class Venue:
    """`loss_percent` and `jitter_ms` apply to every datagram, both ways. `is_clear`: engines below
    the seal, for tests that hand them datagrams of their own making."""

    def __init__(
        self,
        badges=3,
        seed=1,
        loss_percent=0,
        delay_ms=2,
        jitter_ms=0,
        start_ms=1000,
        loses=None,
        is_lazy=False,
        is_clear=False,
        roster=None,
    ):
        self.prng = Prng(seed)
        self.loss_percent = loss_percent
        self.delay_ms = delay_ms
        self.jitter_ms = jitter_ms
        self.loses = loses  # called with (data, source, destination); True loses the datagram
        self.is_lazy = is_lazy  # engines are called when they asked for it, not at every step
        self.now_ms = start_ms
        self.is_clear = is_clear
        self.roster = roster or FixedRoster({})
        self.directory = Directory()
        self.leader = self.make_leader(1, seed + 1000)
        self.leader_alive = True
        self.leader_address = LEADER
        self.leader_events = []
        self.flying = []  # (due, serial, data, source, destination)
        self.serial = 0
        self.prints = {}  # decoded frame -> (lease, number)
        self.arrived = {}  # (badge index, lease) -> numbers of the frames that came
        self.passed_on = {}  # lease -> number behind the last frame that came to the leader
        self.talking = []  # indices of the badges that may talk, each time these changed
        self.trace = []
        self._pcm = array("h", bytes(FRAME_SAMPLES * 2))
        make = Participant if is_clear else make_participant
        self.badges = [Badge(index, seed * 50 + index + 1, make) for index in range(badges)]
        for badge in self.badges:
            badge.next_frame_ms = start_ms
            badge.engine.start(self.now_ms)
            self.collect(badge)

    # --- what happens ---

    def run(self, duration_ms):
        """Let the venue live for `duration_ms`, a multiple of STEP_MS."""
        for _ in range(duration_ms // STEP_MS):
            self.deliver()
            for badge in self.badges:
                if badge.alive:
                    self.step(badge)
            if self.leader_alive:
                self.let_time_pass(self.leader)
                self.collect_leader()
            self.look_who_talks()
            self.now_ms = clock.add(self.now_ms, STEP_MS)
        return self

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

    def restart_leader(self, term, seed=77):
        self.leader = self.make_leader(term, seed)
        self.leader_alive = True

    def make_leader(self, term, seed):
        if self.is_clear:
            return Leader(term, seed, None, self.roster)
        return make_leader(term, seed, None, self.roster, self.directory)

    def badge(self, name):
        return self.badges[LETTERS.index(name)]

    # --- how it happens ---

    def step(self, badge):
        engine = badge.engine
        self.let_time_pass(engine)
        while clock.since(self.now_ms, badge.next_frame_ms) >= 0:
            badge.next_frame_ms = clock.add(badge.next_frame_ms, FRAME_MS)
            if badge.hears_itself:
                engine.write_microphone(badge.speak(), self.now_ms)
            pcm = engine.read_speaker(self.now_ms)
            if pcm is not None:
                badge.played.append(self.prints.get(bytes(pcm), CONCEALED))
        self.collect(badge)

    def let_time_pass(self, engine):
        due_ms = engine.next_timeout_ms()
        is_due = due_ms != clock.NEVER and clock.since(self.now_ms, due_ms) >= 0
        if is_due or not self.is_lazy:
            engine.handle_timeout(self.now_ms)

    def look_who_talks(self):
        talking = [b.index for b in self.badges if b.alive and b.engine.floor.may_send()]
        if not self.talking or self.talking[-1] != talking:
            self.talking.append(talking)

    def collect(self, badge):
        self.fetch(badge.engine, badge.address)
        self.take_events(badge.engine, badge.events, badge.name)

    def collect_leader(self):
        self.fetch(self.leader, self.leader_address)
        self.take_events(self.leader, self.leader_events, "leader")

    def take_events(self, engine, kept, who):
        while True:
            event = engine.next_event()
            if event is None:
                return
            kept.append((self.now_ms, event[0], event[1]))
            self.note(who, events.NAMES[event[0]], event[1])

    def fetch(self, engine, address):
        while True:
            outgoing = engine.poll_transmit()
            if outgoing is None:
                return
            self.send(bytes(outgoing.data), address, outgoing.destination)

    def send(self, data, source, destination):
        if destination[0] != "badge" and data[1] == VOICE_FRAME:
            self.take_prints(data, self.badges[source[1]].engine)
        lost = self.prng.below(100) < self.loss_percent
        if lost or (self.loses is not None and self.loses(data, source, destination)):
            self.note(source, "lost", "%02x %d" % (data[1], len(data)))
            return
        delay_ms = self.delay_ms
        if self.jitter_ms:
            delay_ms += self.prng.below(self.jitter_ms)
        self.serial += 1
        due_ms = clock.add(self.now_ms, delay_ms)
        self.flying.append((due_ms, self.serial, data, source, destination))

    def take_prints(self, data, talker):
        at = voice.FRAMES_AT
        if not self.is_clear:
            data = opened(data, talker)
        for index in range(voice.count(data)):
            adpcm.decode(data, at, self._pcm)
            self.prints[bytes(self._pcm)] = (voice.lease(data), voice.first(data) + index)
            at += ADPCM_FRAME_BYTES

    def deliver(self):
        due = [each for each in self.flying if clock.since(self.now_ms, each[0]) >= 0]
        self.flying = [each for each in self.flying if clock.since(self.now_ms, each[0]) < 0]
        due.sort(key=lambda each: (clock.since(each[0], self.now_ms), each[1]))
        for _, _, data, source, destination in due:
            self.note(destination, "in", "%02x %d" % (data[1], len(data)))
            if destination == self.leader_address:
                if self.leader_alive:
                    self.note_passed_on(data)
                    self.leader.receive_datagram(data, source, self.now_ms)
                    self.collect_leader()
            elif destination[0] == "badge" and self.badges[destination[1]].alive:
                self.hand_over(self.badges[destination[1]], data, source)

    def note_passed_on(self, data):
        if data[1] == VOICE_FRAME:
            end = voice.first(data) + voice.count(data)
            lease = voice.lease(data)
            self.passed_on[lease] = max(end, self.passed_on.get(lease, 0))

    def hand_over(self, badge, data, source):
        if data[1] == VOICE_FRAME:
            key = (badge.index, voice.lease(data))
            numbers = range(voice.first(data), voice.first(data) + voice.count(data))
            self.arrived.setdefault(key, set()).update(numbers)
        badge.engine.receive_datagram(data, source, self.now_ms)
        self.collect(badge)

    def note(self, who, what, value):
        self.trace.append("%d %s %s %s" % (self.now_ms, who, what, value))
