"""Joining over the network: by a code, by approval, and what somebody in between can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressel.enrol import exchange, lines
from pressel.enrol import server as serving
from pressel.enrol.client import Newcomer, Outcome, converse, enrol
from pressel.enrol.desk import Conversation, RefusedError
from pressel.enrol.exchange import ByApproval, ByCode
from pressel.enrol.server import EnrolmentServer
from pressel.enrol.ways import APPROVAL, INVITE, JOINING
from pressel.errors import PresselError, UnreachableError
from pressel.registry.code import TRIES, place_of, plain_code
from pressel.registry.device import ACTIVE, PENDING
from pressel.registry.device_table import PENDING_MAX
from pressel.registry.store import Registry

ANN = Newcomer(bytes(8), "Ann", bytes(range(32)))
BEN = Newcomer(bytes((1,) * 8), "Ben", bytes(range(1, 33)))
T = TypeVar("T")
Change = Callable[[dict[str, Any]], dict[str, Any]]


class Wire:
    """A newcomer's connection to a conversation of the leader with `folder`; `changes` are made to
    what passes, by its place: 0 question, 1 answer, 2 request, 3 reply."""

    def __init__(self, folder: Path, joining: str, **changes: Change) -> None:
        self._folder = folder
        self._conversation = Conversation(joining)
        self._changes = changes
        self.passed: list[str] = []
        self._answer = b""

    def write(self, line: bytes, /) -> None:
        line = self._pass(line)
        try:
            with Registry(self._folder) as registry:
                if len(self.passed) == 1:
                    answer = self._conversation.on_question(registry, line)
                else:
                    answer, _ = self._conversation.on_request(registry, line)
        except RefusedError as refused:
            answer = lines.Refusal(refused=refused.reason).model_dump_json()
        self._answer = self._pass(answer.encode())

    def flush(self) -> None: ...

    def readline(self, limit: int, /) -> bytes:
        assert len(self._answer) <= limit
        return self._answer

    def _pass(self, line: bytes) -> bytes:
        change = self._changes.get(("question", "answer", "request", "reply")[len(self.passed)])
        if change is not None:
            line = json.dumps(change(json.loads(line))).encode()
        self.passed.append(line.decode())
        return line


def come(
    folder: Path,
    newcomer: Newcomer = ANN,
    code: str | None = None,
    joining: str = APPROVAL,
    **changes: Change,
) -> Outcome:
    wire = Wire(folder, joining, **changes)
    outcome = converse(wire, newcomer, None if code is None else plain_code(code))
    shown = "".join(wire.passed)
    assert newcomer.key.hex() not in shown and (code is None or plain_code(code) not in shown)
    return outcome


def invite(folder: Path, *groups: int) -> str:
    with Registry(folder) as registry:
        return registry.invite(groups or (1,))


def states(folder: Path) -> dict[str, str]:
    with Registry(folder) as registry:
        return {each.name: each.state for each in registry.devices()}


def test_a_code_lets_one_device_in(tmp_path: Path) -> None:
    code = invite(tmp_path, 3, 1)
    assert come(tmp_path, ANN, code.lower()) == Outcome((3, 1), "")
    with Registry(tmp_path) as registry:
        assert registry.key(ANN.device.hex()) == ANN.key
    with pytest.raises(PresselError, match="code is wrong, used"):
        come(tmp_path, BEN, code)
    assert come(tmp_path, ANN, invite(tmp_path)) == Outcome((3, 1), "")  # it is in: nothing changes


def test_three_wrong_codes_end_an_invitation(tmp_path: Path) -> None:
    code = invite(tmp_path)
    wrong = code[:2] + ("AAAAAA" if code[-1] != "A" else "CCCCCC")
    for _ in range(TRIES):
        with pytest.raises(PresselError, match="code is wrong"):
            come(tmp_path, BEN, wrong)
    with pytest.raises(PresselError, match="code is wrong"):
        come(tmp_path, ANN, code)
    assert states(tmp_path) == {}


def test_who_asks_waits_until_the_operator_has_seen_the_code(tmp_path: Path) -> None:
    code = come(tmp_path).check_code
    assert states(tmp_path) == {"Ann": PENDING}
    again = come(tmp_path).check_code  # its owner was impatient
    assert again != code
    with Registry(tmp_path) as registry:
        registry.approve(registry.waiting(again), [2])
        assert registry.key(ANN.device.hex()) == ANN.key
    assert come(tmp_path) == Outcome((), "")


@pytest.mark.parametrize("joining", JOINING)
def test_each_way_in_is_open_only_where_it_is_meant_to_be(tmp_path: Path, joining: str) -> None:
    for way, code in ((INVITE, invite(tmp_path)), (APPROVAL, None)):
        if JOINING.index(way) <= JOINING.index(joining):
            come(tmp_path, BEN if code else ANN, code, joining)
        else:
            with pytest.raises(PresselError, match="that way"):
                come(tmp_path, BEN if code else ANN, code, joining)


def test_somebody_elses_place_is_not_taken(tmp_path: Path) -> None:
    """Ids are seen on the air."""
    thief = Newcomer(ANN.device, "Ann", BEN.key)
    come(tmp_path, ANN)
    with pytest.raises(PresselError, match="another key or state"):
        come(tmp_path, thief)
    come(tmp_path, ANN, invite(tmp_path))
    with pytest.raises(PresselError, match="another key or state"):
        come(tmp_path, thief, invite(tmp_path))
    with Registry(tmp_path) as registry:
        assert registry.key(ANN.device.hex()) == ANN.key
        registry.revoke(ANN.device.hex())
    for code in (None, invite(tmp_path)):
        with pytest.raises(PresselError, match="another key or state"):
            come(tmp_path, ANN, code)


def test_a_name_that_no_label_could_show_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PresselError, match="did not understand"):
        come(tmp_path, Newcomer(ANN.device, "\x1b[2J", ANN.key))
    assert states(tmp_path) == {}


def test_the_list_of_who_waits_has_an_end(tmp_path: Path) -> None:
    for number in range(PENDING_MAX):
        come(tmp_path, Newcomer(bytes(7) + bytes((number,)), "x", bytes(32)))
    with pytest.raises(PresselError, match="too many devices wait"):
        come(tmp_path, BEN)
    come(tmp_path, BEN, invite(tmp_path))  # whom the operator invited does not wait


class Between:
    """Somebody on the wire who agrees on a key with each side, with a share of his own for each."""

    def __init__(self, nonce: bytes = bytes(16)) -> None:
        self.as_leader = ByApproval()
        self.as_newcomer = ByApproval(nonce)
        self.opened: bytes | None = None
        self.codes: list[str] = []
        self._real = b""

    def question(self, line: dict[str, Any]) -> dict[str, Any]:
        return line | {"part": self.as_newcomer.bound.hex()}

    def answer(self, line: dict[str, Any]) -> dict[str, Any]:
        self._real = bytes.fromhex(line["part"])
        return {"part": self.as_leader.part.hex()}

    def request(self, line: dict[str, Any]) -> dict[str, Any]:
        part, nonce = (bytes.fromhex(line[each]) for each in ("part", "nonce"))
        with_newcomer = self.as_leader.as_leader(part, nonce)
        with_leader = self.as_newcomer.as_newcomer(self._real)
        assert with_newcomer and with_leader
        self.codes = [with_newcomer.check_code, with_leader.check_code]
        self.opened = exchange.open_box(with_newcomer.request, line["box"])
        assert self.opened is not None
        box = exchange.seal(with_leader.request, self.opened.decode())
        own = self.as_newcomer
        return {"part": own.part.hex(), "nonce": own.nonce.hex(), "box": box}


def test_who_puts_himself_between_is_seen_by_the_codes(tmp_path: Path) -> None:
    between = Between()
    with pytest.raises(PresselError, match="does not have the code"):
        come(
            tmp_path,
            question=between.question,
            answer=between.answer,
            request=between.request,
        )
    shown_by_the_badge, at_the_leader = between.codes
    assert shown_by_the_badge != at_the_leader
    with Registry(tmp_path) as registry, pytest.raises(PresselError, match="shows"):
        registry.waiting(shown_by_the_badge)


def test_nobody_chooses_his_part_when_he_has_seen_the_leaders(tmp_path: Path) -> None:
    other = ByApproval(bytes(16))

    def request(line: dict[str, Any]) -> dict[str, Any]:
        return line | {"part": other.part.hex(), "nonce": other.nonce.hex()}

    with pytest.raises(PresselError, match="did not understand"):
        come(tmp_path, request=request)
    assert states(tmp_path) == {}


def test_a_false_leader_learns_nothing_from_a_code(tmp_path: Path) -> None:
    """He has one guess, and no other guess opens what he is sent."""
    code = invite(tmp_path)
    false = ByCode("AAAAAAAA" if plain_code(code) != "AAAAAAAA" else "CCCCCCCC", is_leader=True)
    seen: dict[str, Any] = {}

    def request(line: dict[str, Any]) -> dict[str, Any]:
        seen.update(line)
        return line

    def question(line: dict[str, Any]) -> dict[str, Any]:
        seen["part"] = line["part"]
        return line

    with pytest.raises(PresselError, match="code"):
        come(
            tmp_path, ANN, code, question=question, request=request,
            answer=lambda _: {"part": false.part.hex()},
        )  # fmt: skip
    agreed = false.agree(bytes.fromhex(seen["part"]))
    assert agreed is not None and exchange.open_box(agreed.request, seen["box"]) is None


def test_a_reply_is_the_leaders_own(tmp_path: Path) -> None:
    with pytest.raises(PresselError, match="not a leader of this venue"):
        come(tmp_path, ANN, invite(tmp_path), reply=lambda line: {"box": "00" + line["box"][2:]})


@given(st.data())
def test_a_part_that_is_none_agrees_on_nothing(data: st.DataObject) -> None:
    part = data.draw(st.binary(max_size=40) | st.just(bytes(32)) | st.just(b"A" + bytes(32)))
    for half in (ByCode("ACDEFHJK", is_leader=True), ByCode("ACDEFHJK", is_leader=False)):
        agreed = half.agree(part)
        assert agreed is None or len(agreed.request) == 32
    ByApproval().as_leader(part, bytes(16))
    assert ByApproval().as_leader(bytes(32), bytes(16)) is None  # leads to no secret


_VALUES = st.sampled_from([None, True, 1, 1 << 70, "", "AC", "invite", "ab" * 32, [1], {"a": {}}])
_KEYS = st.sampled_from(["version", "way", "place", "part", "nonce", "box", "more"])
_LINES = st.binary(max_size=60) | st.dictionaries(_KEYS, _VALUES).map(
    lambda each: json.dumps(each).encode()
)


@given(_LINES, _LINES)
def test_whatever_is_said_a_leader_refuses_in_words(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    conversation = Conversation(APPROVAL)
    try:
        with Registry(tmp_path_factory.getbasetemp() / "enrol") as registry:
            conversation.on_question(registry, first)
            conversation.on_request(registry, second)
    except RefusedError as refused:
        assert refused.reason in lines.REFUSALS
    else:
        pytest.fail("noise was understood")


# --- over real connections ---


class Door:
    """A server on a free port, and what it reported."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.is_leading = True
        self.holds = True  # what is written
        self.folder = folder
        self.server = EnrolmentServer(
            APPROVAL,
            lambda: self.is_leading,
            self.read,
            self.write,
            lambda event, fields: self.told.append((event, fields)),
        )
        self.address: tuple[str, int] = ("127.0.0.1", 0)

    async def read(self, act: Callable[[Registry], T], /) -> T:
        with Registry(self.folder) as registry:
            return act(registry)

    async def write(self, act: Callable[[Registry], T], /) -> T:
        made = await self.read(act)
        if not self.holds:
            raise UnreachableError("another host has taken over meanwhile")
        return made

    async def __aenter__(self) -> Door:
        listener = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        self.address = listener.sockets[0].getsockname()  # free, as far as can be known
        listener.close()
        await listener.wait_closed()
        await self.server.open(self.address)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.server.close()

    async def enrol(self, newcomer: Newcomer, code: str | None = None) -> Outcome:
        return await asyncio.to_thread(enrol, self.address, newcomer, code)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.address
        return await asyncio.open_connection(host, port)

    async def says(self, line: bytes) -> bytes:
        reader, writer = await self.connect()
        writer.write(line)
        said = await reader.read(4096)
        writer.close()
        return said


def test_newcomers_come_in_over_a_connection(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Door(tmp_path) as door:
            assert (await door.enrol(ANN, invite(tmp_path, 2))).groups == (2,)
            code = (await door.enrol(BEN)).check_code
            assert [event for event, _ in door.told] == ["enrolled", "waits"]
            assert door.told[1][1]["code"] == code
            assert ANN.key.hex() not in str(door.told)
            door.is_leading = False
            with pytest.raises(PresselError, match="stands by"):
                await door.enrol(BEN)

    asyncio.run(scenario())
    assert states(tmp_path) == {"Ann": ACTIVE, "Ben": PENDING}


def test_nobody_is_let_in_by_a_host_that_no_longer_leads(tmp_path: Path) -> None:
    """Otherwise it would tell a newcomer that it is in, although nobody knew it."""

    async def scenario() -> None:
        async with Door(tmp_path) as door:
            door.holds = False
            with pytest.raises(PresselError, match="stands by"):
                await door.enrol(ANN, invite(tmp_path, 2))
            assert door.told == []
            door.holds = True  # it comes again, by the same key, and all is well
            assert (await door.enrol(ANN, invite(tmp_path, 2))).groups == (2,)

    asyncio.run(scenario())


def test_a_port_without_a_leader_is_told() -> None:
    with pytest.raises(UnreachableError, match="no leader takes newcomers"):
        enrol(("127.0.0.1", 1), ANN)


def test_strangers_hold_no_more_than_their_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "LINE_LIMIT_S", 60.0)

    async def scenario() -> None:
        async with Door(tmp_path) as door:
            held = [await door.connect() for _ in range(2)]
            for _ in range(3):  # a third one of the same address
                assert b"busy" in await door.says(b"")
            for _, writer in held:
                writer.close()
            said = b""
            for _ in range(50):  # until the leader has seen them go
                if b"busy" not in (said := await door.says(b"{}\n")):
                    break
            assert b"line" in said
            assert await door.says(b"x" * 3000) == b""  # longer than any line
            begun = [await door.says(b"{}\n") for _ in range(serving.BURST + 5)]
            assert b"busy" in begun[-1]

    asyncio.run(scenario())


def test_a_taken_port_is_told_and_the_venue_goes_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Door(tmp_path) as first:
            second = Door(tmp_path)
            await second.server.open(first.address)
            assert second.told[0][0] == "enrolment_off"
            assert str(first.address[1]) in second.told[0][1]["advice"]
            await second.server.close()

    asyncio.run(scenario())


def test_a_place_is_no_secret_and_the_rest_is() -> None:
    assert place_of(plain_code("acde fhjk")) == "AC"
