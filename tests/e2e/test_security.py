"""Attacks on running processes: by strangers, by the owner of one badge, and by somebody who reads
files.


The same attacks on engines, and more of them, are in tests/hostile.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import psutil
import pytest
from tests.e2e.command import running, typed, until
from tests.e2e.stage import Spoken, ask, faults, heard_by, reported, venue, words
from tests.e2e.test_hostile_datagrams import Stranger
from tests.host.web import fetch
from tests.hostile.stage import by, in_the_clear, sealed
from tests.hostile.test_insiders import voice_of

from pressel.block_cipher import BlockCipher
from pressel.demo.speeches import Speech
from pressel.demo.venue import STATE, LeaderProcess
from pressel.registry.device import KEY_BYTES
from pressel.registry.store import Registry
from pressel.registry.vault import KEY_FILE
from pressel.soft.credential import Credential, register
from pressel.transport.udp import UdpEndpoint, engine_now_ms
from pressel.virtual import now_ms
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.numbers import JOINS_MAX
from ptt.wire import envelope, messages

pytestmark = pytest.mark.e2e

STRANGERS = 6_000
STRANGERS_OF_A_PROOF = 100_000
AT_ONCE = 100
PAUSE_S = 0.02  # between batches: 5,000 datagrams a second, more than a venue's Wi-Fi carries
BAD_TAGS_MAX = 5_000
WARM_UP_SHARE = 10  # of the strangers, one in so many: what the process gets once is no leak
RSS_GROWTH_BYTES_MAX = 2_000_000  # 30,000 strangers kept would be 3 MB at least
DEAF_MS = 2_000  # after which a revoked badge hears nothing
PASSWORD = "a password of some length"
PAGES = (
    "/", "/badges", "/badges/0000000000000001", "/wifi", "/history", "/settings", "/changes",
    "/report", "/audit", "/accounts",
)  # fmt: skip


class Insider:
    """The owner of one badge, with its valid keys and a program of his own."""

    def __init__(self, work: Path, leader: LeaderProcess, own: Credential | None = None) -> None:
        self.own = own or Credential(bytes(7) + b"\x77", secrets.token_bytes(KEY_BYTES))
        if own is None:
            register(self.own, "insider", work / STATE)
        host, port = leader.address.split(":")
        self.leader = (host, int(port))
        self.engine: Any = Participant(
            self.own.device, b"insider", b"test", self.leader, 1, self.own.key, BlockCipher,
            os.urandom,
        )  # fmt: skip
        self.endpoint = UdpEndpoint(self.engine, lambda kind, value: None)

    def send(self, data: bytes, address: tuple[str, int] | None = None) -> None:
        assert self.endpoint._transport is not None
        self.endpoint._transport.sendto(data, address or self.leader)

    def says(self, kind: int, values: tuple[Any, ...], **claims: int) -> bytes:
        """A datagram sealed by its keys, whatever it claims."""
        return by(SimpleNamespace(engine=self.engine), kind, values, seq=self._next(), **claims)  # pyright: ignore[reportArgumentType]

    def voice(self, node: int, lease: int, mark: int = 1) -> bytes:
        keys, join = self.engine.link.keys, self.engine.join
        kind = messages.VOICE_FRAME
        data = voice_of(node, lease)
        return sealed(keys.up, data, kind, join.session, join.node, self._next(), mark)

    def _next(self) -> int:
        """From the numbers that the engine uses, too: none comes twice unless that is meant."""
        self.engine.link.seq += 1
        return self.engine.link.seq


@contextlib.asynccontextmanager
async def insider_at(
    work: Path, leader: LeaderProcess, own: Credential | None = None
) -> AsyncIterator[Insider]:
    """`own`: of a device that the registry has already."""
    insider = Insider(work, leader, own)
    await insider.endpoint.open(("127.0.0.1", 0))
    try:
        insider.engine.start(engine_now_ms())
        insider.endpoint.pump()
        await until(lambda: insider.engine.join.state == JOINED, "the insider to join")
        await asyncio.sleep(1)  # its groups' keys follow
        yield insider
    finally:
        insider.endpoint.close()


def long_words() -> Speech:
    """Recordings one after the other, as if the finger never left the button: some 8 s."""
    parts = [words(1), words(2), words(3)]
    return Speech(np.concatenate([each.pcm for each in parts]), " ".join(p.text for p in parts))


async def refused(leader: LeaderProcess, reason: str) -> int:
    return (await ask(leader)).refused.get(reason, 0)


async def is_refused(leader: LeaderProcess, reason: str, attack: Callable[[], None]) -> None:
    """`attack`, and wait until the leader has counted it under `reason`."""
    before = await refused(leader, reason)
    attack()
    for _ in range(100):
        if await refused(leader, reason) > before:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"not refused for '{reason}': {(await ask(leader)).refused}")


def test_who_is_revoked_hears_no_more_while_others_go_on(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with venue(work, "ABC") as (leader, (a, b, c)):
            speech = long_words()
            speaking = asyncio.create_task(a.press_and_speak(speech.pcm))
            await c.wait_for("hearing")
            await asyncio.sleep(1.0)
            device = (3).to_bytes(8, "big").hex()  # C, as `run_badges` numbers them
            revoked = await typed("device", "revoke", device, "--state", work / STATE)
            revoked_ms = now_ms()
            assert revoked.code == 0, revoked.err
            said = await speaking
            assert said.last_ms > revoked_ms + DEAF_MS + 1000, "the speech was too short for this"
            await heard_by(said, b)
            assert {each.name for each in (await ask(leader)).members} == {"A", "B"}
        sound = c.badge.speaker
        at = round((revoked_ms + DEAF_MS - sound.t0_ms) * 16)
        assert np.abs(sound.pcm[:at]).max() > 1000  # it heard the beginning
        assert not np.abs(sound.pcm[at:]).max(initial=0)
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


def test_the_owner_of_one_badge_speaks_and_acts_for_nobody_else(work: Path) -> None:
    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (leader, (a, b)), insider_at(work, leader) as thief:
            own = thief.engine.join
            nodes = {each.name: each.node for each in (await ask(leader)).members}
            ports = {each.name: each.address for each in (await ask(leader)).members}
            host, port = ports["B"].split(":")
            speech = long_words()
            speaking = asyncio.create_task(a.press_and_speak(speech.pcm))
            await b.wait_for("hearing")
            lease = (await ask(leader)).floors[0].lease
            beat = (1, 1, 1, 0, 0, 0)
            kept = thief.says(messages.HEARTBEAT, beat)
            thief.send(kept)
            for reason, data in (
                ("replay", kept),
                ("floor", thief.voice(own.node, lease)),  # into A's burst
                ("floor", thief.voice(own.node, lease + 1)),  # without the floor
                ("field", thief.voice(nodes["A"], lease)),  # in A's name
                ("sender", thief.says(messages.HEARTBEAT, beat, node=nodes["A"])),
                ("session", thief.says(messages.HEARTBEAT, beat, session=own.session ^ 1)),
                ("tag", _with_a_bad_tag(thief.says(messages.HEARTBEAT, beat))),
                ("unsealed", _bare(thief.says(messages.HEARTBEAT, beat))),
            ):
                await is_refused(leader, reason, lambda data=data: thief.send(data))
            thief.send(thief.says(messages.FLOOR_RELEASE, (1, 1, lease)))  # of A's floor
            for kind, values in (  # the leader's words, at B
                (messages.FLOOR_REVOKED, (1, 1, 1, 1)),
                (messages.FLOOR_GRANT, (1, 1, 1, 50, 2000, 60000)),
                (messages.ROLE_ANNOUNCE, (messages.ROLE_LEADER, 900)),
            ):
                thief.send(thief.says(kind, values), (host, int(port)))
            said = await speaking
            await heard_by(said, b)
            assert {each.name for each in (await ask(leader)).members} == {"A", "B", "insider"}
            assert b.find("lost", 0) is None
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


@pytest.mark.proof
def test_the_owner_of_one_badge_reaches_no_other_group_and_moves_no_leader(work: Path) -> None:
    """Cut and paste between groups and epochs; claims of higher terms; joining all the time."""

    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (leader, (a, b)):
            kept = Credential(bytes(7) + b"\x77", secrets.token_bytes(KEY_BYTES))
            register(kept, "insider", work / STATE)
            moved = await typed("device", "group", kept.device.hex(), "2", "--state", work / STATE)
            assert moved.code == 0, moved.err
            async with insider_at(work, leader, kept) as thief:
                assert thief.engine.voice_keys.ring.groups() == [2]
                speech = long_words()
                speaking = asyncio.create_task(a.press_and_speak(speech.pcm))
                await b.wait_for("hearing")
                state = await ask(leader)
                lease = state.floors[0].lease
                own = thief.engine.join.node
                for reason, data in (
                    ("field", thief.says(messages.FLOOR_REQUEST, (1, 1, 0, 0))),
                    ("field", thief.says(messages.KEY_WANT, (1,))),
                    ("field", thief.says(messages.TEXT_MESSAGE, (1, 1, 0, own, b"x", b"buy"))),
                    ("field", thief.says(messages.FLOOR_RELEASE, (1, 1, lease))),
                    ("field", thief.says(messages.RECEIVER_REPORT, (1, lease, 0, 9, 9))),
                    ("field", thief.voice(own, lease)),
                    ("key", thief.voice(own, lease, mark=9)),
                ):
                    await is_refused(leader, reason, lambda data=data: thief.send(data))
                for jump in range(1, 20):
                    term = state.term + (jump << 8)
                    thief.send(thief.says(messages.HEARTBEAT, (1, 2, term, 0, 0, 0)))
                await reported(leader, "higher_term", device=kept.device.hex())
                for _ in range(3 * JOINS_MAX):
                    thief.engine.join.on_forgotten(engine_now_ms())
                    thief.endpoint.pump()
                    await asyncio.sleep(0.1)
                said = await speaking
                await heard_by(said, b)
                after = await ask(leader)
                # A host alone stands again above such a claim, and nobody notices.
                assert state.term <= after.term < state.term + (20 << 8)
                names = [e["name"] for e in leader.events if e["event"] == "member_joined"]
                assert names.count("insider") <= 1 + JOINS_MAX
                assert thief.engine.voice_keys.ring.groups() in ([], [2])
                assert b.find("lost", 0) is None and b.find("text", 0) is None
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


def _with_a_bad_tag(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def _bare(data: bytes) -> bytes:
    """Without its tag, as an older version would send it."""
    bare = bytearray(data[: -envelope.TAG_BYTES])
    bare[3] = 0
    envelope.put_crc(bare, envelope.header_crc(bare, envelope.payload_crc(bare)))
    return bytes(bare)


def newcomers(chance: random.Random) -> Callable[[], bytes]:
    """HELLO from another stranger each time, and now and then an ANSWER that answers nothing."""

    def stranger() -> tuple[Any, ...]:
        who = (chance.randbytes(8), chance.randrange(1 << 30))
        return (*who, messages.TABLE_HASH, 1, b"stranger", b"none", 0)

    def one() -> bytes:
        return in_the_clear(messages.HELLO, stranger())

    def other() -> bytes:
        parts = (chance.randbytes(16) for _ in range(3))
        answer = (*parts, *stranger())
        return in_the_clear(messages.ANSWER, answer)

    return lambda: one() if chance.random() < 0.8 else other()


@pytest.mark.parametrize(
    "strangers", [STRANGERS, pytest.param(STRANGERS_OF_A_PROOF, marks=pytest.mark.proof)]
)
def test_floods_of_strangers_and_of_bad_tags(
    work: Path, strangers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Many that want to join, and a member that sends bad tags; A talks all the while."""
    bad_tags = min(BAD_TAGS_MAX, strangers // 4)

    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (leader, (a, b)), insider_at(work, leader) as thief:
            process = psutil.Process(leader.process.pid)
            with Stranger() as stranger:
                flood = newcomers(random.Random(7))

                async def send(count: int) -> None:
                    for _ in range(count // AT_ONCE):
                        for _ in range(AT_ONCE):
                            stranger.send(flood(), leader.address)
                        await asyncio.sleep(PAUSE_S)
                        stranger.listen()
                        stranger.answers.clear()

                async def send_bad_tags() -> None:
                    for _ in range(bad_tags // 10):
                        for _ in range(10):
                            data = thief.says(messages.HEARTBEAT, (1, 1, 1, 0, 0, 0))
                            thief.send(_with_a_bad_tag(data))
                        await asyncio.sleep(PAUSE_S)

                await send(strangers // WARM_UP_SHARE)
                rss_bytes = process.memory_info().rss
                floods = asyncio.gather(send(strangers), send_bad_tags())
                bursts: list[Spoken] = []
                while not floods.done() or not bursts:
                    said = await a.press_and_speak((speech := words(1, 1.5)).pcm)
                    await heard_by(said, b)
                    bursts.append((said, speech))
                await floods
                grown = process.memory_info().rss - rss_bytes
            state = await ask(leader)
            assert {each.name for each in state.members} == {"A", "B", "insider"}
            assert state.refused["limit"] > strangers // 2
            assert state.refused["tag"] > bad_tags // 2
            assert grown < RSS_GROWTH_BYTES_MAX
        access = sorted(round(said.t_granted_ms - said.t_press_ms) for said, _ in bursts)
        with capsys.disabled():
            print(f"\nflooded: access time {access} ms, memory {grown // 1024:+} KiB")
        return faults(bursts, [a, b])

    assert asyncio.run(scenario(work)) == []


# Files that exist to hold keys, of mode 0600: everything else must have none.
_KEEPERS = (KEY_FILE, "host.key", "nvs.json")


def _forms(key: bytes) -> list[bytes]:
    """How `key` may lie in a file: raw, in hexadecimal, in base64 at any alignment."""
    coded = []
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + key)
        coded.append(text[4 if lead else 0 : -4])
    return [key, key.hex().encode(), key.hex().upper().encode(), *coded]


def leaks(folder: Path, keys: dict[str, bytes]) -> list[str]:
    """Which of `keys` lie in which file below `folder`."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in _KEEPERS:
            content = file.read_bytes()
            for name, key in keys.items():
                if any(form in content for form in _forms(key)):
                    found.append(f"{name} in {file.relative_to(folder)}")
    return found


def test_no_file_of_a_venue_holds_a_key(work: Path) -> None:
    """Logs, status, text, registry, backup, audit, bundle, recovery kit, the leader's events, the
    badges' folders; of keys, and of the Wi-Fi's password."""

    async def scenario() -> None:
        async with venue(work, "AB") as (leader, (a, b)), insider_at(work, leader) as member:
            said = await a.press_and_speak(words(1, 1.0).pcm)
            await heard_by(said, b)
            state = ("--state", work / STATE)
            wifi = work.with_name("wifi")
            wifi.write_text(PASSWORD)
            secret = ("--password-file", wifi, "--at-once")
            for number, args in enumerate(
                (
                    ("settings", "wifi", "Venue 2", *secret, "--control", leader.control),
                    ("status", "--json", "--control", leader.control),
                    ("settings", "history", "--control", leader.control),
                    ("text", "--control", leader.control, "hello"),
                    ("device", "list", "--all", "--json", *state),
                    ("host", "show", *state),
                    ("registry", "backup", work / "copy", *state),
                    ("audit", "export", work / "audit.jsonl", *state),
                    ("health", "--json", "--control", leader.control),
                    ("recovery", "kit", work / "kit", *state),
                    ("bundle", "make", work / "bundle.html", "--control", leader.control, *state),
                    ("device", "revoke", (2).to_bytes(8, "big").hex(), *state),
                )
            ):
                result = await typed(*args)
                assert result.code == 0, result.err
                (work / f"command-{number}").write_text(result.out + result.err)
            keys = {**keys_of(work, member), "the Wi-Fi": PASSWORD.encode()}
            for actor in (a, b):
                told = "".join(map(str, actor.told))
                (work / f"told-{actor.name}.log").write_text(told)
        (work / "events.log").write_text(str(leader.events))
        assert min(map(len, keys.values())) >= 16 and len(keys) >= 5
        assert leaks(work, keys) == []
        (work / "planted").write_bytes(b"x" + base64.b64encode(b"ab" + keys["the session"]))
        assert leaks(work, keys) == ["the session in planted"]  # the search can find

    asyncio.run(scenario())


@pytest.mark.proof
def test_no_page_log_or_metric_of_a_console_holds_a_key(work: Path) -> None:
    """Every page, the metrics, what an account and a login leave behind, a calling account's badge,
    and the answers that a command gets; of keys, and of password, token, cookie and first code."""

    async def scenario() -> None:
        async with venue(work, "AB") as (leader, (a, b)), insider_at(work, leader) as member:
            said = await a.press_and_speak(words(1, 1.0).pcm)
            await heard_by(said, b)
            state = ("--state", work / STATE)
            given = (*state, "--control", leader.control, "--listen", "127.0.0.1:0")
            async with running(work / "console", "console", *given) as served:
                await served.line("the console is at ")
                code = served.err.partition("type the code ")[2].split()[0]
                port = int(served.err.partition("the console is at http://")[2].split("/")[0][10:])
                own = {
                    "Origin": f"http://127.0.0.1:{port}",
                    "Content-Type": "application/x-www-form-urlencoded",
                }
                form = urlencode({"code": code, "name": "Mia", "password": PASSWORD})
                answer, _ = await asyncio.to_thread(fetch, port, "/first", "POST", own, form)
                cookie = str(answer.headers["set-cookie"]).partition(";")[0]
                assert answer.status == 303
                for number, path in enumerate(PAGES):
                    head = {"Cookie": cookie}
                    answer, text = await asyncio.to_thread(fetch, port, path, "GET", head)
                    assert answer.status == 200, path
                    (work / f"page-{number}").write_text(text)
                body = json.dumps({"name": "Mia", "password": PASSWORD, "days": 1})
                head = {"Content-Type": "application/json"}
                _, text = await asyncio.to_thread(fetch, port, "/api/login", "POST", head, body)
                token = json.loads(text)["answer"]["token"]
                head["Authorization"] = f"Bearer {token}"
                for number, verb in enumerate(("status", "device list", "settings show", "bursts")):
                    body = json.dumps({"ask": verb, "fields": {}})
                    _, text = await asyncio.to_thread(fetch, port, "/api/ask", "POST", head, body)
                    (work / f"answer-{number}").write_text(text)
                told = ("metrics", "--once", "--control", leader.control)
                counted = await typed(*told)
                assert counted.code == 0
                (work / "metrics").write_text(counted.out)
            keys = keys_of(work, member)
            keys["the password"] = PASSWORD.encode()
            keys["the token"] = token.encode()
            keys["the cookie"] = cookie.partition("=")[2].encode()
            assert len(list(work.glob("page-*"))) == len(PAGES)
        (work / "events.log").write_text(str(leader.events))
        assert leaks(work, keys) == []
        (work / "planted").write_text(f"Bearer {token}")
        assert leaks(work, keys) == ["the token in planted"]

    asyncio.run(scenario())


def keys_of(work: Path, member: Insider) -> dict[str, bytes]:
    """All keys of a venue, by whose they are."""
    keys = {"the session": member.engine.door.secret, "the insider": member.own.key}
    for group, kept in member.engine.voice_keys.ring._of.items():
        keys[f"group {group}"] = kept[0][1]
    with Registry(work / STATE) as registry:
        for device in registry.devices("active"):
            keys[device.name] = registry.key(device.id) or b""
    for name in (KEY_FILE, "host.key"):
        keys[name] = bytes.fromhex((work / STATE / name).read_text().split()[1])
    return keys
