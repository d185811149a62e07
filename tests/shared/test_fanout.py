"""In how large packets voice goes to its listeners."""

from tests.shared.datagrams import datagram
from tests.shared.venue import Venue

from ptt.base.clock import NEVER
from ptt.base.numbers import FRAME_MS, FRAMES_PER_PACKET_MAX
from ptt.fanout import fanout as fan_out
from ptt.fanout.again import FRAMES_MAX, Again
from ptt.fanout.bundle import Bundle
from ptt.fanout.fanout import Fanout
from ptt.fanout.pace import AT_ONCE, PER_MS, Pace
from ptt.fanout.plan import (
    AS_NEEDED,
    BESIDE_MULTICAST,
    SHARE_PERCENT_MAX,
    UNKNOWN,
    frames_in_packet,
    on_fullest,
    share_percent,
)
from ptt.leader.settings_in_force import Settings
from ptt.wire import envelope, messages, refusal, voice


def venue(frames, badges=4, **options):
    """A venue whose packets to listeners have `frames`."""
    made = Venue(badges=badges, **options)
    made.leader.publish(Settings(version=2, packet_frames=frames), made.now_ms)
    return made.run(1500)


def watch(made):
    """(first, count, is last) of each packet to B, as they are sent."""
    seen = []

    def look(data, source, destination):
        if data[1] == messages.VOICE_FRAME and destination == ("badge", 1):
            assert envelope.check_whole(data) == voice.check(data) == refusal.ACCEPTED
            seen.append((voice.first(data), voice.count(data), voice.is_last(data)))
        return False

    made.loses = look
    return seen


def talk(made, hold_ms):
    made.press("A")
    made.run(hold_ms)
    lease = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(1500)
    return lease


def heard_whole(made, lease):
    """Every listener heard all that was spoken, once and in order."""
    spoken = made.badge("B").heard_of(lease)
    assert spoken == list(range(len(spoken)))
    assert spoken
    for name in "CD":
        assert made.badge(name).heard_of(lease) == spoken
    return len(spoken)


def test_each_number_of_frames_is_heard_whole():
    for frames in range(1, FRAMES_PER_PACKET_MAX + 1):
        made = venue(frames)
        seen = watch(made)
        lease = talk(made, 1000)
        count = heard_whole(made, lease)
        assert count >= 1000 // FRAME_MS
        counts = [each[1] for each in seen]
        in_the_middle = counts[10:-5]
        assert in_the_middle and set(in_the_middle) == {frames}


def test_a_burst_that_ends_in_mid_packet_loses_nothing():
    lengths = set()
    for hold_ms in range(300, 420, FRAME_MS):
        made = venue(3)
        seen = watch(made)
        lease = talk(made, hold_ms)
        count = heard_whole(made, lease)
        lengths.add(count % 3)
        first, frames, is_last = seen[-1]
        assert is_last and first + frames == count
    assert len(lengths) > 1


def test_a_talker_that_falls_silent_leaves_nothing_behind():
    """Its microphone stops in mid-burst: what waits for the next frame leaves all the same."""
    made = venue(3)
    seen = watch(made)
    made.press("A")
    made.run(400)
    made.badge("A").hears_itself = False
    made.run(200)
    sent = max(first + count for first, count, _ in seen)
    assert sent == made.passed_on[made.badge("A").engine.floor.lease]
    assert made.leader.voice.fanout.next_timeout_ms() == -1


def test_what_a_bad_path_loses_splits_packets_and_nothing_else():
    made = venue(3, seed=5, loss_percent=5, jitter_ms=30)
    lease = talk(made, 4000)
    for name in "BCD":
        heard = made.badge(name).heard_of(lease)
        assert heard == sorted(set(heard))
        assert len(heard) > 150


def test_two_bursts_in_turn_do_not_mix():
    made = venue(3)
    first = talk(made, 500)
    made.press("C")
    made.run(500)
    second = made.badge("C").engine.floor.lease
    made.release("C")
    made.run(1500)
    assert first != second
    assert made.badge("B").heard_of(first) == made.badge("D").heard_of(first)
    assert made.badge("B").heard_of(second) == made.badge("D").heard_of(second)


def test_a_plan_holds_until_the_end_of_its_burst():
    made = venue(1)
    seen = watch(made)
    made.press("A")
    made.run(400)
    made.leader.publish(Settings(version=3, packet_frames=3), made.now_ms)
    made.run(400)
    assert {each[1] for each in seen[10:]} == {1}
    made.release("A")
    made.run(1500)
    del seen[:]
    heard_whole(made, talk(made, 600))
    assert {each[1] for each in seen[8:-4]} == {3}


def test_the_number_of_listeners_decides():
    chosen = [frames_in_packet(count) for count in range(1, 251)]
    assert chosen[0] == 1
    assert chosen == sorted(chosen)
    assert chosen[-1] == FRAMES_PER_PACKET_MAX
    for count in range(1, 251):
        frames = chosen[count - 1]
        if frames > 1:
            assert share_percent(count, frames - 1) > SHARE_PERCENT_MAX
        if frames < FRAMES_PER_PACKET_MAX:
            assert share_percent(count, frames) <= SHARE_PERCENT_MAX


SPREADS = (  # access point of each listener (0: unknown), as many as the venue says, the fullest
    ([], 1, 0),
    ([0] * 100, 1, 100),
    ([0] * 100, 4, 25),
    ([0] * 250, 4, 63),
    ([7] * 100, 4, 100),  # all in one hall, whatever the venue says
    ([7] * 90 + [8] * 10, 4, 90),
    ([7] * 50 + [8] * 50, 1, 50),  # reports know better than a setting that nobody has made
    ([7] * 60 + [0] * 40, 4, 70),
    ([7] * 60 + [0] * 40, 1, 100),  # those may be there, too
)


def test_the_fullest_access_point_is_known_from_reports():
    for places, access_points, fullest in SPREADS:
        assert on_fullest(places, access_points) == fullest, (places, access_points)


class Room:
    """Output of a fan-out with listeners at `places`, by group."""

    def __init__(self, places):
        self.of_group = places
        self.counts = []  # frames of each packet
        self.once = []  # likewise, of those by multicast
        self.heard = {}  # by (group, node), the frames of each packet
        self.is_sent_once = False
        self.spread = 0

    def begin_burst(self, group, data, now_ms):
        return self.is_sent_once

    def listeners(self, group, lease):
        return list(enumerate(self.of_group[group], 1))

    def spread_over(self, access_points):
        self.spread = access_points

    def send_once(self, group, data, now_ms):
        self.once.append((voice.first(data), voice.count(data)))

    def send_copies(self, group, data, crowd, now_ms):
        self.counts.append(voice.count(data))
        first = voice.first(data)
        for node in range(1, len(self.of_group[group]) + 1):
            if (node in crowd.nodes) != crowd.is_rest:
                frames = self.heard.setdefault((group, node), [])
                frames.append(list(range(first, first + voice.count(data))))


def reports_from(made, index, place):
    """The leader's member `index` says that it is at the access point `place`."""
    member = made.leader.members.all()[index]
    report = (61, place, 11, 80, 12, 3, 1100, 45, 2, 60, 14, 1)
    data = datagram(messages.BADGE_REPORT, report, member.session, member.node)
    made.leader.receive_datagram(data, member.address, made.now_ms)


def flat(packets):
    return [frame for frames in packets for frame in frames]


def sent_by(places, access_points, groups=(1,)):
    """Frames of each packet when all of `groups` talk at once, and the access points told."""
    room = Room(places)
    fanout = Fanout(room)
    fanout.obey(access_points, AS_NEEDED)
    for first in range(12):
        for group in groups:
            fanout.on_voice(group, packet(first, lease=group), 1000 + first * FRAME_MS)
    return set(room.counts[len(groups) :]), room.spread


def test_packets_are_as_long_as_the_fullest_access_point_needs():
    assert sent_by({1: [0] * 100}, 1) == ({2}, 1)
    assert sent_by({1: [0] * 100}, 4) == ({1}, 4)
    assert sent_by({1: [7] * 100}, 4) == ({2}, 1)
    assert sent_by({1: [7] * 50 + [8] * 50}, 1) == ({1}, 2)
    assert sent_by({1: [7] * 150 + [8] * 130}, 4) == ({2, 3}, 2)


def test_each_access_point_gets_packets_of_its_own_length():
    """Nobody gets a frame twice or too late, and who comes in the middle of it gets the rest."""
    places = [7] * 150 + [8] * 90 + [9] * 3
    room = Room({1: places})
    fanout = Fanout(room)
    fanout.obey(1, AS_NEEDED)
    for first in range(13):
        if first == 7:
            places += [9] * 2  # they have come: they get what follows
        fanout.on_voice(1, packet(first, is_last=first == 12), 1000 + first * FRAME_MS)
    assert fanout.next_timeout_ms() == NEVER and fanout.frames(1) == 3
    sizes = {7: 3, 8: 2, 9: 1}
    for node, place in enumerate(places, 1):
        packets = room.heard[1, node]
        if node <= 243:
            assert flat(packets) == list(range(13))
            assert {len(each) for each in packets[:-1]} == {sizes[place]}
        else:
            assert flat(packets) == list(range(6, 13))
    assert fanout.frames(2) == 1


def test_a_venue_hears_it_whole_at_each_access_point():
    """In packets of three where more than two listen, of one where fewer do; two of them roam in
    the middle of it."""
    made = venue(AS_NEEDED, badges=7, is_clear=True)
    came = {}
    plan = fan_out.frames_in_packet
    fan_out.frames_in_packet = lambda listeners, before=1: 3 if listeners > 2 else 1

    def look(data, source, destination):
        if data[1] == messages.VOICE_FRAME and destination[0] == "badge":
            first = voice.first(data)
            frames = list(range(first, first + voice.count(data)))
            came.setdefault(destination[1], []).append(frames)
        return False

    made.loses = look
    try:
        for index in range(7):
            reports_from(made, index, 8 if index in (1, 2) else 7)
        made.press("A")
        made.run(700)
        reports_from(made, 1, 7)
        reports_from(made, 3, 8)
        made.run(700)
        lease = made.badge("A").engine.floor.lease
        made.release("A")
        made.run(1500)
    finally:
        fan_out.frames_in_packet = plan
    spoken = list(range(made.passed_on[lease]))
    assert sorted(came) == list(range(1, 7))
    for index in came:
        frames = flat(came[index])  # the last one is repeated
        assert frames[: len(spoken)] == spoken == made.badges[index].heard_of(lease)
    assert sorted([len(each[-6]) for each in came.values()]) == [1, 1, 3, 3, 3, 3]


def test_an_access_point_remembers_its_own_plan():
    places = {1: []}
    room = Room(places)
    fanout = Fanout(room)
    fanout.obey(1, AS_NEEDED)
    found = []
    for lease, (many, few) in enumerate(((80, 75), (75, 80), (75, 72), (71, 80)), 1):
        places[1] = [7] * many + [8] * few
        room.heard = {}
        for first in range(6):
            fanout.on_voice(1, packet(first, lease=lease), 1000 * lease + first * FRAME_MS)
        found.append([len(room.heard[1, node][-1]) for node in (1, many + few)])
    assert found == [[2, 1], [2, 2], [2, 2], [1, 2]]


def beside(wanted=AS_NEEDED):
    """A burst of twelve frames that goes once to many, and to three alone."""
    room = Room({1: [7] * 3})
    room.is_sent_once = True
    fanout = Fanout(room)
    fanout.obey(1, wanted)
    for first in range(12):
        fanout.on_voice(1, packet(first, is_last=first == 11), 1000 + first * FRAME_MS)
        # What is told as missed comes again as it went out, and all else with the copies.
        assert sum([count for _, count in room.once]) >= sum(room.counts)
    assert fanout.next_timeout_ms() == NEVER
    assert fanout.frames(1) == (wanted or BESIDE_MULTICAST) and fanout.frames(2) == 1
    return room


def test_copies_beside_multicast_are_long_and_multicast_waits_for_nothing():
    room = beside()
    assert room.counts == [BESIDE_MULTICAST] * 4
    assert room.once == [(first, 1) for first in range(12)]
    room = beside(2)
    assert room.counts == [2] * 6 and len(room.once) == 6


def test_both_leave_when_the_talker_falls_silent():
    room = Room({1: [7] * 3})
    room.is_sent_once = True
    fanout = Fanout(room)
    fanout.obey(1, 3)
    fanout.on_voice(1, packet(0), 1000)
    fanout.handle_timeout(fanout.next_timeout_ms())
    assert (room.once, room.counts) == ([(0, 1)], [1])
    fanout.on_voice(1, packet(1), 1100)
    fanout.on_voice(1, packet(0, lease=8), 1110)  # the next burst
    assert (room.once, room.counts) == ([(0, 1), (1, 1)], [1, 1])


def test_bursts_at_once_share_access_points():
    crowds = {1: [7] * 60, 2: [7] * 60, 3: [8] * 60}
    assert sent_by(crowds, 1, (1, 3)) == ({1}, 2)
    assert 2 in sent_by(crowds, 1, (1, 2))[0]


def test_a_member_is_where_it_reports_to_be():
    made = Venue(2, is_clear=True).run(1500)
    reports_from(made, 0, 0xA1B2)
    assert [place for _, place in made.leader.voice.listeners(1, 1)] == [0xA1B2, UNKNOWN]


def test_what_the_venue_has_set_is_obeyed():
    for wanted in range(1, FRAMES_PER_PACKET_MAX + 1):
        for listeners in (1, 250):
            assert plans_of([listeners], wanted) == [wanted]


def plans_of(crowds, wanted=AS_NEEDED):
    """Frames of a packet in one burst after another, with as many listeners as `crowds` says."""
    places = {1: []}
    room = Room(places)
    fanout = Fanout(room)
    fanout.obey(1, wanted)
    chosen = []
    for lease, listeners in enumerate(crowds, 1):
        places[1] = [7] * listeners
        for first in range(FRAMES_PER_PACKET_MAX * 2):
            fanout.on_voice(1, packet(first, lease=lease), 1000 * lease + first * FRAME_MS)
        chosen.append(room.counts[-1])
    return chosen


def test_one_listener_who_comes_and_goes_changes_no_packets():
    assert plans_of([79, 80, 79, 80, 79]) == [1, 2, 2, 2, 2]
    assert plans_of([138, 139, 138, 139, 138]) == [2, 3, 3, 3, 3]
    assert plans_of([139, 10, 79, 80]) == [3, 1, 1, 2]


def test_packets_that_got_longer_take_several_fewer_listeners_to_get_shorter():
    for before in range(2, FRAMES_PER_PACKET_MAX + 1):
        longer = min(n for n in range(1, 251) if frames_in_packet(n) == before)
        for fewer in range(1, 9):
            assert frames_in_packet(longer - fewer, before) == before
        for listeners in range(1, 251):
            chosen = frames_in_packet(listeners, before)
            assert chosen >= frames_in_packet(listeners)
            assert frames_in_packet(listeners, chosen) == chosen


def packet(first, count=1, lease=7, is_last=False, mark=0):
    """A voice packet in the clear, each frame full of its number."""
    data = bytearray(voice.FRAMES_AT + count * 164)
    end = voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 9, lease, first, is_last, count)
    for index in range(count):
        at = voice.FRAMES_AT + index * 164
        data[at : at + 164] = bytes([first + index]) * 164
    envelope.seal_header(data, end, messages.VOICE_FRAME, 1, 9, first + 1, 5)
    data[envelope.MARK_AT] = mark
    return data


def test_frames_go_together_that_follow_each_other():
    bundle = Bundle()
    assert not bundle.fits(packet(0), 3)
    bundle.put(packet(0), 3, 1000)
    assert bundle.fits(packet(1), 3)
    assert bundle.fits(packet(1, count=2), 3)
    assert not bundle.fits(packet(1, count=3), 3)
    assert not bundle.fits(packet(2), 3)
    assert not bundle.fits(packet(0), 3)
    assert not bundle.fits(packet(1, lease=8), 3)
    assert not bundle.fits(packet(1, mark=1), 3)
    bundle.put(packet(1, count=2, is_last=True), 3, 1020)
    taken = bundle.take()
    assert taken is not None
    assert voice.check(taken) == refusal.ACCEPTED
    assert (voice.first(taken), voice.count(taken), voice.is_last(taken)) == (0, 3, True)
    for index in range(3):
        at = voice.FRAMES_AT + index * 164
        assert taken[at : at + 164] == bytes([index]) * 164
    assert bundle.take() is None


def test_a_bundle_waits_for_the_frames_that_it_lacks_and_no_longer():
    bundle = Bundle()
    assert bundle.next_timeout_ms() == -1
    bundle.put(packet(0), 3, 1000)
    due_ms = bundle.next_timeout_ms()
    assert 1000 + 2 * FRAME_MS < due_ms < 1000 + 3 * FRAME_MS
    assert not bundle.is_due(due_ms - 1)
    assert bundle.is_due(due_ms)
    bundle.put(packet(1), 3, 1020)
    assert bundle.next_timeout_ms() == due_ms
    bundle.put(packet(2), 3, 1040)
    assert bundle.is_due(1040)


class Sent:
    """What leaves: (data, links) of each call."""

    def __init__(self):
        self.calls = []

    def queue_copies(self, data, payload_crc, links):
        self.calls.append((data, list(links)))

    def links(self):
        return [link for _, links in self.calls for link in links]


def play(pace, now_ms, until_ms):
    """Let time pass as an engine's owner does; returns when all has left."""
    while pace.next_timeout_ms() != NEVER and now_ms < until_ms:
        now_ms = pace.next_timeout_ms()
        pace.handle_timeout(now_ms)
    return now_ms


def test_few_copies_leave_at_once():
    sent = Sent()
    pace = Pace(sent)
    pace.send(bytearray(1), 0, list(range(AT_ONCE)), 1000)
    assert sent.links() == list(range(AT_ONCE))
    assert pace.next_timeout_ms() == NEVER


def test_many_copies_leave_in_order_and_no_faster_than_an_access_point_sends():
    sent = Sent()
    pace = Pace(sent)
    everybody = list(range(250))
    pace.send(bytearray(1), 0, everybody, 1000)
    assert len(sent.links()) == AT_ONCE
    done_ms = play(pace, 1000, 2000)
    assert sent.links() == everybody
    needed_ms = (250 - AT_ONCE) // PER_MS
    assert needed_ms <= done_ms - 1000 <= needed_ms + 5


def test_two_groups_share_what_an_access_point_takes():
    sent = Sent()
    pace = Pace(sent)
    pace.send(bytearray(b"a"), 0, list(range(80)), 1000)
    pace.send(bytearray(b"b"), 0, list(range(80)), 1000)
    assert len(sent.links()) == AT_ONCE
    play(pace, 1000, 2000)
    assert len(sent.links()) == 160
    assert sent.calls[0][0] == bytearray(b"a") and sent.calls[-1][0] == bytearray(b"b")


def test_more_access_points_take_more():
    sent = Sent()
    pace = Pace(sent)
    pace.access_points = 4
    pace.send(bytearray(1), 0, list(range(250)), 1000)
    assert len(sent.links()) == 250


def test_what_nobody_can_send_in_time_is_dropped_and_counted():
    sent = Sent()
    pace = Pace(sent)
    for _ in range(20):
        pace.send(bytearray(1), 0, list(range(250)), 1000)
    assert pace.dropped
    left = 20 * 250 - pace.dropped
    play(pace, 1000, 9000)
    assert len(sent.links()) == left


def test_time_that_has_passed_makes_room_again():
    sent = Sent()
    pace = Pace(sent)
    pace.send(bytearray(1), 0, list(range(AT_ONCE)), 1000)
    pace.send(bytearray(1), 0, list(range(AT_ONCE)), 1000 + AT_ONCE // PER_MS + 1)
    assert len(sent.links()) == 2 * AT_ONCE


class AgainOutput:
    def __init__(self):
        self.sent = []  # (group, frames, is it the last?) of each packet
        self.again = Again(self)

    def send(self, data, payload_crc, links, now_ms):
        assert envelope.payload_end(data) + envelope.TAG_BYTES == len(data)
        assert envelope.payload_crc(data) == payload_crc
        first = voice.first(data)
        frames = range(first, first + voice.count(data))
        self.sent.append((voice.group(data), list(frames), voice.is_last(data)))

    def run(self):
        while self.again.next_timeout_ms() != NEVER:
            self.again.handle_timeout(self.again.next_timeout_ms())


def missed(group, first, last=10):
    data = bytearray(400)
    voice.write_fields(data, group, messages.CODEC_IMA_ADPCM, 5, 7, first, first == last, 1)
    end = voice.FRAMES_AT + 164
    envelope.write_header(data, end, messages.VOICE_FRAME, 0, 1, 0, 0)
    data[envelope.FLAGS_AT] = envelope.FLAG_SEALED
    return data[0 : end + envelope.TAG_BYTES]


def test_what_is_repeated_takes_no_room_of_what_was_missed():
    output = AgainOutput()
    packets = [missed(1, min(first, 29), last=29) for first in range(32)]  # the last one thrice
    output.again.begin(3, "link", packets, 0)
    output.run()
    found = sorted(set([frame for _, frames, _ in output.sent for frame in frames]))
    assert found == list(range(30 - FRAMES_MAX, 30))


def test_what_was_missed_of_two_groups_is_sent_of_both():
    output = AgainOutput()
    for group in (1, 2):
        output.again.begin(3, "link", [missed(group, first) for first in range(11)], 0)
    output.run()
    assert sorted(output.sent) == [
        (group, frames, frames[-1] == 10)
        for group in (1, 2)
        for frames in ([0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10])
    ]  # joined as far as they go into a packet
