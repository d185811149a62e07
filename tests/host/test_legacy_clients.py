"""What a connection may do, and what it costs: pings, floods, rubbish, slow and silent ends."""

from __future__ import annotations

import pytest
from tests.host.legacy_world import FRAME, RELEASED, TAKEN, OldApp, World

from pressel.legacy import limits
from pressel.legacy.app import App, instance_name, read_instance_name
from pressel.legacy.backlog import Backlog
from pressel.legacy.framing import pack

ANNA = App("phone-1", "Anna", "10.0.0.1", 9915)
BERT = App("phone-2", "Bert", "10.0.0.2", 9916)


def live_on(world: World, duration_ms: int, *apps: OldApp) -> None:
    """Time passes while `apps` answer pings."""
    for _ in range(duration_ms // 1000):
        for app in apps:
            app.send(b"pong")
        world.run(1000)


# Life and death


def test_a_ping_is_answered() -> None:
    app = World().app()
    app.send(b"ping")
    assert app.got.count(b"pong") == 1


def test_an_app_is_pinged_every_5_s() -> None:
    world = World()
    app = world.app()
    live_on(world, 21_000, app)
    assert app.got.count(b"ping") == 5


def test_a_half_open_connection_is_closed() -> None:
    world = World()
    silent, alive = world.app("10.0.0.1"), world.app("10.0.0.2")
    live_on(world, 9_000, alive)
    assert not silent.is_closed
    live_on(world, 2_000, alive)
    assert silent.is_closed
    assert not alive.is_closed
    assert world.bridge.refused == {"silent connections": 1}


def test_bytes_that_make_no_packet_are_no_sign_of_life() -> None:
    world = World()
    app = world.app()
    app.send_raw((200_000).to_bytes(4, "big"))
    for _ in range(11):
        app.send_raw(b"\0")
        world.run(1000)
    assert app.is_closed


def test_there_is_room_for_64() -> None:
    world = World(badges=0)
    for number in range(limits.CLIENTS_MAX):
        world.app(f"10.0.1.{number}")
    assert world.bridge.connected("10.0.2.1", None, world.now_ms) is None
    assert world.bridge.refused == {"connections": 1}
    world.hang_up(world.apps[1])
    world.app("10.0.2.1")


def test_whoever_scans_the_port_is_not_told() -> None:
    world = World()
    scanner, app = world.app("10.0.0.1"), world.app("10.0.0.2")
    world.hang_up(scanner)
    app.send(b"ping")
    world.hang_up(app)
    assert [event for event, _ in world.told] == ["v1_joined", "v1_left"]


# Rubbish and floods


@pytest.mark.parametrize(
    "rubbish",
    [
        b"GET / HTTP/1.1\r\nHost: 10.0.0.9\r\n\r\n" * 10,
        bytes(400),  # what an older build without lengths says in silence
        b"\xff" * 400,
        pack(b"\xff\xfe") * 40,
        pack(b"\x02" * (limits.KEPT_BYTES_MAX + 1)) * 20,
    ],
)
def test_rubbish_costs_a_counter_and_in_the_end_the_connection(rubbish: bytes) -> None:
    world = World()
    bad, good = world.app("10.0.0.1"), world.app("10.0.0.2")
    bad.send_raw(rubbish)
    world.run(100)
    assert bad.is_closed
    assert world.bridge.refused["packets"] > limits.FAULTS_BURST
    assert world.bridge.refused["connections for rubbish"] == 1
    assert (good.words(), good.voice(), good.is_closed) == ([], 0, False)
    assert world.talker() == 0


def test_a_few_bad_packets_are_forgiven() -> None:
    world = World()
    app = world.app()
    for _ in range(5):
        app.send_raw(bytes(4))
        app.send(b"\xff\xfe", b"pong")
        world.run(500)
    assert not app.is_closed


def test_nothing_is_obeyed_of_a_connection_that_was_closed() -> None:
    world = World()
    app = world.app()
    app.send_raw(pack(b"\xff") * 20 + pack(TAKEN))
    world.run(100)
    assert world.talker() == 0


def test_a_flood_of_words_is_cut_and_ends_the_connection() -> None:
    world = World()
    app = world.app()
    app.send(*[TAKEN, RELEASED] * 100)
    assert app.is_closed
    assert world.bridge.refused["words"] == limits.FAULTS_BURST + 1


def test_more_bytes_than_allowed_wait() -> None:
    world = World()
    app = world.app()
    assert app.send_raw(pack(FRAME) * 100) == 0
    waits_ms = [app.send_raw(pack(FRAME) * 100) for _ in range(10)]
    assert waits_ms[-1] > 1000


def test_voice_faster_than_speech_is_cut() -> None:
    world = World()
    app = world.app()
    app.send(TAKEN)
    world.run(200)
    for _ in range(50):
        app.send(*[FRAME] * 10)  # ten times too fast for a second
        world.run(20)
    taken = limits.FRAMES_BURST + limits.FRAMES_PER_S
    assert world.bridge.refused["voice faster than speech"] == pytest.approx(500 - taken, abs=3)


# Readers


def test_a_slow_reader_loses_the_oldest_voice_and_no_word() -> None:
    world = World()
    slow, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    slow.reads = False
    world.badges[0].engine.press(world.now_ms)
    world.run(2000)
    world.badges[0].engine.release(world.now_ms)
    world.run(500)
    assert other.voice() >= 100
    assert slow.client.backlog.voice_dropped >= 75
    slow.reads = True
    world.flush(slow.client)
    assert slow.words() == [TAKEN, RELEASED]
    assert slow.voice() == 25
    assert slow.got[-1] == RELEASED


def test_who_reads_nothing_at_all_is_closed() -> None:
    world = World()
    app = world.app()
    app.reads = False
    for _ in range(80):
        app.send(b"ping")
        world.run(100)
    assert app.is_closed
    assert world.bridge.refused["slow readers"] == 1


def test_a_backlog_keeps_its_order_and_its_bounds() -> None:
    backlog = Backlog()
    voice = [bytes([number]) * 645 for number in range(40)]
    assert backlog.push_word(b"taken")
    for packet in voice:
        backlog.push_voice(packet)
    for _ in range(limits.WORDS_WAITING_MAX - 1):
        assert backlog.push_word(b"word")
    assert not backlog.push_word(b"one too many")
    assert backlog.pop() == b"taken"
    kept = [backlog.pop() for _ in range(25)]
    assert kept == voice[15:]
    assert backlog.voice_dropped == 15
    assert backlog.pop() == b"word"


# Apps that announce themselves


def test_an_app_that_announces_itself_is_connected_to_after_a_while() -> None:
    world = World()
    world.bridge.found(ANNA, world.now_ms)
    world.run(900)
    assert world.wanted == []
    world.run(200)
    assert world.wanted == [ANNA]


def test_it_is_tried_again_ever_more_rarely() -> None:
    world = World(badges=0)
    world.bridge.found(ANNA, world.now_ms)
    world.run(40_000)
    assert len(world.wanted) == 4  # after 1, 6, 16 and 36 s


def test_an_app_that_connects_by_itself_is_not_connected_to() -> None:
    world = World()
    app = world.app("10.0.0.1")
    world.bridge.found(ANNA, world.now_ms)
    live_on(world, 3_000, app)
    assert world.wanted == []
    assert app.client.name == "Anna"


def test_an_app_that_leaves_the_network_is_forgotten() -> None:
    world = World()
    world.bridge.found(ANNA, world.now_ms)
    world.bridge.lost(ANNA.device)
    world.run(2_000)
    assert world.wanted == []


@pytest.mark.parametrize("ours_first", [True, False])
def test_of_two_connections_to_a_device_the_one_it_made_is_kept(ours_first: bool) -> None:
    world = World()
    world.bridge.found(ANNA, world.now_ms)
    if ours_first:
        ours = world.app(ANNA.address, ANNA)
        its = world.app(ANNA.address)
        assert ours.is_closed
    else:
        its = world.app(ANNA.address)
        assert world.bridge.connected(ANNA.address, ANNA, world.now_ms) is None
    assert not its.is_closed
    live_on(world, 8_000, its)
    assert world.wanted == []
    assert [client.name for client in world.bridge.clients.values()] == ["Anna"]


def test_an_app_that_lost_its_network_and_comes_again_is_taken() -> None:
    world = World()
    world.bridge.found(ANNA, world.now_ms)
    first = world.app(ANNA.address)
    second = world.app(ANNA.address)
    assert first.is_closed
    assert not second.is_closed


def test_apps_that_share_an_address_are_not_taken_for_one() -> None:
    world = World()
    world.bridge.found(ANNA, world.now_ms)
    world.bridge.found(App("phone-3", "Carl", ANNA.address, 9916), world.now_ms)
    first, second = world.app(ANNA.address), world.app(ANNA.address)
    assert not first.is_closed
    assert not second.is_closed
    assert first.client.name == ANNA.address


def test_another_bridge_and_addresses_out_of_reach_are_left_alone() -> None:
    world = World()
    world.bridge.found(App("pressel-12345678", "v1 bridge", "10.0.0.5", 9915), world.now_ms)
    world.bridge.found(App("phone-9", "Far", "8.8.8.8", 9915), world.now_ms)
    world.run(2_000)
    assert world.wanted == []


def test_a_flood_of_announcements_is_bounded() -> None:
    world = World(badges=0)
    for number in range(2 * limits.APPS_MAX):
        world.bridge.found(App(f"phone-{number}", "x", "10.0.0.1", 9915), world.now_ms)
    world.run(1_100)
    assert len(world.wanted) == limits.APPS_MAX


def test_apps_that_know_each_other_are_not_heard_twice() -> None:
    """They send to each other themselves; an app that only knows us hears them through us."""
    world = World()
    for app in (ANNA, BERT):
        world.bridge.found(app, world.now_ms)
    anna, bert, carl = (world.app(f"10.0.0.{number}") for number in (1, 2, 3))
    anna.send(TAKEN, b"hello")
    world.run(180)
    world.talk(anna, 200)
    assert (bert.voice(), carl.voice()) == (0, 10)
    assert bert.words() == [TAKEN]
    assert carl.words() == [b"Anna: hello", TAKEN]


@pytest.mark.parametrize("name", ["Anna", "Jürgen", "Zoë 🎧", "a", "ab", "abc"])
def test_an_announcement_is_read_as_it_is_written(name: str) -> None:
    instance = instance_name(name, "0a1b2c3d")
    assert "=" not in instance
    assert read_instance_name(instance) == (name, "0a1b2c3d")


@pytest.mark.parametrize(
    "instance",
    ["", ":", "QW5uYQ", "QW5uYQ:", "QW5uYQ::", "!!!:dev:", "/w:dev:", "QW5uYQ:a\nb:", "Q:dev:"],
)
def test_an_announcement_that_is_none_is_refused(instance: str) -> None:
    with pytest.raises(ValueError, match=r"no (name|device id)"):
        read_instance_name(instance)


def test_a_name_is_one_short_printable_line() -> None:
    name, _ = read_instance_name(instance_name("A\n\x1b[31m" + "ä" * 100, "dev"))
    assert name.isprintable()
    assert 0 < len(name.encode()) <= limits.NAME_BYTES_MAX
