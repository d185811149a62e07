"""What a copied folder is worth, and what a wrong clock brings back."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path

import pytest
from tests.e2e.command import Result, run, running, typed
from tests.e2e.stage import faults, heard_by, own, venue, words
from tests.e2e.test_joining import address_of, credential

from pressel.demo.venue import STATE
from pressel.registry.database import DATABASE
from pressel.registry.vault import KEY_FILE

pytestmark = pytest.mark.e2e

A = (1).to_bytes(8, "big").hex()  # as `run_badges` numbers them

# `pressel` on a machine whose clock differs by as many seconds as the file says.
_OFF = """
import sys, time, pathlib
off, real = pathlib.Path(sys.argv.pop(1)), time.time
time.time = lambda: real() + float(off.read_text())
from pressel.cli import main
main()
"""


def ends_in_a_sentence(tried: Result) -> bool:
    """A command may say before that it asks no host."""
    *notes, last = tried.err.splitlines()
    return not tried.out and len(notes) <= 1 and last.startswith("pressel: ")


def test_a_registry_without_its_key_file_is_worth_nothing(work: Path) -> None:
    """The folder is copied from a running leader; then somebody reads it, leads with it, and gives
    it another venue's key file."""

    async def scenario(work: Path) -> list[str]:
        async with venue(work, "AB") as (_, (a, b)):
            thief = work / "thief"
            thief.mkdir()
            backed = await typed("registry", "backup", work / "copy", "--state", work / STATE)
            assert backed.code == 0, backed.err
            _, _, data = (work / "copy").read_bytes().partition(b"\n")
            (thief / DATABASE).write_bytes(data)
            for number, args in enumerate(
                (
                    ("device", "list"),
                    ("device", "show", A),
                    ("device", "rotate", A, "--key-file", work / "new-key"),
                    ("leader", "--listen", "127.0.0.1:0", "--control", work / "t"),
                )
            ):
                tried = await run(work / f"try-{number}", *args, "--state", thief)
                assert tried.code != 0 and ends_in_a_sentence(tried), (args, tried)
                assert "key" in tried.err
            assert not (thief / KEY_FILE).exists() and not (work / "new-key").exists()

            args = ("device", "add", "Zoe", "--key-file", work / "zoe.json")
            other = await run(work / "other", *args, "--state", work / "other-state")
            assert other.code == 0, other.err
            shutil.copy(work / "other-state" / KEY_FILE, thief / KEY_FILE)
            tried = await run(work / "try-key", "device", "list", "--state", thief)
            assert tried.code != 0 and ends_in_a_sentence(tried) and "key" in tried.err

            said = await a.press_and_speak((speech := words(1)).pcm)
            await heard_by(said, b)
        return faults([(said, speech)], [a, b])

    assert asyncio.run(scenario(work)) == []


@pytest.mark.proof
def test_a_clock_that_is_set_back_brings_nothing_back(work: Path, wav) -> None:
    """An invitation that is over stays over when the leader's clock is set back to before its end;
    a revoked badge stays out, and members talk on whatever the clock says."""
    state = work / STATE
    off = work / "off"
    off.write_text("0")
    speech = wav("hello.wav", words(1, 1.0).pcm)

    async def scenario() -> None:
        command = (sys.executable, "-c", _OFF, str(off))
        options = ("leader", "--listen", "127.0.0.1:0", "--state", state, "--control", work / "c")
        async with running(work / "leader", *options, command=command) as leader:
            address = await address_of(leader)

            async def speak(number: int, name: str, *more: str | Path) -> tuple[int, str]:
                args = ("--leader", address, "--name", name, "--wav", speech, *more)
                result = await run(work / f"speak-{number}", "badge", *args)
                return result.code, result.err

            made = await typed("device", "invite", "--json", "--state", state)
            code = json.loads(made.out)["code"]
            member, gone = own(work, 1, "Ann"), own(work, 2, "Ben")
            assert (await speak(1, "Ann", *member))[0] == 0
            assert (await speak(2, "Ben", *gone))[0] == 0
            revoked = await typed("device", "revoke", "5000000000000002", "--state", state)
            assert revoked.code == 0, revoked.err
            invited = ("--invite", code, "--credential", credential(work, 3))
            tries = 10
            for days in (2, -2, -400, 0):
                off.write_text(str(days * 86_400))
                await asyncio.sleep(1.5)  # the leader looks at what is over once a second
                tries += 10
                assert (await speak(tries, "Ann", *member))[0] == 0, days
                denied, words_of = await speak(tries + 1, "Cid", *invited)
                assert denied != 0 and "code" in words_of, (days, words_of)
            listed = await typed("device", "list", "--state", state)
            assert "Ann" in listed.out and "Ben" not in listed.out and "Cid" not in listed.out
            assert "Traceback" not in leader.err
            out = running(work / "revoked", "badge", "--leader", address, *gone, "--record", off)
            async with out as ben:
                await ben.line("does not know this badge")

    asyncio.run(scenario())
