"""Voice that is sent once for many, while one talker follows another at once."""

from tests.shared.multicast_venue import Wire, heard_whole, venue

from ptt.fanout.fanout import Crowd
from ptt.leader.voice_path import _from_leader
from ptt.proof import layout
from ptt.wire import messages, voice


def take_turns(made):
    """C waits while A talks, and is next. Returns the leases of both."""
    made.press("A")
    made.run(900)
    made.press("C")
    made.run(300)
    first = made.badge("A").engine.floor.lease
    made.release("A")
    made.run(1000)
    second = made.badge("C").engine.floor.lease
    made.release("C")
    made.run(2500)
    assert second > first
    return first, second


def test_the_end_of_a_burst_is_heard_although_the_next_begins_before_its_proof():
    made = venue()
    wire = Wire(made)
    first, second = take_turns(made)
    heard_whole(made, first)
    heard_whole(made, second, but=2)
    assert not wire.alone and not wire.asked


def test_what_is_repeated_of_a_burst_leaves_the_next_one_as_it_is():
    """The last packet comes thrice, twice when the next burst has begun: that one keeps what it has
    sent, and who goes deaf at its beginning gets all of it."""
    made = venue()
    wire = Wire(made)
    many = made.leader.voice.multicast
    before = many.begin
    begun = []

    def begin(group, lease, listeners, access_points, now_ms):
        begun.append(lease)
        before(group, lease, listeners, access_points, now_ms)
        if len(begun) == 2:
            wire.deaf.update((4, 5))

    many.begin = begin
    first, second = take_turns(made)
    assert begun == [first, second]
    heard_whole(made, first)
    heard_whole(made, second, but=2)
    assert set([index for index, _ in wire.asked]) == {4, 5}


def test_who_misses_the_end_of_a_burst_gets_it_while_the_next_is_under_way():
    made = venue()
    wire = Wire(made)

    def look(data, source, destination):
        if data[1] == messages.MULTICAST_VOICE and destination == ("badge", 4):
            frames = layout.as_voice(data)
            lasts = voice.lease(frames) == made.badge("A").engine.floor.lease
            if lasts and made.leader.floors[1].lease != voice.lease(frames):
                return True  # the end, which comes when the next one talks
        return wire.look(data, source, destination)

    made.loses = look
    first, second = take_turns(made)
    heard_whole(made, first)
    heard_whole(made, second, but=2)


def test_a_late_packet_of_a_burst_that_is_forgotten_goes_to_each_alone():
    made = venue()
    wire = Wire(made)
    late = []

    def look(data, source, destination):
        if data[1] == messages.VOICE_FRAME and source == ("badge", 0) and not late:
            late.append(bytes(data))
        return wire.look(data, source, destination)

    made.loses = look
    _, second = take_turns(made)
    wire.many.clear()
    path = made.leader.voice
    for kept in (path.fanout._bursts, path.multicast._bursts):
        kept._before.clear()
        kept._change()
    path.fanout.on_voice(1, late[0], made.now_ms)
    made.run(50)
    assert not wire.many and set(wire.alone) == set(range(1, 8))
    assert path.multicast.served(1, second)


def test_where_all_hear_it_no_copy_is_made_and_none_is_missed_by_who_does_not():
    """Whoever leaves, and whatever a talker says of itself: the one that is deaf gets copies."""
    for spoil in ("nothing", "talker leaves", "talker claims to hear itself"):
        made = venue()
        wire = Wire(made, deaf=(5,))
        said = []
        made.leader.voice.tap = lambda group, data, said=said: said.append(bytes(data))
        made.press("A")
        made.run(1000)
        assert set(wire.alone) == {5}
        path, node = made.leader.voice, made.badge("A").engine.join.node
        lease = made.badge("A").engine.floor.lease
        late = _from_leader(said[-1], made.now_ms)
        if spoil == "talker leaves":
            talker = made.leader.members.by_node(node)
            assert talker is not None
            made.leader.drop(talker, made.now_ms)
        elif spoil != "nothing":
            path.multicast.on_heard_again(node, 1, lease, made.now_ms)
            assert node in path.multicast.served(1, lease)
        before = path.packets_out
        path.send_copies(1, late, Crowd(), made.now_ms)
        assert path.packets_out == before + 1, spoil
