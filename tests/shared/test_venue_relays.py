"""Relays: who is sent voice by which host, and why."""

from tests.shared.failover_venue import HOST
from tests.shared.multicast_venue import heard_whole, talk
from tests.shared.relay_venue import LEADER, ONE, TWO, RelayVenue, asked, senders, venue

from ptt.base import features
from ptt.fanout import assign
from ptt.fanout.assign import CROWDED, LOSSY, ROOM, UNABLE, UNEVEN, Choice, Standing
from ptt.leader import relayed_listener
from ptt.leader.settings_in_force import Settings
from ptt.relayed.ear import HEARING, NONE
from ptt.wire import messages


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


def test_a_relay_that_its_listeners_overload_gets_no_more_of_them_than_it_can_bear():
    """Their number is found once, instead of all coming and going."""
    relay = Standing(True, age_ms=60000)
    listeners = [Choice(node) for node in range(2, 102)]
    counts = []
    for _ in range(30):
        relay.load_percent = min(100, 20 + 12 * relay.members // 10)
        assign.moves([relay], listeners, 10)
        counts.append(relay.members)
    assert 30 < counts[-1] < 60 and set(counts[-20:]) == {counts[-1]}


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
    ((group, burst),) = relays._bursts.last_ones()
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
