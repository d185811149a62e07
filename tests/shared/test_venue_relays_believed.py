"""Relays: what is believed of what they send and say."""

from tests.shared.multicast_venue import heard_whole, talk
from tests.shared.relay_venue import LEADER, ONE, SETTLED_MS, TWO, RelayVenue, asked, venue

from ptt.base.clock import NEVER
from ptt.base.numbers import ADPCM_FRAME_BYTES, CALL_GROUP_FIRST, JITTER_FRAMES_MAX
from ptt.leader import relays as leaders
from ptt.leader.outbound import Copies
from ptt.leader.settings_in_force import Settings
from ptt.relayed.ear import HEARING, NONE
from ptt.wire import envelope, messages, refusal, voice


def copy_of(made, index):
    """A voice packet that a relay sends to badge `index`."""
    seen = []

    def look(data, source, destination):
        if destination == ("badge", index) and data[1] == messages.VOICE_FRAME:
            seen.append((data, source))
        return False

    made.loses = look
    talk(made, 800)
    made.loses = None
    assert seen and seen[0][1] in (ONE, TWO)
    return seen[0]


def test_only_the_relay_of_a_badge_is_believed():
    made = venue()
    data, source = copy_of(made, 3)
    ear = made.badges[3].ears
    counted = made.badges[3].engine.refusals

    def refused(reason, data, source):
        before = counted[reason]
        ear.receive_datagram(data, source, made.now_ms)
        assert counted[reason] == before + 1, refusal.NAMES[reason]

    refused(refusal.REPLAY, data, source)
    refused(refusal.SOURCE, data, ("stranger", 7))
    forged = bytearray(data)
    envelope.put32(forged, envelope.SEQ_AT, envelope.seq(data) + 1000)
    envelope.put_crc(forged, envelope.header_crc(forged, envelope.payload_crc(forged)))
    refused(refusal.TAG, bytes(forged), source)
    refused(refusal.TAG, bytes(forged), LEADER)


def voice_of(made, index, group, lease, talker, way, mark=0):
    """A voice packet by which a relay deceives badge `index`; `way`: its link there."""
    end = voice.FRAMES_AT + ADPCM_FRAME_BYTES
    data = bytearray(end + envelope.TAG_BYTES)
    voice.write_fields(data, group, messages.CODEC_IMA_ADPCM, talker, lease, 0, False, 1)
    envelope.write_header(data, end, messages.VOICE_FRAME, 0, 1, 0, made.now_ms)
    data[envelope.FLAGS_AT] = envelope.FLAG_SEALED
    data[envelope.MARK_AT] = mark
    way.address = ("badge", index)
    copy = Copies(data, envelope.payload_crc(data), [way]).next()
    assert copy is not None and copy.seal()
    return bytes(copy.data)


def way_to(made, index):
    """A relay's link to badge `index`, and the member."""
    (member,) = [each for each in made.leader.members.all() if each.address == ("badge", index)]
    relay = made.relays[made.relayed()[index]]
    return relay._links[member.node][1], member


def test_a_standby_that_was_removed_is_not_believed():
    for options in ({}, {"relays": 1}):
        made = venue(**options)
        index = min(each for each, host in made.relayed().items() if host == ONE)
        way, member = way_to(made, index)
        engine = made.badges[index].engine
        del made.leader.voice.relays.hosts[ONE]
        made.run(SETTLED_MS)
        assert ONE not in [each.way.address for each in made.badges[index].ears._relays]
        before = engine.refusals[refusal.SOURCE]
        data = voice_of(made, index, member.groups[0], 9, 99, way)
        made.badges[index].ears.receive_datagram(data, ONE, made.now_ms)
        assert engine.refusals[refusal.SOURCE] == before + 1


def test_the_relay_before_ends_its_burst_and_no_more():
    made = venue(relays=1)
    ear = made.badges[2].ears
    made.press("A")
    made.run(1000)
    made.leader.voice.relays.hosts = {}
    made.run(500)
    assert ear.state == NONE and len(ear._relays) == 1
    made.release("A")
    made.run(2500)
    assert ear._relays == []


def test_the_relay_before_is_forgotten_however_long_it_speaks():
    made = venue(relays=1)
    made.press("A")
    made.run(1000)
    made.leader.voice.relays.hosts = {}
    made.run(500)
    ear = made.badges[2].ears
    (former,) = ear._relays
    assert former.until_ms != NEVER
    ear.handle_timeout(former.until_ms)
    assert ear._relays == []


def test_who_still_hears_a_relay_is_told_again():
    made = venue(relays=1)
    ear = made.badges[2].ears
    way, member = way_to(made, 2)
    made.loses = lambda data, source, destination: data[1] == messages.RELAY
    made.leader.voice.relays.hosts = {}
    made.run(1000)
    made.loses = None
    assert ear.state == HEARING
    data = voice_of(made, 2, member.groups[0], 9, 99, way)
    ear.receive_datagram(data, ONE, made.now_ms)
    made.run(12000)
    assert ear.state == NONE and ear._relays == []


def test_a_relay_says_not_who_talks():
    """It has the keys of its listeners: a lease beyond all others would make them deaf and dumb."""
    made = venue(relays=1)
    way, member = way_to(made, 2)
    badge = made.badges[2]
    group = member.groups[0]
    mark = made.leader.keys.current(group)[0] & 255
    before = badge.engine.floor.seen_lease
    for at in range(JITTER_FRAMES_MAX + 12):
        data = voice_of(made, 2, group, 0x3FFFFF00 + at, 99, way, mark)
        badge.ears.receive_datagram(data, ONE, made.now_ms)
    assert badge.engine.floor.seen_lease == before and badge.engine.floor.talker == 0
    assert not badge.ears._watches.all() and len(badge.ears._held) == JITTER_FRAMES_MAX
    heard_whole(made, talk(made, 800))
    heard_whole(made, talk(made, 800, who="C"), but=2)
    call = voice_of(made, 2, CALL_GROUP_FIRST, 9, 99, way, mark)
    counted = badge.engine.refusals[refusal.FIELD]
    badge.ears.receive_datagram(call, ONE, made.now_ms)
    assert badge.engine.refusals[refusal.FIELD] == counted + 1


def test_where_the_word_that_it_began_is_lost_a_burst_is_heard_whole():
    made = venue()
    taken = lambda data, source, destination: (  # noqa: E731
        data[1] == messages.FLOOR_TAKEN and destination == ("badge", 3)
    )
    made.loses = taken
    before = made.relayed()
    badge = made.badges[3]
    receive, came = badge.ears.receive_datagram, []

    def count(data, source, now_ms):
        came.append(data)
        receive(data, source, now_ms)

    badge.ears.receive_datagram = count
    counted = sum(badge.engine.refusals.as_dict().values())
    heard_whole(made, talk(made, 1600))
    assert made.relayed() == before and not asked(made)
    assert sum(badge.engine.refusals.as_dict().values()) - counted == len(came)


def test_packets_of_one_frame_wait_as_long_for_the_word_that_it_began():
    made = venue()
    made.leader.publish(Settings(version=9, own_listeners=1, packet_frames=1), made.now_ms)
    made.run(1000)
    badge = made.badges[3]
    waited = []

    def look(data, source, destination):
        ways = (destination, source) if data[1] == messages.FLOOR_TAKEN else (source, destination)
        if ways[0] != ("badge", 3) or data[1] not in (messages.FLOOR_TAKEN, messages.HEARTBEAT):
            return False
        waited.append(len(badge.ears._held))
        return max(waited) < 10

    made.loses = look
    heard_whole(made, talk(made, 1600))
    assert max(waited) >= 10


def test_a_key_that_came_across_a_change_of_keys_is_right():
    made = RelayVenue(relays=1)
    badge = made.badges[2]
    kept = []

    def keep(data, source, destination):
        if destination == ("badge", 2) and data[1] == messages.RELAY:
            kept.append(bytes(data))
            return True
        return False

    made.loses = keep
    while not kept:
        made.run(100)
    badge.engine.door.due_ms = made.now_ms
    while badge.engine.link.former is None:
        made.run(5)
    made.loses = None
    badge.ears.receive_datagram(kept[-1], LEADER, made.now_ms)
    made.run(2000)
    assert badge.ears.state == HEARING
    assert badge.engine.refusals[refusal.TAG] == 0


def test_a_key_under_which_nothing_came_is_replaced():
    made = RelayVenue(relays=1)
    badge = made.badges[2]
    made.loses = lambda data, source, destination: source == ONE
    while not badge.ears._relays:
        made.run(100)
    badge.ears._relays[0].way.keys = badge.engine.link.keys
    made.loses = None
    made.run(3000)
    assert badge.ears.state == HEARING


def test_a_way_that_has_gone_silent_is_left_before_anybody_talks():
    made = venue()
    index = min(each for each, host in made.relayed().items() if host == ONE)
    made.loses = lambda data, source, destination: source == ONE and destination[1] == index
    made.run(leaders.PROBE_MS * 9)
    assert made.relayed().get(index) != ONE
    made.by_relay.clear()
    heard_whole(made, talk(made, 800))
    assert not asked(made)


def test_a_relay_says_nothing_but_voice():
    """Floor, settings and texts are the leader's: sealed under a relay's key, they are nobody's."""
    made = venue()
    data, source = copy_of(made, 3)
    other = bytearray(data)
    other[envelope.TYPE_AT] = messages.ROLE_ANNOUNCE
    envelope.put_crc(other, envelope.header_crc(other, envelope.payload_crc(other)))
    counted = made.badges[3].engine.refusals
    before = counted[refusal.ACCEPTED]
    made.badges[3].ears.receive_datagram(bytes(other), source, made.now_ms)
    assert counted[refusal.ACCEPTED] == before


def test_a_relays_load_is_not_believed_below_what_it_has():
    made = venue(badges=10)
    made.relays[ONE].load_percent = 0
    made.relays[TWO].load_percent = 60
    made.run(12000)
    found = list(made.relayed().values())
    assert found.count(ONE) > found.count(TWO)
    standing = made.leader.voice.relays.standing(ONE, made.now_ms)
    assert standing is not None
    standing.members = 100
    assert standing.cost >= 78


def test_a_relay_whose_word_of_its_load_changes_every_second_moves_nobody_for_long():
    made = venue(relays=1, badges=8)
    told = []
    made.loses = lambda data, source, destination: data[1] == messages.RELAY and told.append(data)
    for second in range(40):
        made.relays[ONE].load_percent = 0 if second % 2 else 100
        made.run(1000)
    assert len(told) < 5 * 2 * 7  # seven come and go a few times, not each second


def test_a_relay_obeys_its_own_leader_alone():
    made = venue()
    relay = made.relays[ONE]
    before = relay.packets
    leader = made.leader.voice.relays
    for term in (0, 2):
        leader._term = term
        leader._give(ONE, [2, 3], leader._probe_of(1, made.now_ms))
    made.carry(made.leader)
    assert relay.packets == before and relay.refusals[refusal.STALE] == 2


def test_a_relay_keeps_no_way_to_who_has_gone():
    made = venue(relays=1)
    relay = made.relays[ONE]
    for index in (1, 2, 3):
        (gone,) = [each for each in made.leader.members.all() if each.address == ("badge", index)]
        made.leader.drop(gone, made.now_ms)
        made.run(SETTLED_MS)
    members = {each.node for each in made.leader.members.all()}
    assert set(relay._links) <= members and len(made.relayed()) == 5
