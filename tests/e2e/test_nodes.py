"""Real hosts elect their leader: processes that are killed, stopped, started apart and joined."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.e2e.command import PRESSEL, Command, run, running, typed, until
from tests.e2e.stage import own, words
from tests.e2e.tap import tapped
from tests.patience import PATIENCE_S

from pressel.cli import main
from pressel.node.channel import handshake
from pressel.node.discovery import beacon
from pressel.registry.identity import public_key
from pressel.registry.store import Registry

pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def on_loopback(name: str) -> tuple[tuple[str, ...], str]:
    return (), "127.0.0.1"


Place = Callable[
    [str], tuple[tuple[str, ...], str]
]  # words that begin a command there, its address


class Cluster:
    """Hosts on loopback, or at the `place` of each, with their own state folders, that have allowed
    each other."""

    def __init__(self, folder: Path, names: str, place: Place = on_loopback) -> None:
        self.folder = folder
        self.names = names
        self.ports = {name: free_port() for name in names}
        self._place = place
        self.commands: dict[str, Command] = {}
        self.starts = 0
        self._make_identities()

    def _make_identities(self) -> None:
        """Each gets its key; two with the same mark would be refused, so one is made anew."""
        keys: dict[str, str] = {}
        for name in self.names:
            while name not in keys or keys[name][0] in [k[0] for n, k in keys.items() if n != name]:
                (self.state(name) / "host.key").unlink(missing_ok=True)
                key = public_key(self.state(name))
                keys[name] = _mark(key) + key
        for name in self.names:
            with Registry(self.state(name)) as registry:
                for other in self.names:
                    if other != name:
                        registry.allow_host(other, keys[other][1:])

    def state(self, name: str) -> Path:
        return self.folder / f"state-{name}"

    @contextlib.asynccontextmanager
    async def started(
        self, name: str, *more: str, knows: str | None = None
    ) -> AsyncIterator[Command]:
        """A host that is told where those in `knows` (all) are."""
        self.starts += 1
        peers: list[str] = []
        for other in self.names if knows is None else knows:
            if other != name:
                peers += ["--peer", f"{self._place(other)[1]}:{self.ports[other]}"]
        inside, address = self._place(name)
        async with running(
            self.folder / f"{name}-{self.starts}", "node", "--json",
            "--listen", f"{address}:0", "--hosts", f"{address}:{self.ports[name]}",
            "--state", self.state(name), "--control", self.folder / f"{name}.sock",
            *(more or ("--no-discovery",)), *peers, command=(*inside, *PRESSEL),
        ) as command:  # fmt: skip
            self.commands[name] = command
            yield command

    def events(self, name: str) -> list[dict[str, object]]:
        lines = self.commands[name].out.splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def leads(self, name: str) -> bool:
        """Whether the last thing told about it is that it leads."""
        words = [e["event"] for e in self.events(name)]
        last = [w for w in words if w in ("became_leader", "lost_leadership", "leader_is")]
        return bool(last) and last[-1] == "became_leader"

    def follows(self, name: str) -> object:
        """The name of the one that it follows, None when it follows nobody."""
        said = ("became_leader", "lost_leadership", "leader_is", "leader_lost")
        last = [e for e in self.events(name) if e["event"] in said]
        return last[-1].get("leader") if last and last[-1]["event"] == "leader_is" else None

    def leader(self, among: str | None = None) -> str | None:
        """The one that leads and that all others of `among` follow."""
        names = among or self.names
        leaders = [name for name in names if self.leads(name)]
        if len(leaders) != 1 or any(
            self.follows(n) != leaders[0] for n in names if n not in leaders
        ):
            return None
        return leaders[0]

    async def until_led(self, among: str | None = None) -> str:
        await until(lambda: self.leader(among), f"one leader of {among or self.names}")
        leader = self.leader(among)
        assert leader is not None
        return leader

    async def ask(self, name: str, *words: str) -> dict[str, object]:
        result = await typed(*words, "--control", self.folder / f"{name}.sock")
        assert result.code == 0, result.err
        return json.loads(result.out) if "--json" in words else {}

    def terms(self) -> dict[object, set[str]]:
        """Who has led in each term."""
        led: dict[object, set[str]] = {}
        for name in self.commands:
            for event in self.events(name):
                if event["event"] == "became_leader":
                    led.setdefault(event["term"], set()).add(name)
        return led


def _mark(key: str) -> str:
    import hashlib

    return chr(hashlib.sha256(bytes.fromhex(key)).digest()[0])


@contextlib.asynccontextmanager
async def cluster_of(
    folder: Path, names: str, place: Place = on_loopback
) -> AsyncIterator[Cluster]:
    cluster = Cluster(folder, names, place)
    async with contextlib.AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(cluster.started(name))
        await cluster.until_led()
        yield cluster
        assert all(len(names) == 1 for names in cluster.terms().values())


@pytest.mark.proof
def test_row_25_a_fresh_host_that_leads_first_lets_everybody_in(tmp_path: Path) -> None:
    """It has what the other knows at once, though the other follows."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        known = [f"{number:016x}" for number in range(3)]
        with Registry(cluster.state("b")) as registry:
            for each in known:
                registry.enrol(each, each[-1])
            registry.revoke(known[0])
        async with cluster.started("a"):
            await until(lambda: cluster.leads("a"), "the empty one to lead")
            async with cluster.started("b"):
                await until(lambda: cluster.follows("b") == "a", "the other to follow")

                def devices() -> set[str]:
                    with Registry(cluster.state("a")) as registry:
                        return {each.id for each in registry.devices("active")}

                await until(lambda: devices() == set(known[1:]), "the leader to know who may join")
                with Registry(cluster.state("b")) as registry:
                    assert {each.id for each in registry.devices("active")} == set(known[1:])
                    key = registry.key(known[1])
                with Registry(cluster.state("a")) as registry:
                    assert registry.key(known[1]) == key and registry.key(known[0]) is None
                assert cluster.leads("a")

    asyncio.run(scenario())


@pytest.mark.proof
def test_row_47_a_host_whose_registry_is_gone_gets_it_from_the_other(tmp_path: Path) -> None:
    """As the runbook has it. It says why it does not start, and has all that it had before."""
    device = "00" * 8

    def names_at(cluster: Cluster, name: str) -> set[str]:
        with Registry(cluster.state(name)) as registry:
            return {each.name for each in registry.devices("active")}

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with cluster.started("a") as leader:
            await until(lambda: cluster.leads("a"), "the first to lead")
            async with cluster.started("b") as other:
                with Registry(cluster.state("a")) as registry:
                    registry.enrol(device, "Ann")
                with Registry(cluster.state("b")) as registry:
                    registry.enrol("01" * 8, "Ben")  # the lost host has written to the log, too
                both = {"Ann", "Ben"}
                await until(
                    lambda: names_at(cluster, "a") == both == names_at(cluster, "b"), "both"
                )
                await other.stop()
            for file in cluster.state("b").glob("registry.sqlite*"):
                file.unlink()
            failed = await run(tmp_path / "failed", "host", "run", "--state", cluster.state("b"))
            assert failed.code == 2 and "emptied or deleted" in failed.err
            (cluster.state("b") / "registry.key").unlink()
            key = public_key(cluster.state("a"))
            allowed = await typed("host", "allow", "a", key, "--state", cluster.state("b"))
            assert allowed.code == 0, allowed.err
            async with cluster.started("b"):
                await until(lambda: names_at(cluster, "b") == both, "all that it had")
                await leader.stop()
                await until(lambda: cluster.leads("b"), "it to lead")
                assert names_at(cluster, "b") == both
                verified = await typed("audit", "verify", "--state", cluster.state("b"))
                assert verified.code == 0, verified.err

    asyncio.run(scenario())


@pytest.mark.sweep(1)
@pytest.mark.parametrize("names", ["ab", "abc"])
def test_a_killed_leader_is_replaced_and_comes_back_as_a_follower(
    tmp_path: Path, names: str
) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, names) as cluster:
            first = await cluster.until_led()
            cluster.commands[first].process.send_signal(signal.SIGKILL)
            left = names.replace(first, "")
            second = await cluster.until_led(left)
            async with cluster.started(first):
                assert await cluster.until_led() == second
                state = await cluster.ask(first, "node", "status", "--json")
                assert (state["state"], state["leader"]) == ("follower", second)
                async with asyncio.timeout(PATIENCE_S):
                    while state["keeps_term"] != state["term"]:  # soon a standby holds the state
                        state = await cluster.ask(first, "node", "status", "--json")

    asyncio.run(scenario())


@pytest.mark.sweep(1)
@pytest.mark.parametrize("names", ["ab", "abc"])
def test_a_leader_that_stood_still_finds_that_another_leads(tmp_path: Path, names: str) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, names) as cluster:
            first = await cluster.until_led()
            cluster.commands[first].process.send_signal(signal.SIGSTOP)
            second = await cluster.until_led(names.replace(first, ""))
            await asyncio.sleep(1)  # longer than any host waits for a leader
            cluster.commands[first].process.send_signal(signal.SIGCONT)
            assert await cluster.until_led() == second
            why = [e["why"] for e in cluster.events(first) if e["event"] == "lost_leadership"]
            assert why == ["overslept"]

    asyncio.run(scenario())


def test_two_that_were_started_apart_agree_when_they_meet(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with tapped(f"127.0.0.1:{cluster.ports['b']}") as wire:
            wire.cut()
            async with (
                cluster.started("a", "--no-discovery", "--peer", wire.address, knows=""),
                cluster.started("b", knows=""),
            ):
                await until(lambda: cluster.leads("a") and cluster.leads("b"), "two leaders")
                wire.mend()
                await cluster.until_led()
                wire.cut()
                await until(lambda: cluster.leads("a") and cluster.leads("b"), "two again")
                wire.mend()
                await cluster.until_led()
                assert all(len(names) == 1 for names in cluster.terms().values())

    asyncio.run(scenario())


def test_what_hosts_said_once_is_good_for_nothing_more(tmp_path: Path) -> None:
    """Datagrams from somebody on the path: sent again, sent back, with a bit changed, cut and
    joined."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with (
            tapped(f"127.0.0.1:{cluster.ports['b']}") as wire,
            cluster.started("a", "--no-discovery", "--peer", wire.address, knows=""),
            cluster.started("b", knows=""),
        ):
            leader = await cluster.until_led()
            await asyncio.sleep(1)  # some of all that hosts say
            kept = list(wire.seen)
            assert {each.is_up for each in kept} == {True, False}
            chance = random.Random(5)
            led = cluster.terms()
            for seen in [each for each in kept for _ in range(4)]:
                changed = bytearray(seen.data)
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
                other = chance.choice(kept).data
                half = len(seen.data) // 2
                for data in (seen.data, bytes(changed), seen.data[:half] + other[half:]):
                    wire.send(seen.who, seen.is_up, data)
                wire.send(seen.who, not seen.is_up, seen.data)
                await asyncio.sleep(0.005)
            assert await cluster.until_led() == leader
            assert cluster.terms() == led
            for name in "ab":
                channel = (await cluster.ask(name, "node", "status", "--json"))["channel"]
                assert channel["not_opened"] > len(kept)  # type: ignore[index]
                assert "Traceback" not in cluster.commands[name].err

    asyncio.run(scenario())


@pytest.mark.proof
def test_two_hosts_agree_while_both_are_flooded_in_each_others_name(tmp_path: Path) -> None:
    """From before they start: hails, questions, answers and beacons that somebody makes up."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        sent = 0

        async def flood() -> None:
            nonlocal sent
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                while True:
                    for here, other in (("a", "b"), ("b", "a")):
                        for data in _forged(public_key(cluster.state(other))):
                            with contextlib.suppress(OSError):
                                out.sendto(data, ("127.0.0.1", cluster.ports[here]))
                                sent += 1
                    await asyncio.sleep(0.01)

        flooding = asyncio.create_task(flood())
        async with cluster.started("a"), cluster.started("b"):
            leader = await cluster.until_led()
            follower = "ab".replace(leader, "")
            state = await cluster.ask(leader, "node", "status", "--json")
            (peer,) = state["peers"]  # type: ignore[misc]
            assert peer["name"] == follower
            assert state["channel"]["forged"] > 0  # type: ignore[index]
            assert state["channel"]["hails"] > 0  # type: ignore[index]
        flooding.cancel()
        assert sent > 100

    asyncio.run(scenario())


def _forged(key: str) -> list[bytes]:
    """In the name of the host with this public key."""
    claims = bytes([2]) + random.randbytes(12) + bytes.fromhex(key) + random.randbytes(128)
    hail = handshake.hail(random.getrandbits(31), bytes.fromhex(key))
    question = claims[:9] + bytes(4) + claims[13:]
    host = hashlib.sha256(bytes.fromhex(key)).digest()[:8]
    return [hail, b"\1" + question, b"\2" + claims, b"\6" + hail[1:], beacon(host)]


def test_resignation_moves_the_lead_and_a_term_of_duty_brings_it_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            first = await cluster.until_led()
            second = "ab".replace(first, "")
            await cluster.ask(first, "leader", "resign")
            assert await cluster.until_led() == second
            again = await typed("leader", "resign", "--control", tmp_path / f"{first}.sock")
            assert again.code == 1 and again.is_one_sentence() and "does not lead" in again.err
            await cluster.ask(first, "node", "return")
            assert (await cluster.commands[second].stop()).code == 0
            await until(lambda: cluster.leads(first), "the one that came back to lead")

    asyncio.run(scenario())


def test_hosts_find_each_other_by_mdns(tmp_path: Path) -> None:
    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with (
            cluster.started("a", "--discovery", knows=""),
            cluster.started("b", "--discovery", knows=""),
        ):
            await cluster.until_led()

    asyncio.run(scenario())


def test_a_broadcast_is_followed_to_whoever_sent_it(tmp_path: Path) -> None:
    """Neither was told where the other is; the address of a host that nobody has allowed leads
    nowhere."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        async with (
            tapped(f"127.0.0.1:{cluster.ports['b']}") as wire,
            cluster.started("a", knows=""),
            cluster.started("b", knows=""),
        ):
            await until(lambda: cluster.leads("a") and cluster.leads("b"), "two leaders")
            for said in (beacon(b"stranger"), beacon(b"short"), b"\x04"):
                wire.call_out(said, cluster.ports["a"])
            ready = next(e for e in cluster.events("b") if e["event"] == "ready")
            wire.call_out(beacon(bytes.fromhex(str(ready["host"]))), cluster.ports["a"])
            await cluster.until_led()

    asyncio.run(scenario())


@pytest.mark.proof
def test_the_registry_outlives_its_leader(tmp_path: Path, wav) -> None:
    """The next leader lets in devices that were added at the former one, and none that was revoked
    there."""
    speech = wav("hello.wav", words(1, 1.0).pcm)

    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            first = await cluster.until_led()
            second = "ab".replace(first, "")
            state = cluster.state(first).relative_to(tmp_path)
            ann, ben = (
                own(tmp_path, at, name, str(state)) for at, name in ((1, "Ann"), (2, "Ben"))
            )
            revoke = ("device", "revoke", "5000000000000002", "--state", cluster.state(first))
            assert (await typed(*revoke)).code == 0

            def names_there() -> set[str]:
                with Registry(cluster.state(second)) as registry:
                    return {each.name for each in registry.devices("active")}

            await until(lambda: names_there() == {"Ann"}, "the standby to know them")
            cluster.commands[first].process.send_signal(signal.SIGKILL)
            assert await cluster.until_led(second) == second
            (ready,) = [each for each in cluster.events(second) if each["event"] == "ready"]
            badge = ("badge", "--leader", f"127.0.0.1:{ready['port']}")
            said = await run(tmp_path / "ann", *badge, "--name", "Ann", *ann, "--wav", speech)
            assert said.code == 0, said.err
            record = ("--record", tmp_path / "heard.wav")
            async with running(tmp_path / "ben", *badge, "--name", "Ben", *ben, *record) as out:
                await out.line("does not know this badge")

    asyncio.run(scenario())


def test_a_host_that_is_not_allowed_stays_outside_and_one_that_is_removed_goes(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        stranger = Cluster(tmp_path / "strange", "x")
        stranger.ports["a"] = cluster.ports["a"]
        async with cluster.started("a"), cluster.started("b"):
            await cluster.until_led()
            with Registry(stranger.state("x")) as registry:
                registry.allow_host("a", public_key(cluster.state("a")))
            stranger.names = "xa"
            async with stranger.started("x"):
                await until(lambda: stranger.leads("x"), "the stranger to lead itself")
                state = await cluster.ask("a", "node", "status", "--json")
                assert state["channel"]["not_allowed"] > 0  # type: ignore[index]
                assert [each["name"] for each in state["peers"]] == ["b"]  # type: ignore[attr-defined]
            for here, other in (("a", "b"), ("b", "a")):
                with Registry(cluster.state(here)) as registry:
                    registry.remove_host(other)
            await until(lambda: cluster.leads("a") and cluster.leads("b"), "both alone")

    asyncio.run(scenario())


def test_a_host_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "a") as cluster:
            port = cluster.ports["a"]
            taken = await run(
                tmp_path / "taken", "node", "--hosts", f"127.0.0.1:{port}", "--listen",
                "127.0.0.1:0", "--state", tmp_path / "other",
            )  # fmt: skip
            assert taken.code == 2 and taken.is_one_sentence() and str(port) in taken.err
            alone = await typed("leader", "resign", "--control", tmp_path / "a.sock")
            assert alone.code == 1 and "no other host" in alone.err

            # Its disk does not take a term any more: it must not go on as if it had.
            (tmp_path / "state-a" / "term.new").mkdir()
            with Registry(tmp_path / "state-a") as registry:
                taken = _mark(public_key(tmp_path / "state-a"))
                other = next(key for key in ("7" * 64, "8" * 64) if _mark(key) != taken)
                registry.allow_host("b", other)
            await until(lambda: '"voters"' in cluster.commands["a"].out, "two voters")
            cluster.commands["a"].process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(1)
            cluster.commands["a"].process.send_signal(signal.SIGCONT)
            ended = await cluster.commands["a"].end()
            assert ended.code == 2 and "cannot keep the leader's state" in ended.err

    asyncio.run(scenario())
    own = public_key(tmp_path / "state-a")
    assert main(["host", "allow", "me", own, "--state", str(tmp_path / "state-a")]) == 2
    assert "this host's own key" in capsys.readouterr().err
