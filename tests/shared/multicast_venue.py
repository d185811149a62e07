"""A venue whose voice is sent once for many, and the wire that it comes by."""

from tests.shared.venue import LEADER, Venue

from ptt.leader.settings_in_force import Settings
from ptt.proof.known import tag
from ptt.wire import envelope, messages

GROUP = 258  # 239.255.1.2
MANY = (messages.MULTICAST_VOICE, messages.MULTICAST_PROBE)
SETTLED_MS = 13000  # joined, eight probes and a report


def venue(badges=8, **options):
    """A venue whose leader sends to many, and whose badges have told it that they hear it."""
    made = Venue(badges=badges, hears_multicast=True, **options)
    made.leader.publish(Settings(version=2, multicast_group=GROUP), made.now_ms)
    made.run(2500)
    for badge in made.badges:
        badge.ears._probes = list(range(-8, 2))  # as if it had been there for long
    return made.run(1500)


class Wire:
    """What goes to each badge, by type; `deaf`: badges to which no multicast comes."""

    def __init__(self, made, deaf=()):
        self.deaf = set(deaf)
        self.alone = {}  # VOICE_FRAMEs, by badge
        self.many = {}  # MULTICAST_VOICEs
        self.asked = []  # (badge, first) of each MULTICAST_MISSED
        self.again = []  # badge of each MULTICAST_HEARD
        self.lost_again = 0  # of these, so many do not reach the leader
        self.hears_nth = {}  # badge -> n: it hears but every nth packet by multicast
        made.loses = self.look

    def look(self, data, source, destination):
        kind = data[1]
        if kind == messages.MULTICAST_MISSED:
            self.asked.append((source[1], envelope.get16(data, 29)))
        if kind == messages.MULTICAST_HEARD:
            self.again.append(source[1])
            return len(self.again) <= self.lost_again
        if destination[0] == "badge":
            index = destination[1]
            if kind in MANY and index in self.deaf:
                return True
            if kind == messages.VOICE_FRAME:
                self.alone[index] = self.alone.get(index, 0) + 1
            elif kind == messages.MULTICAST_VOICE:
                self.many[index] = self.many.get(index, 0) + 1
                return self.many[index] % self.hears_nth.get(index, 1) != 0
        return False


def talk(made, hold_ms, who="A", meanwhile=None):
    made.press(who)
    made.run(hold_ms // 2)
    if meanwhile is not None:
        meanwhile()
    made.run(hold_ms // 2)
    lease = made.badge(who).engine.floor.lease
    made.release(who)
    made.run(2500)
    return lease


def heard_whole(made, lease, but=0):
    """Everybody except badge `but` heard all that was spoken, once and in order."""
    spoken = list(range(made.passed_on[lease]))
    assert len(spoken) > 5
    for badge in made.badges:
        if badge.index != but:
            assert badge.heard_of(lease) == spoken, badge.name
    return len(spoken)


def multicast_to(made, index, data, source=LEADER):
    made.badges[index].ears.receive_datagram(data, source, made.now_ms)


def forged(data, change, chain_key=b"\x01" * 16):
    """`data` changed and sealed anew, as somebody without the leader's keys can do."""
    made = bytearray(data)
    change(made)
    end = len(made) - envelope.TAG_BYTES
    envelope.put_crc(made, envelope.header_crc(made, envelope.payload_crc(made)))
    made[end:] = tag(chain_key, made, end)[0:8]
    return bytes(made)


def of_kind(made, kind, run):
    """The first datagram of `kind` that goes to badge 1 while `run` runs."""
    seen = []

    def look(data, source, destination):
        if data[1] == kind and destination == ("badge", 1):
            seen.append(bytes(data))
        return False

    made.loses = look
    run()
    made.loses = None
    assert seen
    return seen
