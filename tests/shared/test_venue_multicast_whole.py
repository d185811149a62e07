"""Voice that is sent once for many: no word is lost, whoever goes deaf or falls silent."""

from tests.shared.multicast_venue import GROUP, MANY, SETTLED_MS, Wire, heard_whole, talk, venue

from ptt.base import clock
from ptt.base.prng import Prng
from ptt.fanout import way
from ptt.fanout.again import FRAMES_MAX
from ptt.fanout.chain import DELAY, INTERVALS
from ptt.leader.settings_in_force import Settings
from ptt.multicast.listener import DEAF
from ptt.proof.known import INTERVAL_MS
from ptt.wire import messages, voice


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
    failed_ms = made.leader.voice.multicast._failed_ms
    failed_ms[1] = clock.add(failed_ms[1], -way.FAILED_MS)
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
    many = made.leader.voice.multicast
    last = many._bursts.last(1)
    assert last is not None and 3 in many.served(1, last.lease)


def test_who_hears_every_third_packet_asks_for_the_rest():
    """Never silent for long enough to be deaf: a weak signal, or what somebody sends again."""
    for period, missed_max, asks in ((2, 1, 0), (3, 12, 1)):
        made = venue()
        wire = Wire(made)
        wire.hears_nth[3] = period
        lease = talk(made, 3000)
        assert len(wire.asked) == asks
        missed = [made.passed_on[lease] - len(each.heard_of(lease)) for each in made.badges[1:]]
        assert missed.pop(2) <= missed_max and not any(missed)


def test_who_hears_it_after_all_needs_no_copies_to_its_end():
    """When the burst began, its last report said that too few probes came. One that loses much
    says nothing, and goes on to get copies."""
    for lost_of_six, alone in ((0, 0), (2, 1)):
        made = venue()
        node = made.badges[3].engine.join.node
        made.leader.voice.multicast.ears.on_missed(node)
        wire = Wire(made)
        count = [0]

        def loses(data, source, destination, look=wire.look, count=count, lost=lost_of_six):
            if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 3):
                count[0] += 1
                if count[0] % 6 < lost:
                    return True
            return look(data, source, destination)

        made.loses = loses
        made.press("A")
        made.run(1000)
        assert wire.alone[3]
        wire.alone.clear()
        made.run(1000)
        lease = made.badge("A").engine.floor.lease
        made.release("A")
        made.run(2500)
        heard_whole(made, lease)
        assert wire.alone.get(3, 0) == 0 if not alone else wire.alone[3] > 15
        assert wire.again == ([] if alone else [3]) and not wire.asked


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
    ((_, watch),) = made.badges[3].ears._watches.all()
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
    assert deaf not in many.served(1, lease)
    many.on_heard_again(99, 1, lease, made.now_ms)
    assert 99 not in many.served(1, lease)  # it has never reported what it can prove
    for _ in range(3):
        assert many.on_missed(missing, 1, lease, 0, made.now_ms)
        many.on_heard_again(missing, 1, lease + 1, made.now_ms)
        assert missing not in many.served(1, lease)  # another burst
        many.on_heard_again(missing, 1, lease, made.now_ms)
        assert missing in many.served(1, lease)
    assert many.on_missed(missing, 1, lease, 0, made.now_ms)
    many.on_heard_again(missing, 1, lease, made.now_ms)
    assert missing not in many.served(1, lease)
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
    soon = [end - first for at_ms, first, end in alone if at_ms < began_ms + 40]
    assert sum(soon) >= FRAMES_MAX > 2 * len(soon)  # in packets of three
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
        prover.open(keys.number, DELAY, *keys.anchor(made.now_ms), age_ms, made.now_ms, made.now_ms)
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
