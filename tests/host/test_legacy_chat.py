"""Texts between old apps and badges: who wrote what, and nothing that is a word of a protocol."""

from __future__ import annotations

import pytest
from tests.host.legacy_world import Badge, World

from pressel.legacy import chat, limits
from pressel.legacy.app import App
from pressel.legacy.words import Kind, kind_of
from ptt.base import events
from ptt.base.numbers import TEXT_BYTES_MAX


def texts(badge: Badge) -> list[str]:
    return [value[3].decode() for kind, value in badge.told if kind == events.TEXT]


def test_an_app_writes_to_badges_and_to_other_apps() -> None:
    world = World()
    world.bridge.found(App("phone-1", "Anna", "10.0.0.1", 9915), world.now_ms)
    anna, other = world.app("10.0.0.1"), world.app("10.0.0.2")
    anna.send(" Tür 4, bitte\n".encode())
    world.run(100)
    assert [texts(badge) for badge in world.badges] == [["Anna: Tür 4, bitte"]] * 2
    assert other.words() == ["Anna: Tür 4, bitte".encode()]
    assert anna.words() == []


def test_a_badge_writes_to_all_apps() -> None:
    world = World()
    apps = [world.app(f"10.0.0.{number}") for number in (1, 2)]
    world.badges[0].engine.keyboard.send(b"on my way", world.now_ms)
    world.run(100)
    assert [app.words() for app in apps] == [[b"B0: on my way"]] * 2


def test_an_app_without_a_name_is_known_by_its_address() -> None:
    world = World()
    world.app("10.0.0.7").send(b"hello")
    world.run(100)
    assert texts(world.badges[0]) == ["10.0.0.7: hello"]


def test_texts_come_in_order_though_the_leader_takes_one_at_a_time() -> None:
    world = World()
    world.app("10.0.0.7").send(b"one", b"two", b"three")
    world.run(300)
    assert texts(world.badges[0]) == [f"10.0.0.7: {each}" for each in ("one", "two", "three")]


@pytest.mark.parametrize(
    "word", [b"__CTRL2__:HEARTBEAT|n|1|2|3", b"__CTRL2__:x", b"ping", b"pong", b" ", b"\n"]
)
def test_words_of_the_protocol_are_no_texts(word: bytes) -> None:
    world = World()
    world.app("10.0.0.7").send(word)
    world.run(100)
    assert texts(world.badges[0]) == []


def test_a_flood_of_texts_is_cut() -> None:
    world = World()
    world.app("10.0.0.7").send(*[b"spam"] * 20)
    world.run(2_000)
    assert len(texts(world.badges[0])) == limits.TEXTS_BURST
    assert world.bridge.refused == {"texts": 15}


def test_texts_do_not_pile_up_while_the_leader_is_away() -> None:
    world = World()
    world.leader.receive_datagram = lambda *ignored: None
    for number in range(5):
        for _ in range(5):
            world.app(f"10.0.0.{number}").send(b"x" * 600)
    assert world.bridge.refused["texts"] > 0
    assert len(world.bridge._texts) <= limits.TEXTS_WAITING_MAX


@pytest.mark.parametrize("length", [1, 150, 163, 200, 489, 2_000, 17_000])
@pytest.mark.parametrize("letter", ["x", "ä", "🎧"])
def test_a_long_text_is_sent_in_pieces_that_fit(letter: str, length: int) -> None:
    text = letter * length
    pieces = chat.to_badges("Anna", text)
    assert 1 <= len(pieces) <= limits.TEXT_PIECES_MAX
    assert all(0 < len(piece) <= TEXT_BYTES_MAX for piece in pieces)
    said = "".join(piece.decode().removeprefix("Anna: ") for piece in pieces)
    if len(text.encode()) <= 480:
        assert said.replace("…", "") == text
    else:
        assert text.startswith(said.replace("…", ""))
    assert all(piece.endswith("…".encode()) for piece in pieces[:-1])


def test_a_text_for_badges_is_one_printable_line() -> None:
    (piece,) = chat.to_badges("A\nB", "one\r\ntwo\x07\x1b[31m three")
    assert piece.decode() == "A B: one two [31m three"


@pytest.mark.parametrize("name", ["__PTT_FLOOR__", "__CTRL2__", "", "ping", "\x01", "___"])
@pytest.mark.parametrize("text", ["TAKEN", "RELEASED", "x", "ping"])
def test_no_text_of_a_badge_is_taken_for_a_word_by_an_app(name: str, text: str) -> None:
    assert kind_of(chat.to_apps(name, text).encode()) is Kind.CHAT
