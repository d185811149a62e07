"""Voice that is sent once for many: who gets it, what is believed, and that no word is lost."""

from tests.shared.venue import LEADER, Venue

from ptt.base import clock, events
from ptt.base.numbers import FRAME_MS
from ptt.base.prng import Prng
from ptt.fanout import way
from ptt.fanout.again import FRAMES_MAX
from ptt.leader.settings_in_force import Settings
from ptt.multicast.listener import DEAF, HEARING, NOWHERE
from ptt.proof import layout
from ptt.proof.chain import DELAY, INTERVAL_MS, INTERVALS, WALK_MAX, Chain, Known, tag
from ptt.proof.discloser import Discloser
from ptt.wire import envelope, messages, refusal, voice

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


# --- who gets it ---


def test_off_nobody_is_told_and_nothing_is_sent_to_many():
    made = Venue(badges=8, hears_multicast=True)
    wire = Wire(made)
    made.run(SETTLED_MS)
    heard_whole(made, talk(made, 800))
    assert not wire.many and len(wire.alone) == 7
    assert all(badge.ears.state == NOWHERE and badge.ears.place is None for badge in made.badges)


def test_all_who_hear_it_get_one_transmission():
    made = venue()
    assert all(badge.ears.state == HEARING for badge in made.badges)
    wire = Wire(made)
    count = heard_whole(made, talk(made, 1600))
    assert not wire.alone and not wire.asked
    assert set(wire.many.values()) == {made.leader.voice.multicast.packets}
    assert made.leader.voice.multicast.packets >= count // 3
    receipt = [value for _, kind, value in made.leader_events if kind == events.RECEIPT][-1]
    assert receipt[1:] == (7, 7, 7)


def test_few_who_hear_it_get_a_copy_each():
    made = venue(badges=5)
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    assert not wire.many and len(wire.alone) == 4


def test_a_badge_without_the_feature_gets_its_own():
    made = Venue(badges=9, hears_multicast=True)
    made.badges[8].ears = None
    made.leader.publish(Settings(version=2, multicast_group=GROUP), made.now_ms)
    made.run(SETTLED_MS)
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    assert set(wire.alone) == {8} and set(wire.many) == set(range(8))


def test_who_never_hears_it_gets_its_own_before_anybody_speaks():
    made = Venue(badges=9, hears_multicast=True)
    wire = Wire(made, deaf=(3,))
    made.leader.publish(Settings(version=2, multicast_group=GROUP), made.now_ms)
    made.run(SETTLED_MS)
    heard_whole(made, talk(made, 800))
    assert set(wire.alone) == {3} and not wire.asked
    assert made.badges[3].ears.state == DEAF


def test_switched_off_again_all_get_their_own():
    made = venue()
    made.leader.publish(Settings(version=3), made.now_ms)
    made.run(12000)
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    assert not wire.many and len(wire.alone) == 7
    assert all(badge.ears.place is None for badge in made.badges)


def test_a_private_call_is_nobody_elses():
    made = venue()
    wire = Wire(made)
    made.badge("A").engine.call(made.badge("B").engine.join.node, made.now_ms)
    made.run(1000)
    made.release("A")
    made.run(2500)
    assert wire.alone and not wire.many


# --- no word is lost ---


def test_half_of_them_deaf_in_the_middle_of_a_word():
    made = venue(badges=12)
    wire = Wire(made)
    lease = talk(made, 2400, meanwhile=lambda: wire.deaf.update(range(1, 12, 2)))
    heard_whole(made, lease)
    assert set(wire.alone) == set(range(1, 12, 2))
    assert {index for index, _ in wire.asked} == set(wire.alone)


def alone_after(made, wire):
    """How many get the next burst alone, when all hear multicast again and have said so."""
    wire.deaf.clear()
    made.run(12000)
    wire.alone.clear()
    heard_whole(made, talk(made, 800))
    return len(wire.alone)


def test_what_most_had_to_ask_for_is_not_sent_once_again_for_a_while():
    made = venue(badges=12)
    wire = Wire(made)
    lease = talk(made, 3000, meanwhile=lambda: wire.deaf.update(range(1, 9)))
    heard_whole(made, lease)
    assert set(wire.alone) == set(range(1, 9))
    assert alone_after(made, wire) == 11
    burst = made.leader.voice.multicast._bursts[1]
    burst.failed_ms = clock.add(burst.failed_ms, -way.FAILED_MS)
    assert alone_after(made, wire) == 0


def test_what_most_lost_much_of_is_not_sent_once_again():
    """As where an access point makes a copy for each, and cannot send them all."""
    for losing, alone in ((6, 0), (7, 11)):
        made = venue(badges=12)
        wire = Wire(made)
        lease = talk(made, 800)
        multicast = made.leader.voice.multicast
        for badge in made.badges[1:]:
            missed = 6 if badge.index <= losing else 5
            node = badge.engine.join.node
            multicast.on_heard(node, 1, lease, 100 - missed, missed, made.now_ms)
        assert alone_after(made, wire) == alone, losing


def test_deaf_since_the_last_probe():
    made = venue()
    wire = Wire(made, deaf=(2, 5))
    lease = talk(made, 1600)
    heard_whole(made, lease)
    assert set(wire.alone) == {2, 5}
    assert {first for _, first in wire.asked} == {0}
    made.run(3000)
    assert made.badges[2].ears.state == DEAF


def deaf_for_a_while(made, wire, index, silences=1, every_ms=2000):
    """A talks; badge `index` is deaf for 400 ms now and then. Copies to it alone after the last."""
    made.press("A")
    made.run(1000)
    for _ in range(silences):
        wire.deaf.add(index)
        made.run(400)
        wire.deaf.discard(index)
        made.run(every_ms - 400)
    wire.alone.clear()
    made.run(1000)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)
    return wire.alone.get(index, 0)


def test_who_missed_a_part_hears_the_rest_with_all_others():
    made = venue()
    wire = Wire(made)
    assert deaf_for_a_while(made, wire, 3) == 0
    assert wire.again == [3] and len(wire.asked) == 1
    assert 3 in made.leader.voice.multicast.served(1)


def test_who_goes_deaf_again_asks_again_and_three_times_comes_back():
    made = venue()
    wire = Wire(made)
    assert deaf_for_a_while(made, wire, 3, silences=3) == 0
    assert wire.again == [3, 3, 3]
    made = venue()
    wire = Wire(made)
    assert deaf_for_a_while(made, wire, 3, silences=4) > 0
    assert wire.again == [3, 3, 3]


def test_a_late_copy_makes_nobody_deaf_who_hears_it_with_all_others():
    made = venue()
    wire = Wire(made)
    made.press("A")
    made.run(1000)
    wire.deaf.add(3)
    made.run(400)
    wire.deaf.discard(3)
    made.run(1600)
    assert wire.again == [3]
    (watch,) = made.badges[3].ears._watches.values()
    assert watch.alone(False, made.now_ms) == []  # long after its leader has heard it
    wire.deaf.add(3)
    made.run(1000)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)
    assert len(wire.asked) == 2


def test_a_word_that_it_hears_again_may_be_lost():
    for lost, alone in ((1, 0), (3, 1)):
        made = venue()
        wire = Wire(made)
        wire.lost_again = lost
        assert (deaf_for_a_while(made, wire, 3, every_ms=4000) > 0) == alone
        assert len(wire.again) == min(lost + 1, 3)


def test_the_leader_bounds_how_often_one_comes_back_and_believes_nobody_else():
    made = venue(badges=12)
    many = made.leader.voice.multicast
    wire = Wire(made, deaf=(11,))
    made.run(12000)
    made.press("A")
    made.run(1000)
    lease = made.badge("A").engine.floor.lease
    missing, deaf = made.badges[3].engine.join.node, made.badges[11].engine.join.node
    many.on_heard_again(deaf, 1, lease)
    assert deaf not in many.served(1)  # it never had it
    for _ in range(3):
        assert many.on_missed(missing, 1, lease, 0, made.now_ms)
        many.on_heard_again(missing, 1, lease + 1)
        assert missing not in many.served(1)  # another burst
        many.on_heard_again(missing, 1, lease)
        assert missing in many.served(1)
    assert many.on_missed(missing, 1, lease, 0, made.now_ms)
    many.on_heard_again(missing, 1, lease)
    assert missing not in many.served(1)
    assert wire.alone


def test_deaf_just_before_the_end():
    made = venue()
    wire = Wire(made)
    made.press("A")
    made.run(1500)
    wire.deaf.update((1, 2, 3))
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)
    assert {index for index, _ in wire.asked} == {1, 2, 3}


def test_who_was_cut_off_for_long_and_comes_back_deaf_asks_again():
    made = venue()
    wire = Wire(made)
    b = made.badge("B").index
    before = made.loses
    made.press("A")
    made.run(1000)
    made.loses = lambda data, source, destination: ("badge", b) in (source, destination)
    made.run(2500)
    wire.deaf.add(b)
    made.loses = before
    made.run(1500)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard = made.badge("B").heard_of(lease)
    assert heard[-1] == made.passed_on[lease] - 1
    assert len(heard) > 80  # of some 250, more than half of which were said meanwhile


def test_what_was_missed_comes_a_few_at_a_time_and_in_order():
    """A badge that was away for long gets the newest of it, no more at once than its radio keeps,
    and what is said meanwhile behind it."""
    made = venue()
    wire = Wire(made)
    b = made.badge("B").index
    alone = []  # (when, first frame, one behind the last) of each packet to B alone
    before = wire.look

    def look(data, source, destination):
        if destination == ("badge", b) and data[1] == messages.VOICE_FRAME:
            first = voice.first(data)
            alone.append((made.now_ms, first, first + voice.count(data)))
        return before(data, source, destination)

    made.loses = look
    made.press("A")
    made.run(2000)
    wire.deaf.add(b)
    made.loses = lambda data, source, destination: (
        source == ("badge", b) or look(data, source, destination)
    )
    made.run(600)  # its first words that it misses something are lost
    made.loses = look
    made.run(1000)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    ends = [end for _, _, end in alone]
    assert ends == sorted(ends)
    frames = set([frame for _, first, end in alone for frame in range(first, end)])
    assert frames == set(range(alone[0][1], made.passed_on[lease]))
    began_ms = alone[0][0]
    times = [at_ms for at_ms, _, _ in alone]
    assert times.count(began_ms) == 4
    assert sum(at_ms < began_ms + 40 for at_ms in times) >= FRAMES_MAX
    assert max(sum(0 <= at - each < 10 for at in times) for each in times) <= 6
    assert made.badge("B").heard_of(lease)[-1] == made.passed_on[lease] - 1


def test_who_was_deaf_gets_it_by_multicast_again():
    made = venue()
    wire = Wire(made, deaf=(2,))
    talk(made, 800)
    wire.deaf.clear()
    made.run(25000)
    wire.alone.clear()
    heard_whole(made, talk(made, 800))
    assert not wire.alone


def test_losses_are_repaired_by_the_copy_behind():
    """Each tenth packet is lost; the frame comes again four packets later."""
    made = venue()
    count = [0]

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 3):
            count[0] += 1
            return count[0] % 10 == 5
        return False

    made.loses = look
    lease = talk(made, 4000)
    spoken = made.passed_on[lease]
    heard = made.badges[3].heard_of(lease)
    assert heard == sorted(set(heard))
    assert spoken - len(heard) <= spoken // 50


def test_a_bad_path_loses_no_burst():
    """Of multicast a twentieth is lost, in no order; all else is repeated below us."""
    made = venue(badges=8, seed=3, jitter_ms=20)
    chance = Prng(5)
    made.loses = lambda data, source, destination: data[1] in MANY and chance.below(20) == 0
    lease = talk(made, 4000)
    spoken = made.passed_on[lease]
    heard = [badge.heard_of(lease) for badge in made.badges[1:]]
    assert all(each == sorted(set(each)) for each in heard)
    assert sum([spoken - len(each) for each in heard]) < 7 * spoken // 100


def test_a_talker_who_falls_silent_makes_nobody_deaf():
    made = venue()
    wire = Wire(made)
    made.press("A")
    made.run(600)
    made.badge("A").hears_itself = False
    made.run(900)
    made.badge("A").hears_itself = True
    made.run(600)
    made.release("A")
    made.run(2500)
    heard_whole(made, talk(made, 800))
    assert not wire.alone and not wire.asked


def test_a_talker_who_was_a_listener_and_the_other_way_round():
    made = venue()
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    heard_whole(made, talk(made, 800, who="C"), but=2)
    assert not wire.alone and not wire.asked


def grow(made, intervals):
    """The chain of keys, older by so many at once."""
    keys = made.leader.voice.multicast._keys
    assert keys is not None
    keys._begun_ms -= intervals * INTERVAL_MS
    return keys


def test_a_new_chain_comes_in_time():
    made = venue()
    keys = made.leader.voice.multicast
    before = keys.welcome(0, made.now_ms)[3]
    grow(made, INTERVALS // 2)
    made.run(3000)
    after = keys.welcome(0, made.now_ms)[3]
    assert before != after
    made.run(12000)
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    assert not wire.alone


def test_a_burst_longer_than_a_chain_goes_on_alone():
    made = venue()
    wire = Wire(made)
    keys = grow(made, grow(made, 0).left(made.now_ms) - 25)  # a second is left
    made.leader.voice.multicast._spoken_ms = made.now_ms  # it is not changed before the burst
    for badge in made.badges:
        prover = badge.ears.prover
        prover.close()
        age_ms = keys.age_ms(made.now_ms)
        prover.open(keys.number, DELAY, *keys.anchor(made.now_ms), age_ms, made.now_ms)
    lease = talk(made, 2400)
    assert set(wire.many) == set(range(8))
    assert set(wire.alone) == set(range(1, 8))
    for badge in made.badges[1:]:
        assert made.passed_on[lease] - len(badge.heard_of(lease)) < 12  # what was on its way


def test_a_new_leader_has_its_own_keys():
    made = venue()
    made.restart_leader(2)
    made.leader.publish(Settings(version=2, multicast_group=GROUP), made.now_ms)
    made.run(8000)
    wire = Wire(made)
    heard_whole(made, talk(made, 800))
    made.run(SETTLED_MS)
    wire.alone.clear()
    heard_whole(made, talk(made, 800))
    assert not wire.alone


# --- what is believed ---


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


def test_an_insider_cannot_speak_as_the_leader():
    """It has the group's key, hears all that is sent, and may be faster than the leader."""
    made = venue()
    deliver = made.deliver
    sent = []

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 1):

            def change(copy):
                copy[layout.VOICE_AT + 14 + 8] ^= 0xFF

            sent.append(forged(data, change))
            multicast_to(made, 1, sent[-1])
        return False

    made.loses = look
    made.deliver = deliver
    lease = talk(made, 1600)
    heard_whole(made, lease)
    assert len(sent) > 20
    assert made.badges[1].ears.prover.forged == len(sent)
    made.run(11000)
    told = [value for _, kind, value in made.leader_events if kind == events.FORGED]
    assert told == [(made.badges[1].engine.join.node, len(sent))]


def test_a_forged_key_is_not_believed():
    made = venue()
    prover = made.badges[1].ears.prover
    data = of_kind(made, messages.MULTICAST_PROBE, lambda: made.run(1500))[-1]

    def change(copy):
        copy[layout.KEY_AT] ^= 1

    multicast_to(made, 1, forged(data, change))
    assert prover.forged == 1
    heard_whole(made, talk(made, 800))


def test_a_replayed_packet_is_not_heard_again():
    made = venue()
    seen = of_kind(made, messages.MULTICAST_VOICE, lambda: talk(made, 800))
    before = list(made.badges[1].played)
    refusals = made.badges[1].engine.refusals
    stale = refusals[refusal.STALE]
    for data in seen:
        multicast_to(made, 1, data)
    made.run(1000)
    assert made.badges[1].played == before
    assert refusals[refusal.STALE] - stale == len(seen)


def test_a_delayed_packet_is_not_believed():
    """Held back until its key is known to all: even what is genuine is refused then."""
    made = venue()
    held = []

    def look(data, source, destination):
        if data[1] in MANY and destination == ("badge", 1):
            held.append((made.now_ms, data))
            return True
        return False

    made.loses = look
    made.press("A")
    made.run(600)
    late = made.badges[1].ears.prover.late
    for sent_ms, data in held:
        if made.now_ms - sent_ms > (DELAY + 1) * INTERVAL_MS:
            multicast_to(made, 1, data)
    assert made.badges[1].ears.prover.late > late
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(2500)
    heard_whole(made, lease)  # it has asked for it alone, meanwhile


def test_an_insider_who_cuts_a_badge_off_cannot_speak_later():
    """The badge hears nothing, while the insider learns the keys and then speaks with them."""
    made = venue()
    keys = []
    cut = [True]

    def look(data, source, destination):
        if data[1] in MANY and destination == ("badge", 1):
            keys.append(bytes(data))
            return cut[0]
        return False

    made.loses = look
    made.press("A")
    made.run(900)
    newest, older = keys[-1], keys[-12]
    told = envelope.get16(newest, layout.INTERVAL_AT) - newest[layout.LAG_AT]
    interval = envelope.get16(older, layout.INTERVAL_AT)
    assert interval <= told  # its key is known to everybody who listens
    prover = made.badges[1].ears.prover
    assert prover.receive(older, made.now_ms) == refusal.STALE
    assert older not in prover.take()


def test_a_forged_probe_makes_nobody_hear():
    made = Venue(badges=8, hears_multicast=True)
    made.leader.publish(Settings(version=2, multicast_group=GROUP), made.now_ms)
    made.run(3000)
    seen = []

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_PROBE and destination == ("badge", 1):
            seen.append(bytes(data))
            return True
        return False

    made.loses = look
    for _ in range(12):
        made.run(1000)

        def change(copy):
            envelope.put16(copy, layout.INTERVAL_AT, envelope.get16(copy, layout.INTERVAL_AT) + 1)
            copy[layout.LAG_AT] += 1

        multicast_to(made, 1, forged(seen[-1], change))
    assert made.badges[1].ears.state == DEAF
    assert made.badges[1].ears.heard(made.now_ms) & 0xFF == 0


def test_nonsense_is_counted_and_nothing_else():
    made = venue()
    data = of_kind(made, messages.MULTICAST_VOICE, lambda: talk(made, 600))[-1]
    for size in range(len(data)):
        multicast_to(made, 1, data[0:size])
    for at in range(0, len(data), 3):
        other = bytearray(data)
        other[at] ^= 0x41
        multicast_to(made, 1, bytes(other))
        envelope.put_crc(other, envelope.header_crc(other, envelope.payload_crc(other)))
        multicast_to(made, 1, bytes(other))
    heard_whole(made, talk(made, 600))


def test_a_leader_that_names_another_place_than_multicast_is_refused():
    made = venue()
    badge = made.badges[1]
    fields = [made.now_ms, b"\x0a\x00\x00\x01", 47802, 5, 0, DELAY, 0, bytes(16)]
    assert badge.ears._on_multicast(fields, b"", LEADER, made.now_ms) == refusal.RANGE


# --- the parts ---


def test_keys_of_a_chain():
    chain = Chain(7, b"\x05" * 16)
    known = Known(7, 0, chain.key(0))
    assert known.learn(3, chain.key(3)) == {n: chain.tag_key(n) for n in (1, 2, 3)}
    assert known.learn(2, chain.key(2)) == {}  # overtaken
    assert known.learn(4, chain.key(5)) is None
    assert known.learn(2, chain.key(3)) is None
    assert known.learn(4 + WALK_MAX, chain.key(4 + WALK_MAX)) is None
    assert known.interval == 3
    assert Known(8, 0, chain.key(0)).learn(1, chain.key(1)) is None  # of another chain


def test_no_key_is_told_before_its_time():
    now_ms = 5000
    keys = Discloser(9, b"\x07" * 16, now_ms)
    data = bytearray(envelope.HEADER_BYTES + 14 + 164)
    voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 3, 4, 0, False, 1)
    envelope.write_header(data, len(data), messages.VOICE_FRAME, 0, 1, 0, now_ms)
    for step in range(0, 3000, FRAME_MS):
        packets = [keys.voice(data, None, 0, now_ms + step)]
        probe = keys.poll(now_ms + step)
        if probe is not None:
            packets.append(probe)
        for packet in packets:
            interval = envelope.get16(packet, layout.INTERVAL_AT)
            told = interval - packet[layout.LAG_AT]
            assert interval == step // INTERVAL_MS
            assert told == max(0, interval - DELAY)


def test_packets_of_two_and_three_frames_carry_as_many_older_ones():
    for count in (1, 2, 3):
        packets = []
        for first in (0, 40):
            data = bytearray(envelope.HEADER_BYTES + 14 + count * 164)
            voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 3, 4, first, True, count)
            for n in range(voice.FRAMES_AT, len(data)):
                data[n] = (first + n) & 255
            envelope.write_header(data, len(data), messages.VOICE_FRAME, 0, 1, 0, 100)
            packets.append(data)
        keys = Discloser(9, b"\x07" * 16, 100)
        both = keys.voice(packets[1], packets[0], 40, 120)
        assert envelope.check_whole(both) == layout.check(both) == refusal.ACCEPTED
        again = layout.older(both)
        assert again is not None and voice.check(again) == refusal.ACCEPTED
        assert layout.as_voice(both)[24:] == packets[1][24:]
        assert again[38:] == packets[0][38:] and voice.first(again) == 0
        assert not voice.is_last(again)


WAYS = (  # probes of sixteen, whether the listener heard before, whether it does
    (0xFFFF, False, True),
    (0x00FF, False, True),  # it has come just now
    (0x00F7, False, True),
    (0x00E7, False, False),
    (0xFFE7, False, True),  # it has heard enough before
    (0xF7E7, False, True),
    (0xF3E7, False, False),
    (0xFFFC, True, False),  # the two newest are missing
    (0xFFFE, True, True),
    (0xFF1F, True, True),
    (0xFF0F, True, False),
    (0, False, False),
)


def test_who_hears_by_its_report():
    for probes, before, expected in WAYS:
        assert way.hears(probes, before) == expected, (hex(probes), before)


def test_how_many_must_hear_it():
    begin = [n for n in range(40) if way.is_worth_it([7] * n, 1, False)]
    stay = [n for n in range(40) if way.is_worth_it([7] * n, 1, True)]
    assert begin == list(range(6, 40)) and stay == list(range(4, 40))
    assert not way.is_worth_it([1, 2, 3, 4, 5, 6], 1, False)  # each access point has one of them
