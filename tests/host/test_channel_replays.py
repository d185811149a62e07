"""What hosts said once, said again, sent back, or cut and joined."""

from __future__ import annotations

from tests.host.channel_wire import Wire, connected

from pressel.node.channel import channel, handshake, pair, session
from pressel.node.channel.channel import MESSAGE


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
