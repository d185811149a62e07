"""How hosts hear of each other's revocations: in pages, from whoever is there; and what is said
when an answer is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pressel.node import revocations
from pressel.node.channel.channel import host_of
from pressel.node.revocations import Revocations
from pressel.registry import log
from pressel.registry.device import ACTIVE, REVOKED
from pressel.registry.store import Registry

INT = 1 << 60


class Stage:
    """A host that leads, and another one, "kitchen", which it asks; `reply` in place of its."""

    def __init__(self, folder: Path) -> None:
        self.own, self.other = Registry(folder / "own"), Registry(folder / "other")
        for number in range(5):
            for registry in (self.own, self.other):
                registry.adopt(f"{number:016x}", "x", bytes([number]) * 32)
        self.own.allow_host("kitchen", self.other.own_key())
        self.host = host_of(bytes.fromhex(self.other.own_key()))
        self.reply: Any = None
        self.silent_ms: int | None = 10
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.asked = 0
        others: Any = SimpleNamespace(
            channel=SimpleNamespace(hosts=lambda: [self.host]),
            silent_ms=lambda host, now_ms: self.silent_ms,
            name_of=lambda host: "kitchen",
            ask=self._ask,
        )
        self.made = [
            Revocations(others, self._in_thread, lambda act, r=registry: act(r), lambda: True,
                        lambda event, fields: self.told.append((event, fields)))
            for registry in (self.own, self.other)
        ]  # fmt: skip

    async def _in_thread(self, call: Any, *values: Any) -> Any:
        return call(*values)

    async def _ask(self, host: bytes, body: bytes) -> bytes | None:
        self.asked += 1
        request = json.loads(body)
        (verb,) = self.made[1].verbs()
        assert (host, request.pop("ask")) == (self.host, verb.name) and not verb.writes
        if self.reply is not None:
            return self.reply
        return json.dumps({"answer": verb.answer(request)}).encode()

    def hear(self) -> bool:
        return asyncio.run(self.made[0].hear(1000))

    def advice(self) -> list[str]:
        assert all(event == "other_host" for event, _ in self.told)
        return [fields["advice"] for _, fields in self.told]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.own.close()
    made.other.close()


def test_all_pages_are_heard_and_each_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PAGE", 2)
    for number in range(5):
        stage.other.revoke(f"{number:016x}")
    assert stage.hear() and len(stage.own.devices(REVOKED)) == 5
    stage.asked = 0
    assert not stage.hear() and stage.asked == 1 and not stage.told


def test_who_is_silent_is_not_asked(stage: Stage) -> None:
    for stage.silent_ms in (None, revocations.HEARD_MS):
        assert not stage.hear() and stage.asked == 0


def test_a_host_that_was_removed_meanwhile_is_not_obeyed(stage: Stage) -> None:
    stage.other.revoke(f"{0:016x}")
    stage.own.remove_host("kitchen")
    assert not stage.hear() and len(stage.own.devices(ACTIVE)) == 5


def test_a_log_that_has_begun_anew_is_heard_from_its_beginning(stage: Stage) -> None:
    stage.other.revoke(f"{0:016x}")
    stage.hear()
    stage.made[0]._after[stage.host] = 1000
    stage.other.revoke(f"{1:016x}")
    assert not stage.hear()  # it learns that there is none behind 1000
    assert stage.hear() and len(stage.own.devices(REVOKED)) == 2


def test_a_host_of_the_former_version_is_told_of_once(stage: Stage) -> None:
    stage.reply = json.dumps({"error": f"not understood: {revocations.VERB}", "exit": 2}).encode()
    assert not stage.hear() and not stage.hear()
    (advice,) = stage.advice()
    assert "keeps no log" in advice and "update it" in advice
    stage.reply = None
    stage.other.revoke(f"{0:016x}")
    assert stage.hear()  # once it is updated


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"null", b"[]", b'"answer"', b"[" * 100_000, b'{"answer": 5}',
        json.dumps({"answer": {"last": -1, "entries": []}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[INT, "{}", "00" * 64]]}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[0, "{}", "00" * 64]]}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[5, "\u00e9", "00" * 64]]}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[5, "{}", "zz" * 64]]}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[5, "{}", "00"]]}}).encode(),
        json.dumps({"answer": {"last": 9, "entries": [[5, "{}", "00" * 64]] * 101}}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_told_once_and_changes_nothing(stage: Stage, reply: bytes) -> None:
    stage.reply = reply
    before = stage.own.verify()
    assert not stage.hear() and not stage.hear()
    (advice,) = stage.advice()
    assert advice.strip() and "\n" not in advice
    assert stage.own.verify() == before
