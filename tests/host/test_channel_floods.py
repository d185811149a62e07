"""The channel between hosts under floods: what they cost, and whom they keep apart."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.host.channel_wire import Wire, connected

from pressel.node.channel import channel, handshake, session
from pressel.node.channel.channel import UP
from ptt.base import clock


class Work:
    """Counts what costs more than a hash: signatures checked and made, secrets agreed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done = 0
        for where, name in (
            (handshake, "_verified"),
            (handshake.Half, "_write"),
            (handshake.Half, "keys"),
        ):
            monkeypatch.setattr(where, name, self._counted(getattr(where, name)))

    def _counted(self, inner):
        def counted(*given):
            self.done += 1
            return inner(*given)

        return counted


FLOODED_MS = 5_000
FLOOD_STEP_MS = 20  # 50 a second of each kind, from each of several addresses, at each side


def flood(wire: Wire, recorded: list[bytes], sources: str = "abmx") -> None:
    """Somebody who hears everything sends to both hosts, in each other's name: hails, questions
    and answers made up, and all that was recorded, also what has just been sent."""
    for to, other in (("a", "b"), ("b", "a")):
        number = wire.random.getrandbits(31) + 1
        rubbish = wire.random.randbytes(handshake.BYTES)
        claims = bytes([0, 2]) + b"tabl" + number.to_bytes(4, "big") + bytes(4)
        made = claims + wire.public[other] + rubbish[46:]
        asked = [q.number for q in wire.ends[to]._questions.values()]
        for number in asked[:2]:  # it hears them
            answer = b"\2" + made[1:6] + number.to_bytes(4, "big") + made[10:]
            wire.inject(answer, other, to)
        live = [data for _, _, data in wire.seen[-8:] if data[0] != session.DATA]
        for source in sources:
            for data in (
                handshake.hail(wire.random.getrandbits(31) + 1, wire.public[other]),
                b"\1" + made[1:],
                *recorded,
                *live,
            ):
                wire.inject(data, source, to)


@pytest.mark.parametrize("mode", ["they start", "they knew each other", "b restarts"])
def test_two_hosts_find_each_other_while_both_are_flooded(mode: str) -> None:
    wire = Wire() if mode == "they start" else connected()
    recorded = [data for _, _, data in wire.seen]
    if mode == "b restarts":
        wire.start("b")
    if mode == "they knew each other":
        wire.pass_time(channel.SESSION_MS_MAX + 100)
    for moment in range(0, FLOODED_MS, FLOOD_STEP_MS):
        flood(wire, recorded)
        if moment == 1000 and mode != "they knew each other":
            wire.ends["a"].reach(wire.address("b"), wire.now_ms)
        if moment >= 1000:
            wire.ends["a"].send(wire.host["b"], b"%d" % moment, wire.now_ms)
            wire.ends["b"].send(wire.host["a"], b"%d" % moment, wire.now_ms)
        del wire.seen[:-40]
        wire.pass_time(FLOOD_STEP_MS)
    wire.say("a", "b", b"last")
    wire.say("b", "a", b"last")
    for name in "ab":
        heard = wire.heard(name)
        assert heard[-1] == b"last"
        assert len(heard) >= (FLOODED_MS - 2000) // FLOOD_STEP_MS, (mode, name, len(heard))


def test_a_flood_of_anything_forged_costs_hashes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = connected()
    recorded = [data for _, _, data in wire.seen]
    wire.lost = set(range(len(wire.seen), 10**6))
    wire.ends["a"].reach(("m", 1), wire.now_ms)  # a question is open, and heard
    wire.settle()
    wire.pass_time(20_000)  # no cookie of those recorded is good
    wire.ends["a"].reach(("m", 1), wire.now_ms)
    wire.settle()
    work = Work(monkeypatch)
    for rounds in (5, 50):
        for _ in range(rounds):
            flood(wire, recorded, "mx")
            del wire.seen[:-8]
        if rounds == 5:  # m has passed on to b what a asked it: that is a handshake, once
            assert work.done <= 4 * channel.COOKIES_MAX
            work.done = 0
    assert wire.counts("a").get("forged", 0) > 50
    assert work.done == 0


@pytest.mark.parametrize("lost, to", [(1, "a"), (2, "b"), (3, "a")])
def test_what_is_forged_costs_one_hash(lost: int, to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie, a question, an answer: somebody keeps it back and sends it changed."""
    wire = Wire()
    wire.lost = {lost}
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.settle()
    data = bytearray(wire.seen[lost][2])
    data[-1] ^= 1
    digest, hashed = hmac.digest, []

    def counted(*given: Any) -> bytes:
        hashed.append(given)
        return digest(*given)

    monkeypatch.setattr(hmac, "digest", counted)
    wire.ends[to].receive_datagram(bytes(data), ("m", 1), wire.now_ms)
    assert wire.counts(to)["forged"] == 1
    assert len(hashed) == 1
    assert wire.ends[to].poll_transmit() is None and not wire.ends[to].has_news


def test_a_host_gone_mad_is_answered_within_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire()
    questions = [wire.asks("b", "a") for _ in range(100)]
    for question in questions:
        wire.inject(question, "b", "a")
    assert wire.counts("a").get("too_many") == 100 - channel.VERIFIED_MAX
    assert len(wire.ends["a"]._by_session) <= channel.SESSIONS_MAX
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)  # b's own questions wait; ours does not
    wire.settle()
    wire.say("b", "a", b"through")
    assert wire.heard("a") == [b"through"]


@pytest.mark.parametrize("days", [1, 6, 7, 9, 12])
def test_signatures_are_checked_again_days_after_a_flood(days: int) -> None:
    wire = Wire()
    for _ in range(channel.VERIFIED_MAX + 5):
        wire.inject(wire.asks("b", "a"), "b", "a")
    assert wire.counts("a")["too_many"] == 5
    wire.now_ms = clock.add(wire.now_ms, days * 24 * 3600 * 1000)
    wire.ends["a"].handle_timeout(wire.now_ms)
    wire.inject(wire.asks("b", "a"), "b", "a")
    assert wire.counts("a")["too_many"] == 5


def test_signatures_are_checked_again_when_the_clock_has_turned_once() -> None:
    """The clock then shows what it showed at the flood; the host that runs the channel has looked
    meanwhile."""
    wire = Wire()
    for _ in range(channel.VERIFIED_MAX + 5):
        wire.inject(wire.asks("b", "a"), "b", "a")
    old = wire.asks("b", "a")
    for _ in range(8):
        wire.now_ms = clock.add(wire.now_ms, (1 << 30) // 8)
        wire.ends["a"].handle_timeout(wire.now_ms)
    wire.inject(old, "b", "a")
    assert wire.counts("a").get("repeated") == 1  # its cookie is not good again
    wire.inject(wire.asks("b", "a"), "b", "a")
    assert wire.counts("a")["too_many"] == 5


def test_addresses_that_strangers_name_keep_no_host_out() -> None:
    """b answers within a millisecond or ten, in which a flood names some more."""
    wire = Wire()
    end = wire.ends["a"]
    for number in range(2000):
        end.reach((f"nobody-{number}", 1), wire.now_ms, is_hint=True)
    end.reach(wire.address("b"), wire.now_ms, is_hint=True)
    for number in range(channel.HINTS_MAX - 1):
        end.reach((f"nobody-{number}", 2), wire.now_ms, is_hint=True)
    wire.settle()
    assert wire.told["a"] == [(UP, wire.host["b"])]


def test_the_operators_addresses_have_places_of_their_own() -> None:
    wire = Wire()
    end = wire.ends["a"]
    end.reach(wire.address("b"), wire.now_ms)
    for number in range(2000):
        end.reach((f"nobody-{number}", 1), wire.now_ms, is_hint=True)
    wire.settle()
    assert wire.told["a"] == [(UP, wire.host["b"])]


def test_questions_without_end_fill_no_memory() -> None:
    wire = connected()
    for _ in range(300):
        wire.inject(wire.asks("b", "a"), "b", "a")
        wire.pass_time(50)
    end = wire.ends["a"]
    (peer,) = end._peers.values()
    assert len(end._by_session) <= 4
    assert len(peer.answered) <= channel.SESSIONS_MAX
    for number in range(1000):
        end.reach((f"nobody-{number}", 1), wire.now_ms, is_hint=True)
    assert len(end._questions) <= channel.HINTS_MAX + 1
    wire.pass_time(60_000)
    assert len(end._questions) <= 1


def test_no_answer_is_longer_than_what_it_answers() -> None:
    wire = connected()
    lengths = [len(data) for _, _, data in wire.seen[:4]]
    assert lengths == [handshake.COOKIE_DATAGRAM_BYTES] * 2 + [handshake.BYTES] * 2


@given(st.binary(max_size=1300), st.integers(0, 6), st.booleans())
def test_rubbish_raises_nothing(data: bytes, kind: int, has_length: bool) -> None:
    wire = connected()
    if has_length:
        length = handshake.COOKIE_DATAGRAM_BYTES if kind > 4 else handshake.BYTES
        data = bytes([kind, 2]) + data[2:length].ljust(length - 2, b"\0")
    wire.inject(data, "m", "a")
    assert wire.heard("a") == []
    wire.say("b", "a", b"fine")
    assert wire.heard("a") == [b"fine"]
