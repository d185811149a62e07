"""Hosts talk in secret over a network on which anybody may send, copy, change and lose."""

from __future__ import annotations

import hmac
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pressel.node.channel import channel, cookie, handshake, pair, session
from pressel.node.channel.channel import MESSAGE, OLDER, OTHER_TABLE, UP, Channel
from ptt.base import clock

START_MS = (1 << 30) - 500  # the clock wraps in every test


class Wire:
    """Channels by name on one network; `seen` keeps all that was sent: (from, to, bytes)."""

    def __init__(self, names: str = "ab", allow: dict[str, str] | None = None) -> None:
        self.now_ms = START_MS
        self.random = random.Random(1)
        self.keys = {n: Ed25519PrivateKey.from_private_bytes(n.encode() * 32) for n in "abcm"}
        self.public = {n: k.public_key().public_bytes_raw() for n, k in self.keys.items()}
        self.host = {n: channel.host_of(public) for n, public in self.public.items()}
        self.allow = allow or {name: names for name in names}
        self.ends: dict[str, Channel] = {}
        self.told: dict[str, list] = {}
        self.seen: list[tuple[str, str, bytes]] = []
        self.lost: set[int] = set()  # which of `seen` do not arrive
        for name in names:
            self.start(name)

    def start(self, name: str) -> None:
        allowed = [self.public[other] for other in self.allow[name]]
        self.ends[name] = Channel(self.keys[name], allowed, self.random.randbytes, self.now_ms)
        self.told[name] = []

    def address(self, name: str) -> tuple[str, int]:
        return (name, 1)

    def say(self, source: str, destination: str, message: bytes) -> None:
        self.ends[source].send(self.host[destination], message, self.now_ms)
        self.settle()

    def inject(self, data: bytes, source: str, destination: str) -> None:
        """From somebody at `source`, who need not be the host that is really there."""
        self.ends[destination].receive_datagram(data, self.address(source), self.now_ms)
        self.settle()

    def settle(self) -> None:
        while any([self._carry(name) for name in list(self.ends)]):
            pass
        for name, end in self.ends.items():
            while (event := end.next_event()) is not None:
                self.told[name].append(event)

    def _carry(self, name: str) -> bool:
        outgoing = self.ends[name].poll_transmit()
        if outgoing is None:
            return False
        destination = outgoing.destination[0]
        self.seen.append((name, destination, outgoing.data))
        if len(self.seen) - 1 not in self.lost and destination in self.ends:
            self.ends[destination].receive_datagram(outgoing.data, self.address(name), self.now_ms)
        return True

    def pass_time(self, milliseconds: int) -> None:
        end_ms = clock.add(self.now_ms, milliseconds)
        while clock.since(self.now_ms, end_ms) < 0:
            step_ms = min(50, clock.since(end_ms, self.now_ms))
            self.now_ms = clock.add(self.now_ms, step_ms)
            for end in self.ends.values():
                due_ms = end.next_timeout_ms()
                if due_ms != clock.NEVER and clock.since(self.now_ms, due_ms) >= 0:
                    end.handle_timeout(self.now_ms)
            self.settle()

    def asks(self, source: str, destination: str, signed_by: str = "") -> bytes:
        """A question in the name of `source`, with a cookie that was given where it is."""
        number = self.random.getrandbits(31) + 1
        self.inject(handshake.hail(number, self.public[source]), source, destination)
        given = handshake.read_hail(self.seen[-1][2])
        assert given is not None and given.kind == handshake.COOKIE
        key = pair.pair_key(self.keys[source], self.public[destination])
        assert key is not None
        half = handshake.Half(self.keys[signed_by or source], self.random.randbytes)
        data = half.ask(number, given.cookie, key)
        if signed_by:
            body = data[:14] + self.public[source] + data[46 : handshake.MARK_AT]
            data = body + pair.mark(key, body)
        return data

    def heard(self, name: str) -> list[bytes]:
        return [value[1] for kind, value in self.told[name] if kind == MESSAGE]

    def counts(self, name: str) -> dict[str, int]:
        return self.ends[name].counts.as_dict()


def connected(names: str = "ab", **options) -> Wire:
    wire = Wire(names, **options)
    for name in names[1:]:
        wire.ends[names[0]].reach(wire.address(name), wire.now_ms)
    wire.settle()
    return wire


# --- hosts that may ---


def test_row_34_a_host_that_was_silent_for_days_is_silent_for_long() -> None:
    """The host that runs the channel looks twice a second; here, once an hour."""
    wire = connected()
    end, other = wire.ends["a"], wire.host["b"]
    del wire.ends["b"]
    hour_ms = 3600 * 1000
    for hours in range(1, 40 * 24):
        silent_ms = end.silent_ms(other, clock.add(wire.now_ms, hours * hour_ms))
        assert silent_ms == min(hours * hour_ms, clock.FAR_MS), hours / 24


def test_two_hosts_talk_both_ways() -> None:
    wire = connected()
    assert wire.told == {"a": [(UP, wire.host["b"])], "b": [(UP, wire.host["a"])]}
    for number in range(300):
        wire.say("a", "b", b"%d" % number)
        wire.say("b", "a", b"%d back" % number)
    assert wire.heard("b") == [b"%d" % number for number in range(300)]
    assert wire.heard("a") == [b"%d back" % number for number in range(300)]


def test_what_is_said_cannot_be_read() -> None:
    wire = connected()
    wire.say("a", "b", b"the key of badge 7")
    assert wire.heard("b") == [b"the key of badge 7"]
    assert not any(b"badge" in data for _, _, data in wire.seen)


def test_the_largest_message_fits_a_datagram() -> None:
    wire = connected()
    wire.say("a", "b", bytes(channel.MESSAGE_BYTES_MAX))
    assert len(wire.heard("b")[0]) == channel.MESSAGE_BYTES_MAX
    assert max(len(data) for _, _, data in wire.seen) == 1200
    with pytest.raises(ValueError, match="1176 bytes"):
        wire.say("a", "b", bytes(channel.MESSAGE_BYTES_MAX + 1))


def test_both_ask_at_once() -> None:
    wire = Wire()
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.ends["b"].reach(wire.address("a"), wire.now_ms)
    wire.settle()
    for number in range(20):
        wire.say("a", "b", b"%d" % number)
        wire.say("b", "a", b"%d" % number)
    assert len(wire.heard("a")) == len(wire.heard("b")) == 20


@pytest.mark.parametrize("lost", [{0}, {1}, {2}, {3}, {4}, {0, 1, 2, 3}])
def test_lost_datagrams_of_the_handshake_are_repeated(lost: set[int]) -> None:
    wire = Wire()
    wire.lost = lost
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.settle()
    wire.pass_time(4000)
    wire.say("a", "b", b"late")
    wire.say("b", "a", b"too")
    assert (wire.heard("b"), wire.heard("a")) == ([b"late"], [b"too"])


def test_a_host_that_lost_its_memory_is_back_within_two_seconds() -> None:
    """The other side says nothing by itself: we notice that nobody answers."""
    wire = connected()
    wire.say("a", "b", b"before")
    wire.start("b")
    for _ in range(20):
        wire.say("a", "b", b"after")
        wire.pass_time(100)
    assert wire.heard("b")
    wire.say("b", "a", b"here")
    assert wire.heard("a") == [b"here"]


def test_keys_are_renewed_and_nothing_is_lost() -> None:
    wire = connected()
    for second in range(1500):
        wire.say("a", "b", b"%d" % second)
        wire.say("b", "a", b"%d" % second)
        wire.pass_time(1000)
    assert len(wire.heard("b")) == len(wire.heard("a")) == 1500
    assert 3 <= wire.counts("a")["sessions"] <= 8
    assert "dropped" not in wire.counts("a")


def test_no_session_lives_longer_than_an_hour() -> None:
    wire = connected()
    wire.say("a", "b", b"now")
    old = wire.seen[-1][2]
    wire.pass_time(channel.SESSION_MS_MAX + 100)
    wire.inject(old, "a", "b")
    assert wire.counts("b")["unknown_session"] == 1
    wire.say("a", "b", b"an hour later")
    assert wire.heard("b") == [b"now", b"an hour later"]


def test_what_waits_for_a_session_is_bounded() -> None:
    wire = connected()
    wire.pass_time(channel.SESSION_MS_MAX + 100)
    wire.ends.pop("b")
    for number in range(1000):
        wire.say("a", "b", b"%d" % number)
    assert wire.counts("a")["dropped"] == 1000 - channel.WAITING_MAX


def test_a_host_with_another_table_is_named() -> None:
    wire = Wire()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handshake, "TABLE_HASH", b"next")
        question = wire.asks("b", "a")
    wire.inject(question, "b", "a")
    assert (OTHER_TABLE, wire.host["b"]) in wire.told["a"]


# --- those who may not ---


def test_a_host_that_is_not_allowed_gets_no_answer() -> None:
    for asks, asked in (("m", "a"), ("a", "m")):
        wire = Wire("abm", allow={"a": "ab", "b": "ab", "m": "ab"})
        wire.ends[asks].reach(wire.address(asked), wire.now_ms)
        wire.settle()
        wire.pass_time(20_000)
        assert wire.told["a"] == wire.told["m"] == []
        assert wire.counts("a")["not_allowed"] >= 1 if asked == "a" else True
        assert not any(source == "a" for source, _, _ in wire.seen) or asks == "a"


def test_whoever_is_allowed_on_one_side_only_stays_outside() -> None:
    wire = connected("am", allow={"a": "m", "m": ""})
    wire.pass_time(20_000)
    assert wire.told == {"a": [], "m": []}


def test_a_host_that_is_not_allowed_any_more_is_out_at_once() -> None:
    wire = connected("abc")
    wire.say("b", "a", b"one")
    wire.ends["a"].allow([wire.public["c"]], wire.now_ms)
    wire.say("b", "a", b"two")
    wire.say("a", "b", b"three")
    assert wire.heard("a") == [b"one"]
    assert wire.heard("b") == []
    wire.say("c", "a", b"four")
    assert wire.heard("a") == [b"one", b"four"]


def test_an_identity_without_its_key_is_none() -> None:
    """A stranger asks in the name of b, whose public key everybody knows."""
    wire = Wire("ab")
    question = bytearray(wire.asks("b", "a"))
    question[handshake.MARK_AT :] = bytes(pair.MARK_BYTES)
    before = len(wire.seen)
    wire.inject(bytes(question), "b", "a")
    assert wire.counts("a") == {"hails": 1, "forged": 1}
    assert len(wire.seen) == before


def test_both_keys_of_a_pair_are_one_and_nobody_elses() -> None:
    wire = Wire("abc")
    keys = {(n, m): pair.pair_key(wire.keys[n], wire.public[m]) for n in "abc" for m in "abc"}
    assert keys["a", "b"] == keys["b", "a"] is not None
    assert len(set(keys.values())) == 6  # three with oneself, three between two


def test_whoever_has_the_key_of_both_needs_the_identity_too() -> None:
    """Somebody who stole a's identity knows what a and b have in common, and is not b."""
    wire = Wire("ab")
    wire.inject(wire.asks("b", "a", signed_by="m"), "b", "a")
    assert wire.counts("a") == {"hails": 1, "forged": 1}
    assert wire.told["a"] == []


def test_an_answer_in_the_name_of_another_is_none() -> None:
    wire = Wire("ab")
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.lost = {3}
    wire.settle()
    question, answer = wire.seen[2][2], bytearray(wire.seen[3][2])
    asked = handshake.read(question)
    assert asked is not None
    key = pair.pair_key(wire.keys["a"], wire.public["b"])
    assert key is not None
    forged = handshake.Half(wire.keys["m"], wire.random.randbytes)
    wire.inject(forged.answer(asked, 9, question, key), "m", "a")
    assert wire.counts("a") == {"not_allowed": 1}
    other = forged.answer(asked, 9, question, key)
    body = other[:14] + wire.public["b"] + other[46 : handshake.MARK_AT]
    wire.inject(body + pair.mark(key, question + body), "m", "a")
    assert wire.counts("a") == {"not_allowed": 1, "forged": 1}
    assert wire.told["a"] == []
    wire.inject(bytes(answer), "b", "a")  # b's own is good
    assert wire.told["a"] == [(UP, wire.host["b"])]


def test_a_host_of_the_first_version_is_named_and_not_talked_to() -> None:
    """What it sends is what the channel sent before there were cookies."""
    wire = Wire("ab")
    fresh = wire.random.randbytes(32)
    head = bytes([1, 1]) + b"tabl" + bytes([0, 0, 0, 7]) + bytes(4) + wire.public["b"] + fresh
    signed = head + wire.keys["b"].sign(b"pressel host channel 1" + head)
    forged = head + bytes(64)
    wire.inject(forged, "m", "a")
    assert wire.told["a"] == []
    wire.inject(signed, "b", "a")  # we have just looked at one
    assert wire.told["a"] == []
    for _ in range(3):
        wire.pass_time(channel.OLDER_MS)
        for _ in range(100):
            wire.inject(signed, "b", "a")
    assert wire.told["a"] == [(OLDER, wire.host["b"])] * 3
    assert wire.seen == []
    assert wire.counts("a") == {"older": 302}


# --- replay, reflection, cut and paste ---


def test_a_copied_datagram_is_obeyed_once() -> None:
    wire = connected()
    wire.say("a", "b", b"grant")
    copied = wire.seen[-1][2]
    for _ in range(3):
        wire.inject(copied, "a", "b")
        wire.inject(copied, "m", "b")
    assert wire.heard("b") == [b"grant"]
    assert wire.counts("b")["not_opened"] == 6
    assert wire.ends["b"].address_of(wire.host["a"]) == wire.address("a")


def test_datagrams_that_overtake_each_other_are_all_obeyed() -> None:
    wire = connected()
    end = wire.ends["a"]
    for number in range(60):
        end.send(wire.host["b"], b"%d" % number, wire.now_ms)
    datagrams = []
    while (outgoing := end.poll_transmit()) is not None:
        datagrams.append(outgoing.data)
    for data in reversed(datagrams):
        wire.inject(data, "a", "b")
    assert sorted(map(int, wire.heard("b"))) == list(range(60))


def test_what_is_sent_back_is_not_obeyed() -> None:
    wire = connected()
    wire.say("a", "b", b"vote for me")
    for _, destination, data in wire.seen[:]:
        source = "a" if destination == "b" else "b"
        wire.inject(data, destination, source)
    assert wire.heard("a") == []
    assert wire.heard("b") == [b"vote for me"]


def test_a_datagram_moved_into_another_session_opens_nothing() -> None:
    wire = connected("abc")
    wire.say("b", "a", b"for a")
    wire.say("c", "a", b"of c")
    of_b = next(d for s, t, d in wire.seen[::-1] if (s, t) == ("b", "a"))
    of_c = next(d for s, t, d in wire.seen[::-1] if (s, t) == ("c", "a"))
    for number in (1, 2, 3, 50):
        head = of_c[:5] + number.to_bytes(4, "big")
        wire.inject(head + of_b[session.HEAD_BYTES :], "c", "a")
    assert wire.heard("a") == [b"for a", b"of c"]


def test_every_bit_counts() -> None:
    """Changes in the question, the answer and in what is sealed."""
    for which in range(5):
        for bit in range(0, 8 * handshake.BYTES, 3 if which == 2 else 11):
            wire = Wire()
            wire.lost = {which}
            wire.ends["a"].reach(wire.address("b"), wire.now_ms)
            wire.settle()
            if which == 4:
                wire.say("a", "b", b"x")
            source, destination, data = wire.seen[which]
            if bit >= 8 * len(data):
                break
            broken = bytearray(data)
            broken[bit // 8] ^= 1 << bit % 8
            before = len(wire.told["a"]) + len(wire.told["b"])
            wire.inject(bytes(broken), source, destination)
            told = len(wire.told["a"]) + len(wire.told["b"])
            assert told == before or which == 0, (which, bit)  # the cookie is for what is there


def test_an_old_question_is_no_reason_to_work() -> None:
    wire = connected()
    question = wire.seen[2][2]
    wire.pass_time(60_000)
    for _ in range(channel.SESSIONS_MAX):  # what was answered then is forgotten
        wire.inject(wire.asks("a", "b"), "a", "b")
    wire.pass_time(60_000)
    before = wire.counts("b")
    for _ in range(50):
        wire.inject(question, "a", "b")
        wire.pass_time(250)
    assert wire.counts("b") == {**before, "repeated": 50}
    assert all(data[0] == handshake.COOKIE for _, _, data in wire.seen[-50:])
    wire.say("b", "a", b"still here")
    assert wire.heard("a") == [b"still here"]
    assert wire.seen[-1][1] == "a"


def test_a_question_that_comes_again_is_answered_as_before() -> None:
    """The answer was lost, or somebody repeats the question: both cost no key."""
    wire = Wire()
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.settle()
    question, answer = wire.seen[2][2], wire.seen[3][2]
    for _ in range(1000):
        wire.inject(question, "a", "b")
        assert wire.seen[-1] == ("b", "a", answer)
    assert len(wire.ends["b"]._by_session) == 1


def test_a_cookie_is_good_where_it_was_given() -> None:
    wire = connected()
    question = wire.seen[2][2]
    before = len(wire.ends["b"]._by_session)
    wire.inject(question, "m", "b")
    assert wire.seen[-1][2][0] == handshake.COOKIE
    assert len(wire.ends["b"]._by_session) == before


def test_nobody_takes_anothers_answer_for_its_own() -> None:
    """m, an allowed host, signs b's answer as its own. a then thinks that it talks with m: b must
    not believe that a speaks to b, nor a that m says what b says."""
    wire = Wire("abm", allow={"a": "bm", "b": "am", "m": "ab"})
    wire.ends["a"].reach(wire.address("b"), wire.now_ms)
    wire.lost = {3}
    wire.settle()
    question, answer = wire.seen[2][2], wire.seen[3][2]
    signed = bytearray(answer[: handshake.SIGNATURE_AT])
    signed[14:46] = wire.public["m"]
    signature = wire.keys["m"].sign(handshake._SIGNED + question + bytes(signed))
    key = pair.pair_key(wire.keys["m"], wire.public["a"])
    assert key is not None
    whole = bytes(signed) + signature
    wire.inject(whole + pair.mark(key, question + whole), "b", "a")
    wire.say("a", "m", b"for m only")
    wire.say("b", "a", b"of b")
    assert wire.heard("b") == []
    assert (MESSAGE, (wire.host["m"], b"of b")) not in wire.told["a"]


# --- floods ---


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


# --- the tests above can fail ---


def _keys_of_no_identity(self: handshake.Half, other: handshake.Hello, *args: bytes) -> object:
    secret = self._private.exchange(handshake.X25519PublicKey.from_public_bytes(other.fresh))
    return secret, bytes(reversed(secret))


def _with_patch(test):
    def run() -> None:
        with pytest.MonkeyPatch.context() as patch:
            test(patch)

    run.__name__ = test.__name__
    return run


def _after_a_restart() -> None:
    test_two_hosts_find_each_other_while_both_are_flooded("b restarts")


YES = lambda *_: True  # noqa: E731
FAULTS = (
    (handshake, "is_signed", YES, test_whoever_has_the_key_of_both_needs_the_identity_too),
    (handshake, "is_signed", YES, test_an_answer_in_the_name_of_another_is_none),
    (handshake, "is_of_pair", YES, test_every_bit_counts),
    (handshake, "is_of_pair", YES, _with_patch(test_a_flood_of_anything_forged_costs_hashes_only)),
    (cookie.Cookies, "_turn", lambda *_: None, test_an_old_question_is_no_reason_to_work),
    (cookie.Cookies, "is_good", YES, test_a_cookie_is_good_where_it_was_given),
    (cookie.Cookies, "keep", lambda *_: None,
     test_signatures_are_checked_again_when_the_clock_has_turned_once),
    (cookie, "_cookie", lambda *_: bytes(16), test_a_cookie_is_good_where_it_was_given),
    (channel, "dict", lambda _: {}, test_a_question_that_comes_again_is_answered_as_before),
    (handshake.Half, "keys", _keys_of_no_identity, test_nobody_takes_anothers_answer_for_its_own),
    (session.ReplayWindow, "is_new", YES, test_a_copied_datagram_is_obeyed_once),
    (Channel, "_may_verify", YES, _with_patch(test_a_host_gone_mad_is_answered_within_a_budget)),
    (Channel, "_has_place", lambda self: len(self._questions) < channel.HINTS_MAX,
     test_addresses_that_strangers_name_keep_no_host_out),
    (channel, "SESSIONS_MAX", 10_000, test_questions_without_end_fill_no_memory),
    (channel, "UNANSWERED_MS", 10**8, test_a_host_that_lost_its_memory_is_back_within_two_seconds),
    (channel, "UNANSWERED_MS", 10**8, _after_a_restart),
    (Channel, "_end", lambda *_: None, test_a_host_that_is_not_allowed_any_more_is_out_at_once),
)  # fmt: skip


@pytest.mark.parametrize(
    "where, name, fault, test", FAULTS, ids=lambda x: getattr(x, "__name__", "")
)
def test_a_fault_is_caught(where, name, fault, test, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, name, fault, raising=name != "dict")
    with pytest.raises((AssertionError, IndexError)):
        test()
