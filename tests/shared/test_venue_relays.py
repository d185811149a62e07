"""Relays: who is sent voice by which host, what is believed, and that no word is lost."""

from tests.shared.failover_venue import HOST
from tests.shared.relay_venue import SETTLED_MS, RelayVenue
from tests.shared.test_venue_multicast import heard_whole, talk

from ptt.base import events, features
from ptt.base.clock import NEVER
from ptt.base.numbers import ADPCM_FRAME_BYTES, CALL_GROUP_FIRST
from ptt.fanout import assign
from ptt.fanout.assign import CROWDED, LOSSY, ROOM, UNABLE, UNEVEN, Choice, Standing
from ptt.leader import relayed_listener
from ptt.leader import relays as leaders
from ptt.leader.outbound import Copies
from ptt.leader.settings_in_force import Settings
from ptt.relayed.ear import HEARING, NONE
from ptt.wire import envelope, messages, refusal, voice

LEADER = ("leader", 1)
ONE, TWO = ("standby", 1), ("standby", 2)


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


# --- who sends ---


def test_off_nothing_is_said_of_relays():
    made = venue(own=0)
    assert made.relayed() == {} and made.leader.voice.relays.poll_host() is None
    heard_whole(made, talk(made, 800))
    assert all(source == LEADER for _, source in made.by_relay)
    assert all(badge.ears.state == NONE for badge in made.badges)
    assert all(relay.packets == 0 for relay in made.relays.values())


def test_relays_send_to_whom_the_leader_does_not():
    made = venue()
    relayed = made.relayed()
    assert len(relayed) == 5 and set(relayed.values()) == {ONE, TWO}
    count = heard_whole(made, talk(made, 1600))
    for index, sources in senders(made).items():
        assert sources == {relayed.get(index, LEADER)}, index
    assert sum([relay.packets for relay in made.relays.values()]) >= count


def test_who_talks_is_heard_by_all_whoever_serves_it():
    made = venue()
    for who in range(4):
        heard_whole(made, talk(made, 800, who="ABCDEF"[who]), but=who)


def test_a_badge_without_the_feature_is_served_by_the_leader():
    made = venue(without=(2, 3))
    assert not {2, 3} & set(made.relayed())
    heard_whole(made, talk(made, 800))
    assert senders(made)[2] == {LEADER}


def test_a_private_call_is_never_relayed():
    made = venue()
    made.badge("A").engine.call(made.badge("B").engine.join.node, made.now_ms)
    made.run(1000)
    made.release("A")
    made.run(2500)
    assert set(source for _, source in made.by_relay) == {LEADER}


def test_switched_off_again_the_leader_sends_all():
    made = venue()
    made.publish(0)
    made.run(2000)
    assert made.relayed() == {}
    heard_whole(made, talk(made, 800))
    assert set(source for _, source in made.by_relay) == {LEADER}
    assert all(badge.ears.state == NONE for badge in made.badges)


def test_where_no_probe_comes_the_leader_goes_on():
    made = RelayVenue(relays=1)
    made.loses = lambda data, source, destination: source == ONE and destination[1] in (2, 4)
    made.run(12000)
    assert not {2, 4} & set(made.relayed()) and len(made.relayed()) >= 3
    heard_whole(made, talk(made, 800))


def test_a_host_that_leaves_is_relieved_before_it_goes():
    made = venue()
    made.is_leaving.add(ONE)
    made.run(8000)
    assert set(made.relayed().values()) == {TWO}
    made.dead.add(ONE)
    heard_whole(made, talk(made, 800))


def test_a_standby_that_starts_anew_gets_other_keys():
    made = venue(relays=1)
    before = made.badges[2].ears._relays[0].number
    made.start_relay(ONE, seed=50)
    made.run(8000)
    assert made.badges[2].ears._relays[0].number != before
    assert len(made.relayed()) == 5
    made.by_relay.clear()
    heard_whole(made, talk(made, 800))
    assert ONE in senders(made)[2]


def test_another_host_leads():
    made = venue()
    made.kill()
    del made.relays[ONE]
    made.take_over(1)
    made.publish(1)
    made.run(12000)
    assert set(made.relayed().values()) == {TWO}
    heard_whole(made, talk(made, 800))


# --- no word is lost ---


def test_a_relay_that_dies_amid_a_burst():
    made = venue(relays=1)
    relayed = made.relayed()
    lease = talk(made, 2400, meanwhile=lambda: made.dead.add(ONE))
    heard_whole(made, lease)
    for index in relayed:
        if index:
            assert senders(made)[index] == {ONE, LEADER}
    made.run(3000)
    assert made.relayed() == {}
    assert [value[0] for _, kind, value in made.leader_events if kind == events.RELAY_LOST] == [ONE]


def test_a_relay_that_dies_before_anybody_speaks():
    """The leader does not know yet: its last question was answered."""
    made = venue(relays=1)
    made.dead.add(ONE)
    heard_whole(made, talk(made, 1600))


def test_a_relay_that_dies_just_before_the_end():
    made = venue(relays=1)
    made.press("A")
    made.run(1500)
    made.dead.add(ONE)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)


def test_nobody_is_silent_for_long_when_a_relay_dies():
    made = venue(relays=1, badges=12)
    made.press("A")
    made.run(1500)
    made.dead.add(ONE)
    made.run(400)  # the target
    assert {index for index, source in made.by_relay if source == LEADER} >= set(range(1, 12))


def test_a_talker_who_falls_silent_costs_no_relay_its_listeners():
    made = venue()
    before = made.relayed()
    made.press("A")
    made.run(600)
    made.badge("A").hears_itself = False
    made.run(900)
    made.badge("A").hears_itself = True
    made.run(600)
    made.release("A")
    made.run(2500)
    assert made.relayed() == before
    heard_whole(made, talk(made, 800))


def test_moved_amid_a_burst_nobody_notices():
    """The plan changes for bursts to come."""
    made = venue()
    busy = []

    def leave():
        made.is_leaving.add(ONE)
        busy.append(made.relays[ONE].is_busy(made.now_ms))

    lease = talk(made, 4000, meanwhile=leave)
    heard_whole(made, lease)
    assert busy == [True] and not made.relays[ONE].is_busy(made.now_ms)
    assert not asked(made)


def test_what_a_relay_sends_twice_is_heard_once():
    made = venue()
    send = made.send

    def twice(data, source, destination):
        send(data, source, destination)
        if source in (ONE, TWO):
            send(data, source, destination)

    made.send = twice
    heard_whole(made, talk(made, 1600))
    assert made.badges[3].engine.refusals[refusal.REPLAY] > 5


# --- what is believed ---


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
    for at in range(20):
        data = voice_of(made, 2, group, 0x3FFFFF00 + at, 99, way, mark)
        badge.ears.receive_datagram(data, ONE, made.now_ms)
    assert badge.engine.floor.seen_lease == before and badge.engine.floor.talker == 0
    assert badge.ears._watches == {} and len(badge.ears._held) == 8
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


# --- the choice ---


def test_the_leader_serves_so_many_itself():
    relays = [Standing(True), Standing(True)]
    listeners = [Choice(node) for node in range(2, 12)]
    made = assign.moves(relays, listeners, 4)
    assert len(made) == 6 and {why for _, _, why in made} == {CROWDED}
    assert [relay.members for relay in relays] == [3, 3]
    assert assign.moves(relays, listeners, 4) == []


def test_only_some_are_moved_at_once():
    relays = [Standing(True, age_ms=60000)]
    listeners = [Choice(node) for node in range(2, 102)]
    assert len(assign.moves(relays, listeners, 1)) == assign.MOVES_MAX


def test_a_new_relay_gets_its_listeners_by_and_by():
    assert Standing(True, members=15).room == 1
    assert Standing(True, members=16).room == 0
    assert Standing(True, members=16, age_ms=1000).room == 16
    assert Standing(True, members=0, age_ms=100000).room == assign.LISTENERS_MAX


def test_who_is_left_goes_to_the_leader_at_once():
    for relay in (Standing(False), Standing(True, load_percent=81), Standing(True, rtt_ms=41)):
        listeners = [Choice(node, 0) for node in range(2, 60)]
        relay.members = len(listeners)
        made = assign.moves([relay], listeners, 1)
        assert len(made) == 58 and {why for _, _, why in made} == {UNABLE}


def test_who_loses_by_a_relay_gets_another():
    relays = [Standing(True, members=1), Standing(True, members=0)]
    listeners = [Choice(2, 0, loss=11), Choice(3)]
    assert assign.moves(relays, listeners, 1)[0] == (2, -1, LOSSY)
    assert listeners[0].relay in (-1, 1)


def test_a_relay_that_costs_much_more_is_relieved():
    relays = [
        Standing(True, load_percent=30, members=10),
        Standing(True, load_percent=5, members=2),
    ]
    listeners = [Choice(node, 0) for node in range(2, 12)] + [Choice(20)]
    made = assign.moves(relays, listeners, 1)
    assert made and {(place, why) for _, place, why in made} == {(1, UNEVEN)}
    relays[0].load_percent = 24
    assert assign.moves(relays, [Choice(node, 0) for node in range(2, 12)], 0) == []


def test_with_room_again_the_leader_takes_some_back():
    relays = [Standing(True, members=3)]
    listeners = [Choice(2, 0), Choice(3, 0), Choice(4, 0)]
    made = assign.moves(relays, listeners, 5)
    assert [each[1:] for each in made] == [(-1, ROOM), (-1, ROOM)]
    assert assign.moves(relays, listeners, 5) == []


def test_by_which_it_missed_voice_it_is_not_served_again():
    relays = [Standing(True)]
    assert assign.moves(relays, [Choice(2, avoided=1), Choice(3)], 1) == [(3, 0, CROWDED)]


def test_the_table_has_a_reason_for_each_move():
    assert len(assign.WHY) == ROOM + 1
    assert len(relayed_listener.STATES) == 3 and features.RELAYED == 256
    assert HEARING == 2 and len(HOST) == 4


def test_both_ways_to_many_at_once():
    """Who hears multicast gets it so; the others by relays."""
    made = RelayVenue(badges=14, hears_multicast=True)
    made.leader.publish(Settings(version=9, multicast_group=258, own_listeners=1), made.now_ms)
    made.run(2500)
    for badge in made.badges:
        if badge.index < 9:
            badge.ears.listener._probes = list(range(-8, 2))
    deaf = lambda data, source, destination: (  # noqa: E731
        data[1] in (messages.MULTICAST_PROBE, messages.MULTICAST_VOICE) and destination[1] >= 9
    )
    made.loses = deaf
    made.run(12000)
    heard_whole(made, talk(made, 1600))
    assert all(source in (ONE, TWO, LEADER) for _, source in made.by_relay)
    assert {index for index, _ in made.by_relay} == set(range(9, 14))
    assert not asked(made)


def test_a_standby_that_is_removed_while_its_offers_are_open():
    made = RelayVenue()
    made.loses = lambda data, source, destination: source in (ONE, TWO)
    made.run(3500)
    relays = made.leader.voice.relays
    assert {each.host for each in relays._listeners.values()} >= {ONE, TWO}
    relays.hosts = {TWO: (HOST, 2)}
    made.run(400)
    assert ONE not in {each.host for each in relays._listeners.values()}


def test_a_standby_that_is_removed_amid_a_burst():
    """The leader sends at once what the standby would have sent: nobody has to ask."""
    made = venue()
    lease = talk(made, 2400, meanwhile=made.leader.voice.relays.hosts.clear)
    heard_whole(made, lease)
    assert not asked(made)


def test_switched_off_amid_a_burst():
    made = venue()
    lease = talk(made, 2400, meanwhile=lambda: made.publish(0))
    heard_whole(made, lease)
    assert not asked(made)


def test_who_asks_again_and_again_is_noted_once():
    made = venue(relays=1)
    made.press("A")
    made.run(600)
    relays = made.leader.voice.relays
    ((group, burst),) = relays._bursts.items()
    link = next(iter(burst.of))
    member = made.leader.members.by_session(link.session)
    for _ in range(20):
        assert relays.on_missed(member, group, burst.lease, 65535, made.now_ms) == []
    assert len(burst._asking) == 1
    made.release("A")
    made.run(2000)
    assert relays.on_missed(member, group, burst.lease, 65535, made.now_ms) == []
    assert not burst._asking


def test_one_slow_answer_is_no_slow_relay():
    made = venue(relays=1)
    leader = made.leader.voice.relays
    relay = leader._relays[ONE]

    def answer(rtt_ms):
        echo_ms = made.now_ms - rtt_ms
        leader.on_load(ONE, [1, echo_ms, relay.number, relay.start, 0, 0], made.now_ms)

    answer(500)
    standing = leader.standing(ONE, made.now_ms)
    assert standing is not None and standing.serves
    for _ in range(3):
        answer(500)
    standing = leader.standing(ONE, made.now_ms)
    assert standing is not None and not standing.serves


def test_a_relay_that_dies_while_the_talker_is_silent():
    """The leader has nothing for who asks: they get what comes next from it, however long they
    would wait until they ask again."""
    made = venue(relays=1)
    made.press("A")
    made.run(1000)
    made.dead.add(ONE)
    made.badge("A").hears_itself = False
    made.run(500)
    made.badge("A").hears_itself = True
    before = dict(made.by_relay)
    made.run(100)
    served = [key for key in made.by_relay if made.by_relay[key] > before.get(key, 0)]
    assert {index for index, source in served if source == LEADER} == set(range(1, 6))
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)
