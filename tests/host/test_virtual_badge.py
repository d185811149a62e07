"""The life of a virtual badge: memory, clock, flash, radio, button, and every way to end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from tests.host.echo_badge import (
    BOARD,
    build_echo,
    echo_badge,
    next_event,
    next_record,
)
from tests.patience import PATIENCE_S

from pressel.errors import PresselError
from pressel.virtual import BadgeCrashed, VirtualBadge, install, now_ms

ROOT = Path(__file__).resolve().parents[2]
TICKS_PERIOD_MS = 1 << 30


def test_echoes_datagrams_of_every_size(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (_, host):
            for size in (1, 200, 1200):
                host.send(bytes([65]) * size)
                assert await host.receive() == bytes([65]) * size

    asyncio.run(scenario())


def test_an_empty_datagram_is_one_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (_, host):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:  # asyncio sends none
                raw.settimeout(PATIENCE_S)
                raw.sendto(b"", ("127.0.0.1", host.badge[1]))
                assert await asyncio.to_thread(raw.recv, 100) == b""

    asyncio.run(scenario())


def test_keeps_six_datagrams_while_a_step_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            assert await host.ask("nap 1000") == "napping"
            for number in range(20):
                host.send(f"number {number}")
            kept = [await host.receive() for _ in range(6)]
            assert kept == [f"number {number}".encode() for number in range(6)]
            stats = await badge.stats()
            assert stats["mailbox_dropped"] == 14
            assert host.inbox.empty()

    asyncio.run(scenario())


def test_clock_is_the_monotonic_clock_of_the_host(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            before_ms = now_ms()
            ticks_ms = int(await host.ask("clock"))
            after_ms = now_ms()
            assert (ticks_ms - int(before_ms)) % TICKS_PERIOD_MS <= int(after_ms) - int(before_ms)
            assert before_ms <= (await badge.stats())["t"] <= now_ms()

    asyncio.run(scenario())


def test_heap_is_capped(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            free_bytes = int(await host.ask("hog"))
            assert 60_000 < free_bytes < 111_000
            assert await host.ask("still there") == "still there"
            stats = await badge.stats()
            assert stats["heap_bytes"] == 111_000
            assert stats["heap_peak_bytes"] < 111_000

    asyncio.run(scenario())


def test_garbage_of_many_steps_is_collected(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            for _ in range(20):
                assert await host.ask("churn") == "churned"
            stats = await badge.stats()
            assert 0 < stats["heap_live_bytes"] < stats["heap_peak_bytes"] < 80_000

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("burst", "app/commands.py"),
        ("exhaust", "MemoryError"),  # no memory to note where, but an end all the same
    ],
)
def test_more_memory_than_there_is_crashes(tmp_path: Path, command: str, told: str) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            host.send(command)
            crashed = await next_event(badge, "crashed")
            assert crashed["error"].startswith("MemoryError")
            assert told in crashed["traceback"]
            assert await badge.wait() == 1
            assert "MemoryError" in badge.errors.read_text()

    asyncio.run(scenario())


def test_an_exception_crashes_and_is_told_to_whoever_waits(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            host.send("fail")
            assert (await next_event(badge, "crashed"))["error"] == "ValueError: as asked"
            assert (await next_event(badge, "ended"))["exit"] == 1
            with pytest.raises(BadgeCrashed, match="as asked"):
                await badge.stats()

    asyncio.run(scenario())


def test_firmware_that_does_not_build_is_told_on_start(tmp_path: Path) -> None:
    async def scenario() -> None:
        with pytest.raises(BadgeCrashed, match=r"(?s)app/boot.py.*RuntimeError: told to fail"):
            async with echo_badge(tmp_path, config={"fail": True}):
                pass

    asyncio.run(scenario())


def test_reset_ends_the_process_with_an_event(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            host.send("restart")
            await next_event(badge, "reset")
            assert await badge.wait() == 3

    asyncio.run(scenario())


def test_flash_gets_back_what_the_firmware_wrote(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path, files={"spare.txt": b"to be removed"}) as (badge, host):
            assert await host.ask("write 42") == "written"
            assert await host.ask("remove spare.txt") == "removed"
            assert await host.ask("missing") == "2"  # ENOENT, as the badge numbers it
            await badge.stop()
            assert json.loads((badge.flash / "notes.json").read_text()) == {"note": "42"}
            assert not (badge.flash / "spare.txt").exists()
            assert (badge.flash / "lib" / "app" / "boot.mpy").exists()
            assert sorted(path.name for path in badge.flash.iterdir()) == [
                "board.json",
                "config.json",
                "lib",
                "main.py",
                "manifest.json",
                "notes.json",
            ]

    asyncio.run(scenario())


def test_shims_stand_in_for_identity_and_cryptography(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path, device="0a0b0c0d0e0f") as (_, host):
            assert await host.ask("who") == "0a0b0c0d0e0f"
            assert await host.ask("encrypt") == "3ad77bb40d7a3660a89ecaf32466ef97 same"

    asyncio.run(scenario())


def test_button_edges_reach_the_interrupt(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, _):
            at = now_ms() + 50
            badge.press(at)
            badge.press(at + 10)  # no edge
            badge.release(at + 20)
            first = await next_record(badge, "level")
            assert first["level"] == 0
            assert first["t"] >= at - 1
            second = await next_record(badge, "level")
            assert second["level"] == 1
            assert second["t"] >= at + 19

    asyncio.run(scenario())


def test_a_command_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, _):
            badge.send(cmd="dance")
            refused = await next_event(badge, "refused")
            assert "dance" in refused["reason"]
            assert (await badge.stats())["steps"] > 0

    asyncio.run(scenario())


def test_stop_saves_and_ends_with_0(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, _):
            stats = await badge.stop()
            assert stats is not None and stats["steps"] > 0
            assert await badge.wait() == 0

    asyncio.run(scenario())


def test_a_step_that_loops_is_ended_at_the_time_limit(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path, limit_s=2.0) as (badge, host):
            host.send("spin")
            assert (await next_event(badge, "ended"))["exit"] == -9

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "command",
    [
        "rest",
        pytest.param(
            "spin",
            marks=pytest.mark.skipif(
                sys.platform != "linux", reason="only Linux limits a child's CPU time"
            ),
        ),
    ],
)
def test_no_badge_outlives_a_killed_parent(tmp_path: Path, command: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, str(ROOT / "tests/host/data/orphan.py"), str(tmp_path), command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert parent.stdout is not None
    with parent:
        badge = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    _, alive = psutil.wait_procs([badge], timeout=PATIENCE_S)
    for process in alive:
        process.kill()
    assert not alive
    if command == "rest":  # the end of stdin was noticed, so the flash was saved
        assert (tmp_path / "flash" / "notes.json").exists()


def test_lines_that_ran_are_traced(tmp_path: Path) -> None:
    trace = tmp_path / "lines.json"

    async def scenario() -> None:
        async with echo_badge(tmp_path, trace=trace) as (badge, host):
            assert await host.ask("churn") == "churned"
            await badge.stop()

    asyncio.run(scenario())
    lines = json.loads(trace.read_text())
    source = (tmp_path / "flash/lib/app/commands.py").read_text().splitlines()
    ran = {source[number - 1].strip() for number in lines["lib/app/commands.py"]}
    assert 'return "churned"' in ran
    assert 'return "written"' not in ran
    assert set(lines) == {"lib/app/boot.py", "lib/app/commands.py"}


def test_tracing_needs_sources(tmp_path: Path) -> None:
    firmware = build_echo(tmp_path / "firmware")
    with pytest.raises(ValueError, match="source=True"):
        VirtualBadge(
            "x", firmware=firmware, board=BOARD, config={}, work=tmp_path, trace=tmp_path / "t"
        )


def test_missing_parts_say_make_setup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "ROOT", tmp_path)
    with pytest.raises(PresselError, match="make setup"):
        install.find_install()


def test_now_ms_is_monotonic_time() -> None:
    assert abs(now_ms() - time.monotonic() * 1000) < 1000
