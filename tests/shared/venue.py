"""A small deterministic venue for tests: one leader, some badges, a network that can misbehave.

Runs on both runtimes. Virtual time jumps to the next instant at which anything is due: a datagram,
a timer of an engine, a frame that a microphone or speaker wants. Every random choice comes from the
seed, so that the same seed gives the same trace, byte for byte.
"""

from array import array

from tests.shared import marks
from tests.shared.clear import ClearLeader, clear_participant
from tests.shared.fixed_roster import FixedRoster
from tests.shared.keys import Directory, make_leader, make_participant, opened

from ptt.base import clock, events
from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_MS, FRAME_SAMPLES
from ptt.base.prng import Prng
from ptt.media import dsp
from ptt.multicast.listener import Listener
from ptt.wire import voice
from ptt.wire.messages import CODEC_IMA_ADPCM, VOICE_FRAME

if TYPE_CHECKING:
    from typing import Any

LEADER = ("leader", 1)
EAGER_MS = 5  # badges look at their button, microphone and speaker about this often
REST_MS = 1000  # an empty venue is looked at this often
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

CONCEALED = (0, 0)  # what `Badge.played` holds for a frame that nobody spoke


class Badge:
    """A participant with a microphone that counts and a speaker that remembers."""

    def __init__(self, index, seed, make):
        self.index = index
        self.name = LETTERS[index % 26] + str(index // 26)
        self.address: tuple = ("badge", index)
        device = bytes([index >> 8, index & 255, 0, 0, 0, 0, 0, seed & 255])
        self.engine = make(device, self.name.encode(), b"test", LEADER, seed)
        self.ears: "Any" = None  # a `Listener`, where it hears multicast
        self.alive = True
        self.hears_itself = True  # False: its microphone has stopped
        self.events = []
        self.spoken = 0  # microphone frames so far: the sample values, so frames differ
        self.count = 0  # frames of its burst, where a test counts them
        self.played = []  # (lease, number) of each frame that the speaker played
        self.pcm = array("h", bytes(FRAME_SAMPLES * 2))
        self.next_frame_ms = 0
        self.wake_ms = 0  # when it has work next, or NEVER; set anew whenever it was called

    def is_sounding(self):
        """Does its microphone or speaker have a frame that matters?"""
        return self.engine.floor.wants_speech() or not self.engine.playout.is_quiet()

    def skip_silence(self, now_ms):
        """Pass over the frames before `now_ms`, which mattered to nobody."""
        passed_ms = clock.since(now_ms, self.next_frame_ms)
        frames = (passed_ms + FRAME_MS - 1) // FRAME_MS
        if frames > 0:
            self.next_frame_ms = clock.add(self.next_frame_ms, frames * FRAME_MS)
            if self.hears_itself:
                self.spoken += frames

    def speak(self, is_coded):
        """Fill `pcm` with the next frame of a voice that is only this badge's."""
        self.spoken += 1
        if not is_coded:
            marks.speak(self.pcm, self.index, self.spoken)
            return self.pcm
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
    the seal, for tests that make datagrams themselves. `is_coded`: sound is coded as on a badge,
    not marked. `hears_multicast`: badges do where the leader sends it. `is_eager`: engines are
    called every 5 ms as well, not only when they asked for it."""

    def __init__(
        self,
        badges=3,
        seed=1,
        loss_percent=0,
        delay_ms=2,
        jitter_ms=0,
        start_ms=1000,
        loses=None,
        is_eager=False,
        is_clear=False,
        is_coded=False,
        roster=None,
        hears_multicast=False,
    ):
        self.prng = Prng(seed)
        self.loss_percent = loss_percent
        self.delay_ms = delay_ms
        self.jitter_ms = jitter_ms
        self.loses = loses  # called with (data, source, destination); True loses the datagram
        self.is_eager = is_eager
        self.now_ms = start_ms
        self.is_clear = is_clear
        self.is_coded = is_coded
        marks.use(is_coded)
        self.roster = roster or FixedRoster({})
        self.directory = Directory()
        self.leader = self.make_leader(1, seed + 1000)
        self.leader_alive = True
        self.leader_wake_ms = start_ms
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
        make = clear_participant if is_clear else make_participant
        self.badges = [Badge(index, seed * 50 + index + 1, make) for index in range(badges)]
        for badge in self.badges:
            badge.next_frame_ms = start_ms
            if hears_multicast:
                badge.ears = Listener(badge.engine)
            self.equip(badge)
            badge.engine.start(self.now_ms)
            self.collect(badge)

    def equip(self, badge):
        """Give `badge`, which is not started yet, what venues of this kind have."""

    # --- what happens ---

    def run(self, duration_ms):
        """Let the venue live for `duration_ms`; what is due at its end happens in the next run."""
        self.run_until(duration_ms, lambda: False)
        return self

    def run_until(self, limit_ms, is_so):
        """Let the venue live until `is_so()`, at most `limit_ms`; returns how long, or None."""
        passed_ms = 0
        self.wake()
        while passed_ms < limit_ms:
            self.live()
            if is_so():
                return passed_ms
            step_ms = min(self.next_due_ms(), limit_ms - passed_ms)
            passed_ms += step_ms
            self.now_ms = clock.add(self.now_ms, step_ms)
        return None

    def wake(self):
        """Look at everybody in the first instant: the test may have called engines itself."""
        for badge in self.badges:
            badge.wake_ms = self.now_ms
        self.leader_wake_ms = self.now_ms

    def live(self):
        """All that is due now."""
        self.deliver()
        for badge in self.badges:
            if badge.alive and self.is_due(badge.wake_ms):
                self.step(badge)
        if self.leader_alive and self.is_due(self.leader_wake_ms):
            self.let_time_pass(self.leader)
            self.collect_leader()
            self.leader_wake_ms = self.wake_ms(self.leader)
        self.look_who_talks()

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
            return ClearLeader(term, seed, None, self.roster)
        return make_leader(term, seed, None, self.roster, self.directory)

    def badge(self, name):
        return self.badges[LETTERS.index(name)]

    # --- how it happens ---

    def next_due_ms(self):
        """The milliseconds, at least one, until anything is due."""
        left_ms = [clock.since(due_ms, self.now_ms) for due_ms in self.dues() if due_ms >= 0]
        return max(min(left_ms), 1) if left_ms else REST_MS

    def dues(self):
        """When each part of the venue has work next, or NEVER."""
        dues = [each[0] for each in self.flying]
        dues += [badge.wake_ms for badge in self.badges if badge.alive]
        if self.leader_alive:
            dues.append(self.leader_wake_ms)
        return dues

    def wake_ms(self, engine):
        """When to call an engine next."""
        due_ms = engine.next_timeout_ms()
        return clock.earliest(due_ms, clock.add(self.now_ms, EAGER_MS)) if self.is_eager else due_ms

    def is_due(self, then_ms):
        return then_ms != clock.NEVER and clock.since(self.now_ms, then_ms) >= 0

    def step(self, badge):
        engine = badge.engine
        self.let_time_pass(engine)
        badge.skip_silence(self.now_ms)
        if badge.next_frame_ms == self.now_ms:
            badge.next_frame_ms = clock.add(self.now_ms, FRAME_MS)
            self.pass_sound(badge)
        self.collect(badge)
        badge.wake_ms = self.wake_ms(engine)
        if badge.is_sounding():
            badge.wake_ms = clock.earliest(badge.wake_ms, badge.next_frame_ms)

    def pass_sound(self, badge):
        """One frame from the microphone, one to the speaker."""
        engine = badge.engine
        if badge.hears_itself:
            engine.write_microphone(badge.speak(self.is_coded), self.now_ms)
        pcm = engine.read_speaker(self.now_ms)
        if pcm is not None:
            badge.played.append(self.prints.get(bytes(pcm), CONCEALED))

    def let_time_pass(self, engine):
        if self.is_eager or self.is_due(engine.next_timeout_ms()):
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
        if isinstance(destination[0], bytes):
            for badge in self.badges:
                if badge.ears is not None and badge.ears.place == destination:
                    self.send(data, source, badge.address)
            return
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
        if voice.codec(data) != CODEC_IMA_ADPCM:
            return  # what it sounds like depends on the frames before
        at = voice.FRAMES_AT
        if not self.is_clear:
            data = opened(data, talker)
        for index in range(voice.count(data)):
            dsp.ima_decode(data, at, self._pcm)
            self.prints[bytes(self._pcm)] = (voice.lease(data), voice.first(data) + index)
            at += ADPCM_FRAME_BYTES

    def deliver(self):
        due = [each for each in self.flying if self.is_due(each[0])]
        if not due:
            return
        self.flying = [each for each in self.flying if not self.is_due(each[0])]
        due.sort(key=lambda each: (clock.since(each[0], self.now_ms), each[1]))
        for _, _, data, source, destination in due:
            self.note(destination, "in", "%02x %d" % (data[1], len(data)))
            if destination == self.leader_address:
                if self.leader_alive:
                    self.note_passed_on(data)
                    self.leader.receive_datagram(data, source, self.now_ms)
                    self.leader_wake_ms = self.now_ms
                    self.collect_leader()
            elif destination[0] == "badge":
                badge = self.badges[destination[1]]
                if badge.alive and destination == badge.address:
                    self.hand_over(badge, data, source)

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
        (badge.ears or badge.engine).receive_datagram(data, source, self.now_ms)
        badge.wake_ms = self.now_ms
        self.collect(badge)

    def note(self, who, what, value):
        self.trace.append("%d %s %s %s" % (self.now_ms, who, what, value))
