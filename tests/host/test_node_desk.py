"""The desk: who answers a request, who asked it, and what the log says of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import PresselError, UnreachableError
from pressel.node import control
from pressel.node.desk import asker as askers
from pressel.node.desk.asker import Asker
from pressel.node.desk.desk import Desk, _at_once
from pressel.node.desk.verb import COPY, HERE, LEADER, Fields, Verb

ANN = Asker("ann", 1000)
OWN, OTHER = b"own host", b"kitchen "
SAID = {"verb": "say", "what": "say: hi", "text": "hi"}
NAMES = {OWN: "this host", OTHER: "kitchen"}


class Stage:
    """A desk of one host; `leader` leads, `other` answers for the other host."""

    def __init__(self, leader: bytes | None = OWN) -> None:
        self.leader = leader
        self.other: Stage | None = None
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.done: list[str] = []
        verbs = (
            Verb("look", self._note("look"), place=LEADER),
            Verb("say", self._note("say"), writes=True, place=LEADER, shown=("text",)),
            Verb("list", self._note("list"), place=COPY, in_thread=True),
            Verb("own", self._note("own"), place=HERE),
            Verb("rest", self._note("rest"), writes=True, place=HERE),
            Verb("restore", self._note("restore"), writes=True, place=HERE, venue=True),
            Verb("fail", self._fail, writes=True, place=LEADER),
            Verb("revoke", self._whose, writes=True, place=LEADER, logs=True),
            Verb("shout", self._note("shout"), writes=True, place=LEADER, is_passing=True),
        )
        self.make = lambda safe: Desk(
            verbs, OWN, lambda: self.leader, self._ask, NAMES.__getitem__, self._report, safe=safe,
            record=self._record,
        )  # fmt: skip
        self.desk = self.make(_at_once)
        self.asked = 0  # how often the other host was
        self.recorded: list[tuple[str, str, str]] = []
        self.is_full = False

    def _note(self, word: str):
        def answer(fields: Fields) -> str:
            self.done.append(word)
            return f"{word} {sorted(fields)}"

        return answer

    def _record(self, verb: str, words: str, who: str) -> None:
        if self.is_full:
            raise PresselError("the disk is full")
        self.recorded.append((verb, words, who))

    def _whose(self, fields: Fields) -> str:
        return fields["who"]

    def _fail(self, fields: Fields) -> None:
        raise PresselError("the disk is full")

    def _report(self, event: str, fields: dict[str, Any]) -> None:
        self.log.append((event, fields))

    async def _ask(self, host: bytes, body: bytes) -> bytes | None:
        self.asked += 1
        if self.other is not None:
            self.other.asked += 1
        return None if self.other is None else await self.other.desk.answer_host(body, OTHER)

    def ask(self, verb: str, **fields: Any) -> dict[str, Any]:
        return asyncio.run(self.desk.answer({"ask": verb, **fields}, ANN))


def follower() -> Stage:
    stage = Stage(OTHER)
    stage.other = Stage(OWN)
    return stage


def test_who_leads_answers_itself_and_writes_down_who_asked() -> None:
    stage = Stage()
    assert stage.ask("say", text="hi", key="secret") == {"answer": "say ['key', 'text']"}
    assert stage.log == [("asked", SAID | {"who": "ann"})]
    stage.log.clear()
    assert "answer" in stage.ask("look")
    assert stage.log == []


def test_row_24_who_follows_has_the_leader_answer_and_write_down_who_asked() -> None:
    stage = follower()
    assert stage.other is not None
    assert stage.ask("say", text="hi") == {"answer": "say ['text']", "by": "kitchen"}
    assert (stage.done, stage.other.done) == ([], ["say"])
    assert stage.other.log == [("asked", SAID | {"who": "ann at kitchen"})]
    assert stage.ask("list")["by"] == "kitchen"
    assert stage.ask("own") == {"answer": "own []"}


def test_the_registry_s_log_keeps_what_was_written_and_who_asked() -> None:
    stage = follower()
    assert stage.other is not None
    stage.ask("say", text="hi", key="secret")
    stage.ask("look")
    stage.ask("fail")
    stage.ask("shout")
    assert stage.ask("revoke", who="operator")["answer"] == "ann at kitchen"  # not who it says
    assert stage.other.recorded == [("say", "hi", "ann at kitchen")]
    assert stage.recorded == []
    stage.ask("rest")
    assert stage.recorded == [("rest", "", "ann")]


def test_what_was_done_and_not_logged_is_told() -> None:
    stage = Stage()
    stage.is_full = True
    told = stage.ask("say", text="hi")
    assert told == {
        "error": "it was done, but the log does not tell it: the disk is full",
        "exit": 1,
    }
    assert stage.done == ["say"]


def test_a_refusal_of_the_leader_is_the_followers_too() -> None:
    stage = follower()
    assert stage.ask("fail") == {"error": "the disk is full", "exit": 1, "by": "kitchen"}
    assert stage.other is not None and stage.other.log == []  # what was not done is not told


def test_it_refuses_in_a_sentence_only_when_no_leader_can_be_reached(monkeypatch) -> None:
    monkeypatch.setattr("pressel.node.desk.desk.LEADERLESS_S", 0.01)
    assert Stage(None).ask("say", text="hi")["exit"] == 3
    assert "reaches no leader" in Stage(None).ask("look")["error"]
    assert Stage(None).ask("list") == {"answer": "list []", "by": "own copy"}
    silent = Stage(OTHER)
    assert "kitchen leads but does not answer" in silent.ask("say", text="hi")["error"]
    assert silent.done == []


def test_an_election_is_waited_for() -> None:
    async def scenario() -> None:
        stage = Stage(None)
        asked = asyncio.ensure_future(stage.desk.answer({"ask": "look"}, ANN))
        await asyncio.sleep(0)
        stage.leader = OWN
        stage.desk.on_election()
        assert await asked == {"answer": "look []"}

    asyncio.run(scenario())


def test_who_has_just_stopped_to_lead_is_not_the_last_word() -> None:
    """The former leader has done nothing: the host that leads by now is asked, and the operator
    sees nothing of it."""
    stage = follower()
    former = stage.other
    assert former is not None
    former.leader = OTHER  # it follows already; the heartbeat that says so is on its way

    async def scenario() -> None:
        asked = asyncio.ensure_future(stage.desk.answer({"ask": "say", "text": "hi"}, ANN))
        while former.asked == 0:
            await asyncio.sleep(0)
        stage.leader = OWN
        stage.desk.on_election()
        assert await asked == {"answer": "say ['text']"}

    asyncio.run(scenario())
    assert (former.done, stage.done) == ([], ["say"])


def test_a_change_is_done_when_it_is_safe() -> None:
    """What was begun while we led is still awaited afterwards, and whoever asked is told of its
    failure."""
    steps: list[str] = []
    stage = Stage()

    async def begin(verb: Verb) -> Callable[[], Awaitable[tuple[int, int]]]:
        steps.append(f"begun, {len(stage.done)} done")

        async def end() -> tuple[int, int]:
            steps.append(f"awaited, {len(stage.done)} done")
            raise UnreachableError("another host has taken over")

        return end

    stage.desk = stage.make(begin)
    assert stage.ask("say", text="hi") == {"error": "another host has taken over", "exit": 3}
    assert steps == ["begun, 0 done", "awaited, 1 done"]
    assert stage.ask("restore") == {"error": "another host has taken over", "exit": 3}
    assert steps[2:] == ["begun, 1 done", "awaited, 2 done"]
    assert "answer" in stage.ask("rest") and "answer" in stage.ask("look")
    assert len(steps) == 4  # a verb of this host's own, or one that only reads, waits for nobody


def test_it_is_said_on_how_many_hosts_a_change_is() -> None:
    async def begin(verb: Verb) -> Callable[[], Awaitable[tuple[int, int]]]:
        async def end() -> tuple[int, int]:
            return 1, 2

        return end

    stage = follower()
    assert stage.other is not None
    stage.other.desk = stage.other.make(begin)
    assert stage.ask("say")["on"] == [1, 2] and "on" not in stage.ask("look")


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ([1, 2], "it is on 1 of 2 hosts; the other one gets it when it is there again\n"),
        ([2, 2], ""), ([1, 1], ""), ([2, 3], ""), (None, ""), ("1", ""), ([True, 2], ""),
    ],
)  # fmt: skip
def test_who_may_lose_a_change_with_one_disk_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], on: Any, words: str
) -> None:
    async def answer(request: Any, who: Asker) -> dict[str, Any]:
        return {"answer": "done", "on": on}

    async def scenario() -> None:
        server = await control.serve(tmp_path / "c.sock", answer)
        assert await asyncio.to_thread(control.ask, tmp_path / "c.sock", "say") == "done"
        server.close()

    asyncio.run(scenario())
    assert capsys.readouterr().err == words


def test_a_host_takes_no_orders_of_another_that_are_its_own_operators() -> None:
    stage = Stage()

    def asked(**request: Any) -> dict[str, Any]:
        body = json.dumps(request).encode()
        return json.loads(asyncio.run(stage.desk.answer_host(body, OTHER)))

    who = {"name": "ann", "uid": 1000}
    assert "answer" in asked(ask="own", who=who)
    assert "the host that it concerns" in asked(ask="rest", who=who)["error"]
    assert "who is asking" in asked(ask="say", text="hi")["error"]
    stage.leader = OTHER
    assert "has just changed" in asked(ask="say", who=who)["error"]
    assert stage.done == ["own"]


def test_rubbish_of_another_host_is_answered_in_words() -> None:
    stage = Stage()
    for body in (b"", b"[]", b"17", b'{"ask": "sing"}', b'{"ask": ["own"]}', b"\xff"):
        reply = json.loads(asyncio.run(stage.desk.answer_host(body, OTHER)))
        assert reply["error"].startswith("not understood")


def test_a_name_from_another_host_is_short_and_printable() -> None:
    who = askers.from_json({"name": "a\x1b[31m\n" + "n" * 500, "uid": 0}, "kitchen")
    assert who.name.isprintable() and len(who.name) == 64 and str(who).endswith(" at kitchen")


def test_the_kernel_says_who_is_behind_a_control_socket(tmp_path: Path) -> None:
    async def scenario() -> None:
        stage = Stage()
        path = tmp_path / "c.sock"
        server = await control.serve(path, stage.desk.answer)
        await asyncio.to_thread(control.ask, path, "say", text="hi")
        server.close()
        left, right = socket.socketpair()
        with left, right:
            expected = str(askers.of_user(askers.uid_behind(left)))
        assert stage.log == [("asked", SAID | {"who": expected})]

    asyncio.run(scenario())
