"""Voice that is sent once for many: what is believed, and what is not."""

from tests.shared.multicast_venue import (
    GROUP,
    MANY,
    SETTLED_MS,
    Wire,
    forged,
    heard_whole,
    multicast_to,
    of_kind,
    talk,
    venue,
)
from tests.shared.venue import LEADER, Venue

from ptt.base import events
from ptt.fanout.chain import DELAY
from ptt.leader.settings_in_force import Settings
from ptt.multicast.listener import DEAF, HEARING
from ptt.proof import layout
from ptt.proof.known import INTERVAL_MS, WALK_MAX
from ptt.wire import envelope, messages, refusal


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


def test_a_flood_of_forgeries_takes_no_word_away():
    """They come faster than their keys are told, and fill what waits for its proof."""
    made = venue()
    wire = Wire(made)
    sent = []

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 1):
            for number in range(40):

                def change(copy, number=number):
                    envelope.put16(copy, layout.VOICE_AT + 14 + 8, len(sent) * 40 + number)

                multicast_to(made, 1, forged(data, change))
            sent.append(data)
        return wire.look(data, source, destination)

    made.loses = look
    heard_whole(made, talk(made, 2400))
    assert made.badges[1].engine.refusals[refusal.LIMIT] > len(sent) > 20
    assert 1 in wire.alone


def test_forgeries_now_and_then_keep_nobody_who_has_gone_deaf_from_asking():
    """Each comes when the one before was found out, by a key that is sent on for that, and before
    the silence is long enough."""
    made = venue()
    wire = Wire(made)
    sent = []

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 1) and 1 in wire.deaf:
            sent.append(data)
            if len(sent) % 7 == 1:
                multicast_to(made, 1, forged(data, lambda copy: None))
            elif len(sent) % 7 == 0:
                telling = bytearray(data[0 : layout.PROBE_END + envelope.TAG_BYTES])
                telling[envelope.TYPE_AT] = messages.MULTICAST_PROBE
                envelope.put16(telling, envelope.LENGTH_AT, layout.PROBE_END - 24)
                multicast_to(made, 1, forged(telling, lambda copy: None))
        return wire.look(data, source, destination)

    made.loses = look
    lease = talk(made, 2400, meanwhile=lambda: wire.deaf.add(1))
    assert len(sent) > 40 and wire.asked
    # What it heard last proves itself by the first of these keys: it asks a little too late.
    assert len(made.badges[1].heard_of(lease)) >= made.passed_on[lease] - 6


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


def test_who_slept_or_had_its_clock_set_back_accuses_nobody_and_hears_it_again():
    """What seems to come too early has a key that only the leader can have made."""
    made = venue()
    wire = Wire(made)
    prover = made.badges[3].ears.prover
    before = prover.forged

    def sleep():
        prover._age_ms -= 600

    lease = talk(made, 2400, meanwhile=sleep)
    heard_whole(made, lease)
    assert prover.forged == before and not prover.is_behind
    assert not [kind for _, kind, _ in made.leader_events if kind == events.FORGED]
    made.run(SETTLED_MS)
    wire.alone.clear()
    heard_whole(made, talk(made, 800))
    assert not wire.alone


def test_who_was_deaf_for_longer_than_it_walks_accuses_nobody_and_asks_at_once():
    """The keys that come lie too far from the one that it knows to tell whose they are."""
    made = venue()
    wire = Wire(made)
    wire.deaf.add(3)
    ears = made.badges[3].ears
    made.run(WALK_MAX * INTERVAL_MS + 1500)
    assert ears.state == DEAF
    known = ears.prover._known
    wire.deaf.clear()
    made.run(1200)
    assert ears.prover._known is not known and not ears.prover.is_behind
    heard_whole(made, talk(made, 800))
    made.run(SETTLED_MS)
    assert ears.prover.forged == 0 and ears.state == HEARING
    assert not [kind for _, kind, _ in made.leader_events if kind == events.FORGED]


def test_a_forged_key_that_comes_too_early_is_reported_and_costs_little():
    made = venue()
    seen = of_kind(made, messages.MULTICAST_PROBE, lambda: made.run(1500))
    ears = made.badges[1].ears
    prover = ears.prover
    before = prover.forged
    walked = []
    proves = prover._known.proves
    prover._known.proves = lambda *key: walked.append(1) or proves(*key)

    def change(data):
        envelope.put16(data, layout.INTERVAL_AT, envelope.get16(data, layout.INTERVAL_AT) + 100)

    for _ in range(50):
        multicast_to(made, 1, forged(seen[-1], change))
    assert prover.forged == before + 50 and not prover.is_behind
    assert len(walked) == 1
    assert ears.state == HEARING
