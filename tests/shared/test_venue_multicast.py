"""Voice that is sent once for many: who gets it, and its parts."""

from tests.shared.multicast_venue import GROUP, SETTLED_MS, Wire, heard_whole, talk, venue
from tests.shared.venue import Venue

from ptt.base import events
from ptt.base.numbers import FRAME_MS
from ptt.fanout import way
from ptt.fanout.chain import DELAY, Chain
from ptt.fanout.discloser import Discloser
from ptt.leader.settings_in_force import Settings
from ptt.multicast.listener import DEAF, HEARING, NOWHERE
from ptt.proof import hearing, layout
from ptt.proof.known import INTERVAL_MS, WALK_MAX, Known
from ptt.wire import envelope, messages, refusal, voice


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


def test_who_talks_does_not_ask_for_its_own_burst():
    made = venue()
    wire = Wire(made)
    heard_whole(made, talk(made, 1600, meanwhile=lambda: wire.deaf.add(0)))
    assert wire.many[0] and not wire.asked


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
        again = layout.older(both, layout.as_voice(both))
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
        assert hearing.hears(probes, before) == expected, (hex(probes), before)


def test_how_many_must_hear_it():
    begin = [n for n in range(40) if way.is_worth_it([7] * n, 1, False)]
    stay = [n for n in range(40) if way.is_worth_it([7] * n, 1, True)]
    assert begin == list(range(6, 40)) and stay == list(range(4, 40))
    assert not way.is_worth_it([1, 2, 3, 4, 5, 6], 1, False)  # each access point has one of them
