"""How a host goes off duty: what it waits for, and what it still does for others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pressel.node.desk import duty
from pressel.node.desk.duty import Duty
from pressel.node.node_state import DRAINED, DRAINING, ON_DUTY
from pressel.node.standbys import HEARD_MS
from ptt.cluster import election_rules

NEAR, FAR = b"near", b"far"
FOLLOWS = election_rules.STATES[election_rules.FOLLOWER]
OFF_DUTY = election_rules.STATES[election_rules.RESIGNED]


class Stage:
    """A host that leads, and two others; `done` is what became of it, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: list[str] = []
        self.silent_ms = {NEAR: 0, FAR: 0}
        self.states = {NEAR: FOLLOWS, FAR: FOLLOWS}
        self.asked: list[bytes] = []
        self.is_relaying = False
        self.while_preparing: Callable[[], Any] = lambda: None
        voters = SimpleNamespace(quorum=2)
        self.host: Any = SimpleNamespace(
            leader=object(),
            is_parting=False,
            election=SimpleNamespace(state=election_rules.LEADER, voters=voters),
            relay=SimpleNamespace(is_busy=lambda now_ms: self.is_relaying),
            resign=self._resign,
            return_to_duty=lambda now_ms: self.done.append("returned"),
        )
        others: Any = SimpleNamespace(
            channel=SimpleNamespace(hosts=lambda: list(self.silent_ms)),
            silent_ms=lambda host, now_ms: self.silent_ms[host],
            ask=self._ask,
            exchange=SimpleNamespace(unfetched=0),
            address=None,
            name_of=bytes.hex,
        )
        standbys: Any = SimpleNamespace(prepare=self._prepare)
        state = SimpleNamespace(model_dump=lambda: {})
        monkeypatch.setattr(duty, "take_state", lambda *facts: state)
        self.state: Any = state
        self.duty = Duty(self.host, others, standbys, lambda: ("127.0.0.1", 1), lambda: None)

    def _resign(self, now_ms: int) -> None:
        self.done.append("resigned")
        self.host.leader = None

    async def _ask(self, host: bytes, body: bytes) -> bytes:
        self.asked.append(host)
        return json.dumps({"answer": {"state": self.states[host]}}).encode()

    async def _prepare(self) -> None:
        self.done.append("told standbys")
        self.while_preparing()

    def drain(self) -> list[str]:
        """What is left to do then."""
        asyncio.run(self.duty.drain({}))
        return self.state.left


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_standbys_know_all_before_it_hands_over(stage: Stage) -> None:
    assert stage.drain() == []
    assert stage.done == ["told standbys", "resigned"] and stage.state.duty == DRAINED


def test_who_was_not_heard_lately_is_not_asked_and_cannot_lead(stage: Stage) -> None:
    stage.silent_ms = {NEAR: HEARD_MS, FAR: HEARD_MS + 1}
    (left,) = stage.drain()
    assert "no other host answers" in left and stage.state.duty == DRAINING
    assert stage.asked == stage.done == []
    stage.silent_ms[NEAR] = HEARD_MS - 1
    asyncio.run(stage.duty.look())
    assert stage.asked == [NEAR] and stage.done[-1] == "resigned"


def test_it_waits_while_all_others_are_off_duty(stage: Stage) -> None:
    stage.states = {NEAR: OFF_DUTY, FAR: OFF_DUTY}
    (left,) = stage.drain()
    assert "the other hosts are off duty" in left and stage.done == []


def test_who_returns_while_it_waits_for_standbys_leads_on(stage: Stage) -> None:
    stage.while_preparing = lambda: stage.duty.return_to_duty({})
    stage.drain()
    assert stage.done == ["told standbys", "returned"] and stage.state.duty == ON_DUTY


def test_a_host_that_drains_says_what_it_still_does_for_others(stage: Stage) -> None:
    stage.is_relaying = True
    assert stage.drain() == ["it relays a burst"] and stage.state.duty == DRAINING
    stage.is_relaying = False
    stage.host.is_parting = True
    assert stage.drain() == ["it tells badges that have not moved over"]
