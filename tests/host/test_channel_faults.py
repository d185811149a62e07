"""The tests of the channel between hosts can fail: each planted fault is caught."""

from __future__ import annotations

import pytest
from tests.host import test_channel_floods as floods
from tests.host import test_channel_replays as replays
from tests.host import test_node_channel as channels

from pressel.node.channel import channel, cookie, handshake, session
from pressel.node.channel.channel import Channel


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
    floods.test_two_hosts_find_each_other_while_both_are_flooded("b restarts")


YES = lambda *_: True  # noqa: E731
FAULTS = (
    (handshake, "is_signed", YES, channels.test_whoever_has_the_key_of_both_needs_the_identity_too),
    (handshake, "is_signed", YES, channels.test_an_answer_in_the_name_of_another_is_none),
    (handshake, "is_of_pair", YES, replays.test_every_bit_counts),
    (
        handshake,
        "is_of_pair",
        YES,
        _with_patch(floods.test_a_flood_of_anything_forged_costs_hashes_only),
    ),
    (cookie.Cookies, "_turn", lambda *_: None, replays.test_an_old_question_is_no_reason_to_work),
    (cookie.Cookies, "is_good", YES, replays.test_a_cookie_is_good_where_it_was_given),
    (
        cookie.Cookies,
        "keep",
        lambda *_: None,
        floods.test_signatures_are_checked_again_when_the_clock_has_turned_once,
    ),
    (cookie, "_cookie", lambda *_: bytes(16), replays.test_a_cookie_is_good_where_it_was_given),
    (channel, "dict", lambda _: {}, replays.test_a_question_that_comes_again_is_answered_as_before),
    (
        handshake.Half,
        "keys",
        _keys_of_no_identity,
        replays.test_nobody_takes_anothers_answer_for_its_own,
    ),
    (session.ReplayWindow, "is_new", YES, replays.test_a_copied_datagram_is_obeyed_once),
    (
        Channel,
        "_may_verify",
        YES,
        _with_patch(floods.test_a_host_gone_mad_is_answered_within_a_budget),
    ),
    (
        Channel,
        "_has_place",
        lambda self: len(self._questions) < channel.HINTS_MAX,
        floods.test_addresses_that_strangers_name_keep_no_host_out,
    ),
    (channel, "SESSIONS_MAX", 10_000, floods.test_questions_without_end_fill_no_memory),
    (
        channel,
        "UNANSWERED_MS",
        10**8,
        channels.test_a_host_that_lost_its_memory_is_back_within_two_seconds,
    ),
    (channel, "UNANSWERED_MS", 10**8, _after_a_restart),
    (
        Channel,
        "_end",
        lambda *_: None,
        channels.test_a_host_that_is_not_allowed_any_more_is_out_at_once,
    ),
)


@pytest.mark.parametrize(
    "where, name, fault, test", FAULTS, ids=lambda x: getattr(x, "__name__", "")
)
def test_a_fault_is_caught(where, name, fault, test, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(where, name, fault, raising=name != "dict")
    with pytest.raises((AssertionError, IndexError)):
        test()
