"""The fuzz harnesses hold for what is kept, and notice what is wrong."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz import run
from tests.fuzz.corpus import KEPT, seeds
from tests.fuzz.harnesses import HARNESSES
from tests.fuzz.mutation import Outcome, mutated, run_one

from ptt.badge.session import Session
from ptt.leader.floor.arbitrator import Arbitrator
from ptt.leader.leader import Leader
from ptt.link import lms
from ptt.media.jitter_buffer import JitterBuffer
from ptt.wire import codec, voice

KEPT_BYTES_MAX = 200_000
COUNT = 1500  # of inputs that find a planted fault


@pytest.mark.parametrize("harness", HARNESSES)
def test_what_is_kept_holds(harness: str) -> None:
    inputs = seeds(harness)
    assert len(inputs) > 20
    for data in inputs:
        HARNESSES[harness](data)


@pytest.mark.parametrize("harness", HARNESSES)
def test_random_changes_hold(harness: str) -> None:
    outcome = run_one(harness, 300, seed=1)
    assert outcome.failed is None, outcome.error
    assert outcome.executions == 300


def test_the_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in KEPT.rglob("*") if path.is_file()) < KEPT_BYTES_MAX


def test_the_same_seed_tries_the_same_inputs() -> None:
    def tried(seed: int) -> list[bytes]:
        source = random.Random(seed)
        return [mutated(b"0123456789", b"abc", source) for _ in range(200)]

    assert tried(1) == tried(1) != tried(2)
    assert len(set(tried(1))) > 100


# Faults that are planted are found


def planted(harness: str) -> Outcome:
    outcome = run_one(harness, COUNT, seed=1)
    assert outcome.failed is not None, "not found"
    with pytest.raises((AssertionError, IndexError, KeyError, ValueError)):
        HARNESSES[harness](outcome.failed)
    return outcome


def test_a_decoder_that_reads_beyond_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    decode = codec.decode

    def careless(kind: int, data: Any, at: int, end: int) -> list[Any]:
        values = decode(kind, data, at, end)
        if end == at + 7:
            data[end]
        return values

    monkeypatch.setattr(codec, "decode", careless)
    assert "IndexError" in planted("codec").error


def test_a_signature_whose_answer_nobody_looks_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lms.Verifier, "_take", lambda self, view: None)
    monkeypatch.setattr(lms.Verifier, "_climb", lambda self: setattr(self, "is_right", True))
    planted("release")


def test_voice_with_fewer_frames_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "check", lambda data: 0 if len(data) > 60 else 13)
    planted("voice")


def test_a_queue_that_keeps_who_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Arbitrator, "_leave_queue", lambda self, place, now_ms: None)
    planted("leader")


def test_a_member_that_stays_in_a_list_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    left = Arbitrator.on_member_left

    def forgetful(self: Arbitrator, node: int, now_ms: int) -> None:
        over = dict(self._over)
        left(self, node, now_ms)
        self._over.update(over)

    monkeypatch.setattr(Arbitrator, "on_member_left", forgetful)
    planted("leader")


def test_a_buffer_that_counts_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    skip = JitterBuffer._skip

    def wrong(self: JitterBuffer, number: int) -> None:
        skip(self, number)
        self.waiting += 1

    monkeypatch.setattr(JitterBuffer, "_skip", wrong)
    planted("participant")


def test_a_revoked_device_that_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Leader, "look_at_directory", lambda self, now_ms: None)
    planted("secure_leader")


def test_what_leaves_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Session, "put_seal", lambda self, datagram: True)
    planted("secure_participant")


def test_a_failed_input_is_kept_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path)
    failed = Outcome("codec", 5, 1.0, 0, b"\x01\x02", "Traceback of it")
    run.tell_outcome("codec", [failed])
    said = capsys.readouterr().out
    assert "Traceback of it" in said
    assert f"--replay codec {tmp_path / 'mutation-codec'}" in said


def test_memory_that_grows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run.tell_outcome("codec", [Outcome("codec", 5, 1.0, 9 << 20)])
    assert "memory grew by 9 MB" in capsys.readouterr().out
