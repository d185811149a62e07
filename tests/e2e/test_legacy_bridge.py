"""Old apps over real TCP, badges over real UDP, and a leader process with the v1 bridge between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.e2e.command import Command, run, running, typed, until
from tests.e2e.stage import ADOPTED_S, own, words
from tests.host.legacy_client import PORTS, LegacyApp, Pcm
from tests.patience import PATIENCE_S
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from pressel.demo.actor import Actor
from pressel.demo.venue import run_badges
from pressel.node import control
from pressel.node.leader_state import LeaderState
from pressel.report.make import measure
from pressel.report.run import BadgeRun, BurstRun, ListenerFrames, RunData
from pressel.report.timeline import PcmTimeline

pytestmark = pytest.mark.e2e

HOST = "127.0.0.1"
NOTHING = PcmTimeline(0.0, np.zeros(0, np.int16))
PLAYED_S = 0.4  # the last words still wait in a listener's buffers
SERVICE = "_wfwt._tcp.local."


@dataclass
class Bridged:
    """A leader process with the bridge on."""

    command: Command
    control: Path
    address: str
    port: int  # of the old apps

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.command.out.splitlines(True) if line[-1] == "\n"]

    async def reported(self, event: str, **fields: object) -> None:
        def is_there() -> bool:
            return any(
                each["event"] == event and fields.items() <= each.items() for each in self.events()
            )

        await until(is_there, f"the leader's {event} {fields}")

    async def state(self) -> LeaderState:
        answer = await asyncio.to_thread(control.ask, self.control, "status")
        return LeaderState.model_validate(answer)

    async def talker(self) -> str | None:
        return (await self.state()).floors[0].talker


@contextlib.asynccontextmanager
async def bridged(work: Path, *options: str) -> AsyncIterator[Bridged]:
    where = ("--listen", f"{HOST}:0", "--state", "leader", "--control", "leader.sock")
    args = ("leader", *where, "--json", "--dies-with-parent", "--v1-bridge", *options)
    async with running(work / "log", *args, cwd=work) as command:
        await until(lambda: command.out.count("\n") >= 4, "the leader and its bridge")
        told = [json.loads(line) for line in command.out.splitlines()[:4]]
        words = ["ready", "became_leader", "v1_bridge", "member_joined"]
        assert [each["event"] for each in told] == words
        ready, warning = told[0], told[2]
        assert "anybody" in warning["insecure"]
        address = f"{ready['address']}:{ready['port']}"
        yield Bridged(command, work / "leader.sock", address, warning["port"])
        assert "Traceback" not in command.err


@contextlib.asynccontextmanager
async def old_apps(
    bridge: Bridged, *names: str, rate_hz: int = 16_000
) -> AsyncIterator[list[LegacyApp]]:
    async with contextlib.AsyncExitStack() as stack:
        apps = [await stack.enter_async_context(LegacyApp(name, rate_hz)) for name in names]
        for app in apps:
            await app.connect(HOST, bridge.port)
        await until(lambda: all(app.pings for app in apps), "the bridge's ping")
        yield apps


@dataclass(frozen=True)
class Heard:
    name: str
    t0_ms: float
    pcm: Pcm


def by_app(app: LegacyApp) -> Heard:
    return Heard(app.name, *app.played())


def by_badge(actor: Actor) -> Heard:
    """To be called when the badge has ended: until then its recording lacks the newest sound."""
    speaker = actor.badge.speaker
    return Heard(actor.name, speaker.t0_ms, speaker.pcm)


def faults(spoken: tuple[float, Pcm], *listeners: Heard) -> list[str]:
    """What the report calls wrong with one burst at its listeners, except lateness."""
    first_ms, pcm = spoken
    last_ms = first_ms + len(pcm) / 16
    run_data = RunData(
        title="A test",
        speech_source="",
        started_at=datetime.now(UTC),
        badges=(
            BadgeRun("talker", PcmTimeline(first_ms, pcm), NOTHING),
            *(BadgeRun(e.name, NOTHING, PcmTimeline(e.t0_ms, e.pcm)) for e in listeners),
        ),
        bursts=(
            BurstRun(
                talker="talker",
                t_press_ms=first_ms,
                t_granted_ms=first_ms,
                t_release_ms=last_ms,
                first_ms=first_ms,
                last_ms=last_ms,
                frames_sent=0,
                listeners=tuple(ListenerFrames(each.name, 1) for each in listeners),
            ),
        ),
    )
    report = measure(run_data, scored=False)
    for listener in report.bursts[0].listeners:
        print(listener.name, listener.mouth_to_ear_ms)
    return [each.text for each in report.verdict.failures if each.kind == "correctness"]


def test_old_apps_and_badges_hear_each_other_whole(work: Path) -> None:
    said, answer = words(1, 2.5).pcm, words(2, 2.5).pcm

    async def scenario() -> None:
        async with (
            bridged(work) as bridge,
            run_badges(("V", "W"), bridge.address, work) as (v, w),
            old_apps(bridge, "A", "B") as (a, b),
        ):
            await asyncio.sleep(ADOPTED_S)
            assert await a.talk(said)
            assert b.is_blocked and not a.is_blocked
            await until(lambda: not b.is_blocked, "the end of the app's burst")
            from_b = by_app(b)
            b.voice.clear()
            await asyncio.sleep(PLAYED_S)
            turn = await v.press_and_speak(answer)
            assert a.is_blocked and b.is_blocked
            assert not await a.press()
            await until(lambda: not a.is_blocked and not b.is_blocked, "the end of the badge's")
            await w.wait_for("heard", lambda value: value[1] == turn.lease)
            await asyncio.sleep(PLAYED_S)
        assert faults(a.spoken[0], from_b, by_badge(v), by_badge(w)) == []
        assert faults((turn.first_ms, answer), by_app(a), by_app(b), by_badge(w)) == []
        assert a.floor_words() == ["__PTT_FLOOR__:TAKEN", "__PTT_FLOOR__:RELEASED"]
        assert b.floor_words() == a.floor_words() * 2

    asyncio.run(scenario())


@pytest.mark.proof
def test_apps_of_any_rate_are_understood(work: Path) -> None:
    rates = (8_000, 22_050, 44_100)
    speeches = [words(number, 1.5).pcm for number in (1, 2, 3)]

    async def scenario() -> None:
        async with (
            bridged(work) as bridge,
            run_badges(("V",), bridge.address, work) as (v,),
            contextlib.AsyncExitStack() as stack,
        ):
            apps = []
            for rate_hz, pcm in zip(rates, speeches, strict=True):
                (app,) = await stack.enter_async_context(
                    old_apps(bridge, f"A{rate_hz}", rate_hz=rate_hz)
                )
                await asyncio.sleep(ADOPTED_S)
                assert await app.talk(pcm)
                await asyncio.sleep(PLAYED_S)
                apps.append(app)
        for app in apps:
            assert faults(app.spoken[0], by_badge(v)) == []

    asyncio.run(scenario())


@pytest.mark.proof
def test_twenty_apps_press_at_once_and_one_is_heard_by_all(work: Path) -> None:
    said = words(1, 2.0).pcm

    async def scenario() -> None:
        names = [f"A{number}" for number in range(20)]
        async with (
            bridged(work) as bridge,
            run_badges(("V",), bridge.address, work) as (v,),
            old_apps(bridge, *names) as apps,
        ):
            await asyncio.sleep(ADOPTED_S)
            may_talk = await asyncio.gather(*(app.press() for app in apps))
            assert sum(may_talk) == 1
            talker = apps[may_talk.index(True)]
            await talker.speak(said)
            for app in apps:
                app.release()
            await until(lambda: not any(app.is_blocked for app in apps), "free buttons")
            await asyncio.sleep(PLAYED_S)
            state = await bridge.state()
            assert state.v1_clients is not None and len(state.v1_clients) == 20
        others = [by_app(app) for app in apps if app is not talker]
        assert faults(talker.spoken[0], *others, by_badge(v)) == []

    asyncio.run(scenario())


def test_strangers_and_slow_readers_hold_nobody_up(work: Path) -> None:
    """Rubbish, half-open connections and one that reads nothing, while a badge and an app talk."""
    answer, said = words(2, 2.0).pcm, words(1, 2.0).pcm

    def stranger(*sent: bytes) -> socket.socket:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)  # reads nothing
        connection.settimeout(PATIENCE_S)
        connection.connect((HOST, bridge_port[0]))
        for data in sent:
            connection.sendall(data)
        return connection

    bridge_port = [0]

    async def scenario() -> None:
        async with (
            bridged(work) as bridge,
            run_badges(("V",), bridge.address, work) as (v,),
            old_apps(bridge, "A", "B") as (a, b),
            contextlib.AsyncExitStack() as stack,
        ):
            bridge_port[0] = bridge.port
            rubbish = np.random.default_rng(1).bytes(5000)
            half = (200_000).to_bytes(4, "big") + b"\x01"
            noise = [(b"GET / HTTP/1.1\r\n\r\n" * 50,), (rubbish,), (half,), (), (bytes(3),)]
            for sent in noise * 4:
                stack.enter_context(contextlib.closing(await asyncio.to_thread(stranger, *sent)))
            turn = await v.press_and_speak(answer)
            await until(lambda: not a.is_blocked, "the end of the badge's burst")
            from_a, from_b = by_app(a), by_app(b)
            b.voice.clear()
            assert await a.talk(said)
            await until(lambda: not b.is_blocked, "the end of the app's burst")
            state = await bridge.state()
            await asyncio.sleep(PLAYED_S)
        assert faults((turn.first_ms, answer), from_a, from_b) == []
        assert faults(a.spoken[0], by_app(b), by_badge(v)) == []
        assert state.v1_refused["connections for rubbish"] >= 4
        assert state.v1_clients is not None
        assert max(client.voice_dropped for client in state.v1_clients) > 0

    asyncio.run(scenario())


def test_a_talking_app_that_is_killed_frees_the_floor(work: Path) -> None:
    async def scenario() -> None:
        async with (
            bridged(work) as bridge,
            run_badges(("V",), bridge.address, work) as (v,),
            old_apps(bridge, "A", "B") as (a, b),
        ):
            talk = asyncio.create_task(a.talk(words(1, 5.0).pcm))
            await bridge.reported("floor_granted", talker="v1 bridge")
            await until(lambda: b.voice, "the app's voice")
            v.badge.press()
            await v.wait_for("queued")
            talk.cancel()
            a.kill()
            granted = await v.wait_for("granted")
            assert await bridge.talker() == "V"
            v.badge.release()
            await until(lambda: not b.is_blocked, "a free button")
            freed = [each for each in bridge.events() if each["event"] == "floor_freed"]
            assert (freed[0]["talker"], freed[0]["cause"]) == ("v1 bridge", "released")
            assert granted.value == freed[0]["lease"] + 1

    asyncio.run(scenario())


def test_texts_go_both_ways(work: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with bridged(work) as bridge, old_apps(bridge, "A", "B") as (a, b):
            files = ("--record", tmp_path / "heard.wav", *own(work, 1, "Soft"))
            args = ("badge", "--leader", bridge.address, "--name", "Soft", *files)
            async with running(tmp_path / "soft", *args) as soft:
                await soft.line("joined as node")
                a.send_text("Tür 4, bitte")
                await soft.line(f"v1 bridge: {HOST}: Tür 4, bitte")
                assert soft.process.stdin is not None
                soft.process.stdin.write(b"bin unterwegs\n")
                soft.process.stdin.flush()
                await until(lambda: a.chat and len(b.chat) == 2, "the badge's text")
            assert a.chat == ["Soft: bin unterwegs"]
            assert b.chat == [f"{HOST}: Tür 4, bitte", "Soft: bin unterwegs"]

    asyncio.run(scenario())


def test_bridge_and_app_find_each_other_by_mdns(work: Path) -> None:
    """On the loopback interface alone. The app only announces itself and serves."""

    async def scenario() -> None:
        mdns = AsyncZeroconf(interfaces=[HOST], ip_version=IPVersion.V4Only)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        info = AsyncServiceInfo(
            SERVICE,
            f"QW5uYQ:phone-1:.{SERVICE}",  # "Anna"
            port=port,
            server="phone-1.local.",
            parsed_addresses=[HOST],
        )
        async with bridged(work) as bridge, LegacyApp("Anna") as anna:
            await anna.serve(HOST, port)
            await mdns.async_register_service(info)
            try:
                await bridge.reported("v1_joined", app="Anna", address=HOST)
                assert len(anna.peers) == 1
                anna.send_text("hello")
                await bridge.reported("text", text="Anna: hello")
                await anna.connect(HOST, bridge.port)  # its own connection replaces the bridge's
                await until(lambda: len(anna.peers) == 1, "one connection")
                names = [client.name for client in (await bridge.state()).v1_clients or ()]
                assert names == ["Anna"]
                found = AsyncServiceInfo(SERVICE, await _bridge_instance(mdns))
                assert await found.async_request(mdns.zeroconf, 5000)
                assert (found.port, found.parsed_addresses()) == (bridge.port, [HOST])
            finally:
                await mdns.async_close()

    asyncio.run(scenario())


async def _bridge_instance(mdns: AsyncZeroconf) -> str:
    def names() -> list[str]:
        return [name for name in mdns.zeroconf.cache.names() if "pressel-" in name]

    await until(lambda: any(name.endswith(SERVICE) for name in names()), "the bridge's name")
    return next(name for name in names() if name.endswith(SERVICE))


def test_the_bridge_is_off_unless_wanted_and_shown_as_insecure(work: Path) -> None:
    async def scenario() -> None:
        folder = ("--listen", f"{HOST}:0", "--state", work / "s", "--control", work / "c.sock")
        async with running(work / "off", "leader", *folder) as off:
            await off.line("serves badges at")
            shown = await typed("status", "--json", "--control", work / "c.sock")
            assert json.loads(shown.out)["v1_clients"] is None
        async with running(work / "on", "leader", *folder, "--v1-bridge") as on:
            await on.line("anybody on this network can listen")
            shown = await typed("status", "--control", work / "c.sock")
            assert "INSECURE: the v1 bridge is on, 0 old apps" in shown.out

    asyncio.run(scenario())


def test_a_setting_closes_the_bridge_and_opens_it_again(work: Path) -> None:
    async def play() -> None:
        async with bridged(work) as stage:
            for value, event, count in ((0, "v1_bridge_closed", 1), (1, "v1_bridge", 2)):
                state = await asyncio.to_thread(control.ask, stage.control, "settings")
                values = {"joining.old_apps": value}
                fields = {"values": values, "base": state["version"]}
                await asyncio.to_thread(control.ask, stage.control, "settings set", **fields)
                await until(
                    lambda event=event, count=count: (
                        count == sum(each["event"] == event for each in stage.events())
                    ),
                    f"the leader's {event}",
                )
                told = await stage.state()
                assert (told.v1_clients is None, told.is_v1_off) == (value == 0, value == 0)
                if not value:
                    with pytest.raises(ConnectionRefusedError):
                        await asyncio.open_connection(HOST, stage.port)

    asyncio.run(play())


def test_a_bridge_that_finds_no_free_port_says_so(work: Path) -> None:
    async def scenario() -> None:
        with contextlib.ExitStack() as stack:
            for port in PORTS:
                taken = stack.enter_context(contextlib.closing(socket.socket()))
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with contextlib.suppress(OSError):  # whoever else has it keeps it, too
                    taken.bind((HOST, port))
                    taken.listen(1)
            where = ("--listen", f"{HOST}:0", "--state", work / "s", "--control", work / "c.sock")
            result = await run(work / "log", "leader", *where, "--v1-bridge")
        assert result.code == 2 and result.is_one_sentence()
        assert "9915 to 9920" in result.err
        assert not (work / "c.sock").exists()

    asyncio.run(scenario())
