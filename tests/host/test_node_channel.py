"""Hosts talk in secret over a network on which anybody may send, copy, change and lose."""

from __future__ import annotations

import pytest
from tests.host.channel_wire import Wire, connected

from pressel.node.channel import channel, handshake, pair
from pressel.node.channel.channel import OLDER, OTHER_TABLE, UP
from ptt.base import clock

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
