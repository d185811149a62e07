"""What an operator types at any host of a venue: the one that leads does it, and says who asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command import PRESSEL, Result, running, typed, until
from tests.e2e.test_nodes import Cluster, cluster_of
from tests.e2e.test_venue_moves import told
from tests.host.test_update_host import build
from tests.signers import signer_in

from pressel.console.accounts import Accounts
from pressel.errors import UnreachableError
from pressel.node import control
from pressel.node.desk.asker import of_user
from pressel.registry.database import DATABASE
from pressel.registry.store import Registry
from pressel.update.release import sign_build

pytestmark = pytest.mark.e2e

PASSWORD = "a long password"
ME = of_user(os.getuid()).name


async def done(*words: str | Path) -> str:
    result = await typed(*words)
    assert result.code == 0, result.err
    return result.out


def names_at(cluster: Cluster, host: str) -> set[str]:
    with Registry(cluster.state(host)) as registry:
        return {each.name for each in registry.devices("active")}


def test_what_is_typed_at_a_standby_is_done_by_the_leader(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            standby = "ab".replace(leader, "")
            here = ("--state", cluster.state(standby))
            key_file = tmp_path / "ann.json"
            shown = await done("device", "add", "Ann", "--key-file", key_file, "--json", *here)
            device = json.loads(shown)["id"]
            key = json.loads(key_file.read_text())["key"]
            with Registry(cluster.state(leader)) as registry:
                assert registry.key(device) == bytes.fromhex(key)
            who = {"who": f"{ME} at {standby}"}
            assert told(cluster, leader, "asked", verb="device add", name="Ann", **who)
            assert key not in cluster.commands[leader].out

            await done("device", "rename", device, "Anna", *here)
            listed = json.loads(await done("device", "list", "--json", *here))
            assert [each["name"] for each in listed] == ["Anna"]
            await until(lambda: names_at(cluster, standby) == {"Anna"}, "the standby's own copy")
            known = await typed("device", "add", "B", "--id", device, "--key-file",
                                tmp_path / "b.json", *here)  # fmt: skip
            assert known.code == 2 and known.is_one_sentence() and "known already" in known.err
            await check_invitation(cluster, leader, standby)
            await check_releases(cluster, leader, standby, tmp_path)
            await check_log(cluster, leader, standby)
            copy = tmp_path / "copy"
            await done("registry", "backup", copy, *here)
            refused = await typed("registry", "restore", copy, *here)
            assert refused.code == 1 and "stands by" in refused.err

    asyncio.run(scenario())


async def check_log(cluster: Cluster, leader: str, standby: str) -> None:
    """The leader's log tells who asked at the standby; that of each host holds while it runs."""
    logs = {}
    for host in (leader, standby):
        state = ("--state", cluster.state(host))
        lines = (await done("audit", "list", "--json", *state)).splitlines()
        logs[host] = [json.loads(line) for line in lines]
        head = (await done("audit", "verify", *state)).strip()
        own = (await done("host", "show", "--json", *state)).strip()
        assert head == [each["hash"] for each in logs[host] if each["host"] in own][-1]
    assert [each["hash"] for each in logs[leader]] == [each["hash"] for each in logs[standby]]
    asked = [each for each in logs[leader] if each["verb"] in ("device add", "device rename")]
    assert [each["texts"].get("who") for each in asked] == [f"{ME} at {standby}"] * 2
    assert asked[0]["term"] > 1


async def check_invitation(cluster: Cluster, leader: str, standby: str) -> None:
    """A code made at the standby is open at the leader, and stands nowhere in the log."""
    here = ("--state", cluster.state(standby))
    made = json.loads(await done("device", "invite", "--json", *here))
    with Registry(cluster.state(leader)) as registry:
        assert registry.invited(made["code"][0:2]) or registry.invited(made["code"][0:1])
    assert made["code"] not in cluster.commands[leader].out + cluster.commands[standby].out


async def check_releases(cluster: Cluster, leader: str, standby: str, folder: Path) -> None:
    public, package = make_release(folder)
    here = ("--state", cluster.state(standby))
    await done("update", "trust", public, *here)
    (folder / "rubbish.zip").write_bytes(b"PK rubbish")
    rubbish = await typed("update", "add", folder / "rubbish.zip", *here)
    assert rubbish.code == 2 and rubbish.is_one_sentence() and "rubbish.zip" in rubbish.err
    added = json.loads(await done("update", "add", package, "--json", *here))
    assert added[0]["release"] == 2
    at_leader = cluster.state(leader) / "updates" / "releases" / "2-any.zip"
    assert at_leader.read_bytes() == package.read_bytes()
    copy = cluster.state(standby) / "updates" / "releases" / "2-any.zip"
    await until(copy.exists, "the standby to have the release, too")
    assert copy.read_bytes() == package.read_bytes()


@pytest.mark.proof
def test_without_a_leader_a_host_says_so_and_reads_from_its_own_copy(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "abc") as cluster:
            leader = await cluster.until_led()
            left, other = (name for name in "abc" if name != leader)
            with Registry(cluster.state(leader)) as registry:
                registry.enrol("00" * 8, "Ann")
            await until(lambda: names_at(cluster, left) == {"Ann"}, "the copy")
            for gone in (leader, other):
                cluster.commands[gone].process.send_signal(signal.SIGKILL)
            await until(lambda: cluster.follows(left) is None, "it to hear nobody")
            here = ("--state", cluster.state(left))
            refused = await typed("device", "revoke", "00" * 8, *here)
            assert refused.code == 3 and refused.is_one_sentence()
            assert "reaches no leader" in refused.err
            shown = await typed("device", "list", "--json", *here)
            assert [each["name"] for each in json.loads(shown.out)] == ["Ann"]
            assert "own copy" in shown.err
            status = await typed("status", "--control", tmp_path / f"{left}.sock")
            assert status.code == 3 and status.is_one_sentence()
            text = await typed("text", "hi", "--control", tmp_path / f"{left}.sock")
            assert text.code == 3 and text.is_one_sentence()

    asyncio.run(scenario())


def test_rows_26_and_49_a_lead_is_given_up_only_to_somebody(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with cluster_of(tmp_path, "ab") as cluster:
            leader = await cluster.until_led()
            standby = "ab".replace(leader, "")

            async def at(host: str, *words: str) -> Result:
                return await typed("host", *words, "--control", tmp_path / f"{host}.sock")

            assert (await at(standby, "drain")).code == 0
            refused = await at(leader, "resign")
            assert refused.code == 1 and refused.is_one_sentence()
            assert "off duty" in refused.err and cluster.leads(leader)
            drains = await at(leader, "drain", "--no-wait")
            assert drains.code == 1 and "off duty" in drains.out and cluster.leads(leader)
            assert (await at(standby, "return")).code == 0
            await until(lambda: cluster.leader() == standby, "the one that is back to lead")
            drained = await at(leader, "drain")
            assert drained.code == 0 and "nothing is left to do" in drained.out
            assert f"{standby} leads" in drained.out

            state = await duty_of(tmp_path, leader)
            assert (state["duty"], state["left"]) == ("drained", [])
            cluster.commands[standby].process.send_signal(signal.SIGSTOP)  # nobody is left
            await until(lambda: cluster.follows(leader) is None, "it to hear nobody")
            assert (await at(leader, "return")).code == 0
            await until(lambda: cluster.leads(leader), "the one that is back to lead")
            refused = await at(leader, "resign")
            assert refused.code == 1 and "no other host answers" in refused.err
            assert cluster.leads(leader)
            forced = await at(leader, "resign", "--force")
            assert forced.code == 0 and "nobody leads" in forced.out
            assert not cluster.leads(leader)

    asyncio.run(scenario())


async def duty_of(folder: Path, host: str) -> dict[str, Any]:
    control = ("--control", folder / f"{host}.sock")
    return json.loads(await done("host", "status", "--json", *control))


def test_a_command_finds_the_host_that_runs_whatever_its_folder(tmp_path: Path) -> None:
    """Nothing is written into the folder of a host that does not run here."""

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "a")
        nothing = await typed("device", "list", "--json")
        assert (nothing.code, nothing.out.strip()) == (0, "[]") and "no registry" in nothing.err
        home = tmp_path / "home" / "STATE_HOME"
        assert list(home.iterdir()) == []
        state = cluster.state("a")
        args = ("leader", "--listen", "127.0.0.1:0", "--state", state, "--json")
        async with running(tmp_path / "host", *args) as host:
            await until(lambda: "became_leader" in host.out, "the host to lead")
            file = tmp_path / "ann.json"
            await done("device", "add", "Ann", "--key-file", file)
            assert names_at(cluster, "a") == {"Ann"}
            assert f'"who": "{ME}"' in host.out
            assert "Ann" in await done("device", "list")
            elsewhere = await typed("device", "list", "--state", tmp_path / "typo")
            assert "no registry" in elsewhere.err and not (tmp_path / "typo").exists()
        assert list(home.iterdir()) == []
        assert "Ann" in await done("device", "list", "--state", state)

    asyncio.run(scenario())


@contextlib.contextmanager
def write_lock(folder: Path) -> Iterator[None]:
    """Another program holds the registry there, as an open database browser does."""
    with contextlib.closing(sqlite3.connect(folder / DATABASE, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")
        yield
        browser.execute("ROLLBACK")


@pytest.mark.parametrize("end", ["resigns", "killed"])
def test_what_a_leader_has_acknowledged_the_next_one_knows(tmp_path: Path, end: str) -> None:
    """Also when it goes the moment after, and another program keeps one standby from writing down
    what it hears: devices are let in, and one of them is out again. On one disk of three nothing is
    done."""

    async def scenario() -> None:
        async with cluster_of(tmp_path, "abc") as cluster:
            leader = await cluster.until_led()
            left = "abc".replace(leader, "")

            def change(verb: str, **fields: Any) -> None:
                control.ask(tmp_path / f"{left[0]}.sock", verb, **fields)

            def begin() -> None:
                change("settings set", values={"floor.talk_ms": 90_000}, base=1)
                rights = {"groups": [1], "emergency": False, "priority": 0}
                for number in range(3):
                    change("device add", id=f"{number:016x}", name=f"d{number}", **rights)

            def work() -> None:
                change("device revoke", id=f"{0:016x}")
                if end == "killed":
                    cluster.commands[leader].process.send_signal(signal.SIGKILL)
                else:
                    control.ask(tmp_path / f"{leader}.sock", "host resign")

            await asyncio.to_thread(begin)
            with contextlib.ExitStack() as stack:
                stack.enter_context(write_lock(cluster.state(left[1])))
                few = pytest.raises(UnreachableError, match="too few other hosts")
                with write_lock(cluster.state(left[0])), few:
                    await asyncio.to_thread(change, "device rename", id=f"{1:016x}", name="x")
                await asyncio.to_thread(work)
                await until(lambda: any(map(cluster.leads, left)), "another one to lead")
            new = next(name for name in left if cluster.leads(name))
            here = ("--state", cluster.state(new))
            await until(lambda: len(names_at(cluster, new)) == 2, "its disk to have all of it")
            listed = json.loads(await done("device", "list", "--json", *here))
            assert {each["id"] for each in listed} == {f"{1:016x}", f"{2:016x}"}
            said = ("settings", "get", "floor.talk_ms", "--control", tmp_path / f"{new}.sock")
            assert (await done(*said)).strip() == "90000 ms"

    asyncio.run(scenario())


def test_what_either_side_of_a_split_has_revoked_is_revoked_on_both(tmp_path: Path) -> None:
    """Whoever leads afterwards, and whichever list counts higher."""

    def revoked_at(cluster: Cluster, host: str) -> set[str]:
        with Registry(cluster.state(host)) as registry:
            assert registry.verify()
            return {each.name for each in registry.devices("revoked")}

    async def scenario() -> None:
        cluster = Cluster(tmp_path, "ab")
        for host, out in (("a", 1), ("b", 2)):
            with Registry(cluster.state(host)) as registry:
                for number in range(1, 4):
                    registry.adopt(f"{number:016x}", f"d{number}", bytes([number]) * 32)
                registry.revoke(f"{out:016x}")
                for turn in range(20 * (host == "b")):
                    registry.set_groups(f"{3:016x}", (1 + turn % 2,))
        async with cluster.started("a"), cluster.started("b"):
            await cluster.until_led()
            for host in "ab":
                await until(lambda h=host: revoked_at(cluster, h) == {"d1", "d2"}, f"all at {host}")
            for host in "ab":
                listed = await done("device", "list", "--json", "--state",
                                    cluster.state(host))  # fmt: skip
                assert [each["name"] for each in json.loads(listed)] == ["d3"]

    asyncio.run(scenario())


def make_release(folder: Path) -> tuple[str, Path]:
    """The public key of a release's signer, and its file."""
    signer, package = signer_in(folder / "signer"), folder / "release.zip"
    sign_build(build(folder / "build"), "any", signer, package)
    return signer.public.hex(), package


@pytest.mark.proof
def test_an_update_is_where_its_last_step_left_it_whoever_leads(tmp_path: Path) -> None:
    """Begun, and the leader dies the moment after; cancelled, and that one comes back alone."""

    async def scenario() -> None:
        public, package = make_release(tmp_path)
        cluster = Cluster(tmp_path, "ab")
        async with contextlib.AsyncExitStack() as stack:
            for name in "ab":
                await stack.enter_async_context(cluster.started(name))
            first = await cluster.until_led()
            second = "ab".replace(first, "")

            async def at(host: str, *words: str | Path) -> Result:
                return await typed(*words, "--control", tmp_path / f"{host}.sock")

            async def release_at(host: str) -> int:
                shown = await at(host, "update", "status", "--json")
                return json.loads(shown.out)["release"]

            await done("update", "trust", public, "--state", cluster.state(first))
            await done("update", "add", package, "--state", cluster.state(first))
            assert (await at(first, "update", "start", "--stage", "all")).code == 0
            cluster.commands[first].process.send_signal(signal.SIGKILL)
            assert await cluster.until_led(second) == second
            assert await release_at(second) == 2
            assert (await at(second, "update", "cancel")).code == 0
            again = await at(second, "update", "cancel")
            assert again.code == 2 and again.is_one_sentence()
            assert "no update is under way" in again.err
            cluster.commands[second].process.send_signal(signal.SIGKILL)

            await stack.enter_async_context(cluster.started(first))
            await until(lambda: cluster.leads(first), "the one that was away to lead")
            assert await release_at(first) == 2  # nobody is there who could tell
            await stack.enter_async_context(cluster.started(second))
            await cluster.until_led()
            asked = tmp_path / f"{first}.sock"
            await until(lambda: control.ask(asked, "update status")["release"] == 0, "its end")
            for name in "ab":
                assert "Traceback" not in cluster.commands[name].err

    asyncio.run(scenario())


def test_an_operator_elsewhere_asks_over_tls_in_their_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logged in at the console, every command of another computer asks the host behind it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))

    async def scenario() -> None:
        state, socket = tmp_path / "state", tmp_path / "leader.sock"
        where = ("--state", state, "--control", socket)
        args = ("leader", "--listen", "127.0.0.1:0", *where, "--json")
        Accounts(state).put("Mia", "manage", PASSWORD)
        async with (
            running(tmp_path / "host", *args) as host,
            running(
                tmp_path / "console", "console", *where, "--tls", "--listen", "127.0.0.1:0"
            ) as console,
        ):
            await until(lambda: "became_leader" in host.out, "the host to lead")
            await until(lambda: "the console is at" in console.err, "the console")
            place = console.err.split("the console is at ")[1].split()[0]
            shown = console.err.split("authority:\n")[1].split("\n")[0].strip()
            login = (*PRESSEL, "login", place, "--as", "Mia", "--password-stdin")
            entered = await asyncio.to_thread(
                subprocess.run, [*login, "--fingerprint", shown], input=PASSWORD + "\n", text=True,
                capture_output=True, check=False,
            )  # fmt: skip
            assert entered.returncode == 0, entered.stderr
            await done("device", "add", "Ann", "--key-file", tmp_path / "ann.json")
            assert "Ann" in await done("device", "list")
            assert "Ann" in await done("device", "list", "--json")
            await done("settings", "set", "talk_ms=90s", "--why", "a trial")
            assert "90" in await done("settings", "get", "talk_ms")
            await done("status", "--control", place)
            audit = (await done("audit", "list", "--json")).splitlines()
            who = {json.loads(each)["texts"].get("who") for each in audit}
            assert f"Mia by the console of {ME}" in who, who
            refused = await typed("host", "allow", "b", "07a3" * 16)
            assert refused.code == 1 and "needs the role own" in refused.err
            assert "host itself" in (await typed("host", "resign")).err
            await done("logout")
            gone = await typed("status")
            assert gone.code == 3 and gone.is_one_sentence() and "pressel login" in gone.err
            assert "Traceback" not in console.err and "error" not in host.err.lower()

    asyncio.run(scenario())
