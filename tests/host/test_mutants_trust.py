"""Faults of who is trusted that its tests must notice: each mutant makes the named test fail."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.host import (
    test_alike,
    test_authority_files,
    test_node_control,
    test_registry_checkpoints,
    test_registry_copies,
    test_registry_lies,
)
from tests.host.log_venue import Venue
from tests.host.test_registry_lies import GOOD
from tests.hostile import (
    test_floods,
    test_groups,
    test_insiders,
    test_key_streams,
    test_takeovers,
    test_texts,
)
from tests.shared import test_term_limit, test_venue_groups
from tests.sim.mutants import replaced

from pressel.errors import PresselError
from pressel.ledger.entry import INDEX_MAX, Entry
from pressel.node import control, control_folder
from pressel.registry import alike, checkpoint, meaning, proved, store, tables
from pressel.registry.chains import Chains
from pressel.registry.intake import Intake
from pressel.registry.log import Log
from pressel.registry.standing import Standing
from pressel.registry.store import Registry
from ptt.badge.door import Door
from ptt.badge.floor import NEW_LEADER, FloorParticipant
from ptt.cluster import ballot, election, member_record
from ptt.leader.budget import Budget
from ptt.leader.group_keys import GroupKeys
from ptt.leader.groups import Groups
from ptt.leader.held_calls import HeldCalls
from ptt.leader.held_off import HeldOff
from ptt.leader.presses import Presses
from ptt.leader.private_calls import PrivateCalls
from ptt.link import text_cipher
from ptt.link.ctr import KeyStream
from ptt.wire.envelope import SEQ_AT

Mutant = Callable[[], Any]
Test = Callable[[Path, pytest.MonkeyPatch], Any]


# --- what a host says is not believed unseen ---


def a_name_may_be_anything() -> Any:
    return replaced(meaning, "check_name", lambda said: None)


def an_entry_may_mean_anything() -> Any:
    return replaced(meaning, "check", lambda entry: None)


def a_revocation_is_undone() -> Any:
    original = Standing._first

    def first(self: Standing, words: list[Any]) -> Any:
        return max(words, key=lambda each: each.rank) if words else original(self, words)

    return replaced(Standing, "_first", first)


def any_term_is_plausible() -> Any:
    stack = contextlib.ExitStack()
    stack.enter_context(replaced(ballot, "is_plausible", lambda term, own: True))
    stack.enter_context(replaced(election, "is_plausible", lambda term, own: True))
    return stack


def names_in_a_state_need_be_no_text() -> Any:
    return replaced(member_record, "is_text", lambda value: True)


def numbers_in_a_state_are_believed() -> Any:
    return replaced(Presses, "_forget_others", lambda self, member, request, now_ms: None)


def a_lease_from_the_other_side_is_not_heard_of() -> Any:
    return replaced(Groups, "on_heard", lambda self, lease: None)


def what_a_host_says_that_it_has_heard_is_so() -> Any:
    return replaced(Standing, "_is_so", lambda self, told, host: True)


def the_word_of_a_removed_host_breaks_a_log() -> Any:
    return replaced(Chains, "is_allowed", lambda self, host: True)


def epochs_have_an_end() -> Any:
    return replaced(store, "next_epoch", lambda epoch: epoch + 1)


# --- checkpoints ---


def a_checkpoint_is_believed() -> Any:
    return replaced(checkpoint, "weights", lambda chains, host: {})


def a_copy_is_believed() -> Any:
    return replaced(checkpoint, "check_copy", lambda chains, entry: None)


def a_copy_is_as_new_as_it_lies() -> Any:
    return replaced(Entry, "origin", property(lambda self: (self.index, self.term)))


def what_was_heard_is_not_said_again() -> Any:
    return replaced(checkpoint, "_hears", lambda words, last: [])


def nobody_compacts() -> Any:
    return replaced(Log, "compact", lambda self, least=0, tail=0: False)


def an_own_log_from_before_is_kept() -> Any:
    """Of a disk that was turned back."""
    return replaced(Intake, "_regain", lambda self, entries, head: head)


# --- badges ---


def calls_are_never_held_off() -> Any:
    return replaced(HeldCalls, "is_held", lambda self, pair, now_ms: False)


def an_emergency_stays_in_its_call() -> Any:
    return replaced(PrivateCalls, "hang_up", lambda self, member, now_ms: None)


def calls_do_not_wait() -> Any:
    return replaced(Groups, "is_quiet", lambda self, member: True)


def successors_have_the_same_secret() -> Any:
    def go_on_from(self: GroupKeys, record: bytes, term: int) -> None:
        self.epoch = record[0] << 8 | record[1]
        self._secret = record[2:]
        self._advance(1)

    return replaced(GroupKeys, "go_on_from", go_on_from)


def anybody_uses_up_what_a_badge_derives() -> Any:
    original = Door._may_derive
    return replaced(Door, "_may_derive", lambda self, now_ms, most=0: original(self, now_ms))


def a_packet_counts_as_one_frame() -> Any:
    original = Budget.take
    return replaced(Budget, "take", lambda self, now_ms, count=1: original(self, now_ms, 1))


def nobody_is_told_who_is_held_off() -> Any:
    return replaced(HeldOff, "note", lambda self, device, kind, now_ms: None)


def texts_go_in_the_clear() -> Any:
    return replaced(text_cipher, "wrap", lambda hmac, key, data, end, way: None)


def a_text_has_the_key_stream_of_the_one_before() -> Any:
    original = text_cipher.wrap

    def wrap(hmac: Any, key: bytes, data: bytearray, end: int, way: int) -> None:
        seq = data[SEQ_AT : SEQ_AT + 4]
        data[SEQ_AT : SEQ_AT + 4] = bytes(4)
        original(hmac, key, data, end, way)
        data[SEQ_AT : SEQ_AT + 4] = seq

    return replaced(text_cipher, "wrap", wrap)


def frames_of_a_burst_have_one_key_stream() -> Any:
    original = KeyStream.make

    def make(self: KeyStream, cipher: Any, epoch: int, talker: int, lease: int, at: int) -> None:
        original(self, cipher, epoch, talker, lease, 0)

    return replaced(KeyStream, "make", make)


def bursts_have_one_key_stream() -> Any:
    original = KeyStream._begin
    return replaced(
        KeyStream, "_begin", lambda self, epoch, talker, lease: original(self, epoch, talker, 1)
    )


def a_lease_is_taken_twice() -> Any:
    """By a badge that goes over to another leader."""

    def on_new_leader(self: FloorParticipant, now_ms: int) -> None:
        self.restart()
        self._fire(NEW_LEADER, 0, now_ms)

    stack = contextlib.ExitStack()
    stack.enter_context(replaced(FloorParticipant, "on_new_leader", on_new_leader))
    stack.enter_context(replaced(Groups, "on_heard", lambda self, lease: None))
    return stack


# --- a machine with other users, and its files ---


def the_socket_is_open_at_first() -> Any:
    def bound(path: Path) -> Any:
        opened = control.socket.socket(control.socket.AF_UNIX)
        opened.bind(os.fspath(path))
        return opened

    return replaced(control, "_bound", bound)


def any_folder_is_ours() -> Any:
    return replaced(control_folder, "_is_own", lambda folder: folder.is_dir())


def a_file_is_believed() -> Any:
    return replaced(proved, "_proof", lambda vault, place, told: b"")


def a_file_needs_no_proof() -> Any:
    def load(folder: Path, place: str) -> Any:
        told = proved._read(folder / place)
        return {name: said for name, said in told.items() if name != proved.PROOF}

    return replaced(proved, "load", load)


def each_start_proves_what_lies_there() -> Any:
    return replaced(tables, "is_before_proofs", lambda db: True)


def names_are_what_they_are_spelt() -> Any:
    return replaced(alike, "look", lambda name: name)


def in_venue(test: Callable[..., Any], *values: Any) -> Test:
    """`test` of a venue of three hosts."""

    def run(folder: Path, patch: pytest.MonkeyPatch) -> None:
        venue = Venue(folder, "abc")
        try:
            test(venue, *values)
        finally:
            for registry in venue.at.values():
                registry.close()

    return run


def alone(test: Callable[..., Any], *values: Any) -> Test:
    return lambda folder, patch: test(*values)


def state_of(folder: Path) -> Path:
    with Registry(folder / "state") as registry:
        registry.enrol(test_authority_files.ANN, "Ann")
    return folder / "state"


checkpoints, copies, lies = test_registry_checkpoints, test_registry_copies, test_registry_lies
groups = test_venue_groups
CHECKPOINT = checkpoints.test_a_checkpoint_that_changes_what_was_is_refused_and_nothing_is_forgotten
CAUGHT_BY: dict[Mutant, Test] = {
    a_name_may_be_anything: in_venue(lies.test_a_name_that_no_badge_can_show_is_refused),
    an_entry_may_mean_anything: in_venue(
        lies.test_what_a_host_signs_and_cannot_mean_is_refused,
        {"facts": {**GOOD, "epoch": 1 << 40}},
        "its epoch is not between",
    ),
    a_revocation_is_undone: in_venue(copies.test_what_both_sides_have_revoked_holds),
    what_a_host_says_that_it_has_heard_is_so: in_venue(
        lies.test_who_says_that_it_has_heard_more_than_it_has_overrules_nothing,
        INDEX_MAX,
    ),
    the_word_of_a_removed_host_breaks_a_log: in_venue(
        lies.test_who_says_that_it_has_heard_more_than_it_has_overrules_nothing,
        INDEX_MAX,
    ),
    epochs_have_an_end: in_venue(lies.test_the_last_epoch_of_a_key_keeps_no_revocation_from_others),
    any_term_is_plausible: alone(
        test_term_limit.test_no_message_of_a_peer_brings_an_implausible_term
    ),
    a_checkpoint_is_believed: in_venue(CHECKPOINT, checkpoints.without_revocations, "leaves out"),
    a_copy_is_believed: in_venue(
        CHECKPOINT, checkpoints.with_other_groups, "says again what entry"
    ),
    a_copy_is_as_new_as_it_lies: in_venue(
        checkpoints.test_a_host_that_was_away_comes_back_behind_a_checkpoint
    ),
    what_was_heard_is_not_said_again: in_venue(
        checkpoints.test_whoever_leads_after_a_checkpoint_goes_on
    ),
    nobody_compacts: in_venue(checkpoints.test_a_log_stays_bounded_however_much_is_changed),
    an_own_log_from_before_is_kept: lambda folder, patch: in_venue(
        checkpoints.test_a_disk_that_was_turned_back_behind_its_own_checkpoint_gets_its_log_again,
        folder,
    )(folder, patch),
    calls_are_never_held_off: alone(groups.test_who_was_hung_up_on_waits_longer_each_time),
    an_emergency_stays_in_its_call: alone(
        groups.test_an_emergency_ends_the_call_and_the_next_press_is_the_groups
    ),
    calls_do_not_wait: alone(groups.test_a_call_waits_while_the_group_talks),
    successors_have_the_same_secret: alone(
        test_groups.test_no_two_that_take_over_from_one_leader_agree
    ),
    anybody_uses_up_what_a_badge_derives: alone(
        test_floods.test_forged_announcements_keep_no_member_from_the_next_leader, True
    ),
    a_packet_counts_as_one_frame: alone(
        test_insiders.test_a_talker_fills_no_more_air_than_a_voice_does
    ),
    nobody_is_told_who_is_held_off: alone(
        test_floods.test_row_31_a_device_that_joins_all_the_time_gets_no_more_by_it
    ),
    the_socket_is_open_at_first: test_node_control.test_nobody_else_can_open_it_at_any_moment,
    any_folder_is_ours: lambda folder, patch: test_node_control.test_no_folder_that_others_can_take(
        folder, patch, "open to all"
    ),
    a_file_is_believed: lambda folder, patch: (
        test_authority_files.test_no_byte_of_it_can_be_changed(state_of(folder), "settings")
    ),
    a_file_needs_no_proof: lambda folder, patch: (
        test_authority_files.test_its_proof_cannot_be_taken_away(state_of(folder), "settings")
    ),
    each_start_proves_what_lies_there: lambda folder, patch: (
        test_authority_files.test_its_proof_cannot_be_taken_away(state_of(folder), "campaign")
    ),
    texts_go_in_the_clear: alone(test_texts.test_a_text_is_read_by_its_group_and_not_off_the_air),
    a_text_has_the_key_stream_of_the_one_before: alone(
        test_texts.test_no_key_stream_of_texts_comes_twice
    ),
    frames_of_a_burst_have_one_key_stream: alone(
        test_key_streams.test_no_two_frames_have_one_key_stream
    ),
    bursts_have_one_key_stream: alone(test_key_streams.test_no_two_frames_have_one_key_stream),
    a_lease_is_taken_twice: alone(
        test_key_streams.test_a_talker_that_goes_over_to_the_other_side_of_a_split, 100
    ),
    names_in_a_state_need_be_no_text: alone(
        test_takeovers.test_a_member_that_cannot_be, {"name": b"\xff\xfe"}
    ),
    numbers_in_a_state_are_believed: alone(
        test_takeovers.test_numbers_of_presses_and_texts_that_were_never_reached, 40
    ),
    a_lease_from_the_other_side_is_not_heard_of: alone(
        test_key_streams.test_a_talker_that_goes_over_to_the_other_side_of_a_split, 100
    ),
    names_are_what_they_are_spelt: lambda folder, patch: (
        test_alike.test_row_21_names_of_one_look_are_one(folder, "Ann", "\u0410nn")
    ),
}
FAILS = (
    AssertionError, ArithmeticError, LookupError, ValueError, PresselError, pytest.fail.Exception,
)  # fmt: skip


@pytest.mark.parametrize("mutant", CAUGHT_BY, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_is_caught(
    mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mutant(), pytest.raises(FAILS):
        CAUGHT_BY[mutant](tmp_path, monkeypatch)
