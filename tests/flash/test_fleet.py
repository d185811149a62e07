"""Eight badges at once: two fail, one is unplugged, and the others are made all the same."""

from __future__ import annotations

import functools
import os
import pty
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.flash.bench import make_order, states
from tests.patience import PATIENCE_S

from pressel.emulator.badge import EmulatedBadge
from pressel.emulator.faults import Faults
from pressel.flash import console
from pressel.flash.fleet import flash_fleet, run_fleet
from pressel.flash.job import STAGES, Tell
from pressel.flash.line import Line, Stop, open_line
from pressel.flash.messages import flash_error
from pressel.flash.nvs import make_nvs
from pressel.flash.order import Outcome
from pressel.registry.roll import Roll
from pressel.registry.store import Registry
from pressel.virtual import shim_image as shim_images

_FAULTS = {
    2: (Faults(corrupt_block=0), "reads back changed"),
    4: (Faults(flash_mib=2), "2 MiB of flash"),
    6: (Faults(unplug_after=30_000), "went away"),
}


@pytest.mark.proof
def test_a_fleet_goes_on_when_some_fail_and_can_be_run_again(tmp_path: Path) -> None:
    order, registry = (
        make_order(tmp_path, "esp32"),
        functools.partial(Registry, tmp_path / "leader"),
    )

    def fleet(faults: dict) -> list[EmulatedBadge]:
        return [
            EmulatedBadge("esp32", tmp_path / f"flash{n}", 4 << 20, bytes([2, 0, 0, 0, 0, n]),
                          faults[n][0] if n in faults else None)
            for n in range(8)
        ]  # fmt: skip

    for faults in (_FAULTS, {}):
        badges = fleet(faults)
        for badge in badges:
            badge.start()
        try:
            outcomes = flash_fleet([badge.port for badge in badges], order, registry)
        finally:
            for badge in badges:
                badge.stop()
        for number, outcome in enumerate(outcomes):
            assert (faults[number][1] if number in faults else "") in outcome.error
            assert bool(outcome.error) == (number in faults), outcome.error
        with registry() as opened:
            assert len(states(opened)) == 8 - len(faults)


def test_badges_made_at_once_leave_the_output_where_it_was() -> None:
    """Espressif's tool is kept quiet in each thread; all threads have one standard output."""
    before, switch_s = sys.stdout, sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that they get in each other's way
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda _: make_nvs({"pressel": {"key": b"k"}}, 0x6000), range(64)))
    finally:
        sys.setswitchinterval(switch_s)
        after, sys.stdout = sys.stdout, before
    assert after is before


def test_ctrl_c_while_the_badges_begin_stops_all(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = ThreadPoolExecutor.submit

    def submit(self: ThreadPoolExecutor, *what: Any) -> Any:
        if what[-1] == "b":
            signal.raise_signal(signal.SIGINT)
        return begin(self, *what)

    def work(port: str, registry: Roll | None, tell: Tell, stop: Stop) -> Outcome:
        for _ in range(1000):  # at the latest after ten seconds
            tell("connect", 0.0)
            time.sleep(0.01)
        return Outcome(port)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit)
    outcomes = run_fleet(["a", "b", "c"], STAGES, work, None)
    assert [(each.port, each.code) for each in outcomes] == [(port, "stopped") for port in "abc"]


def test_ctrl_c_ends_any_wait_and_loses_no_outcome() -> None:
    """One is done, one has failed, one hangs at a badge that says nothing; and a person presses
    Ctrl-C more than once."""
    mute, port = pty.openpty()
    others_are_done = threading.Semaphore(0)

    def work(port: str, registry: Roll | None, tell: Tell, stop: Stop) -> Outcome:
        if port == "good":
            others_are_done.release()
            return Outcome(port, device="one")
        if port == "bad":
            others_are_done.release()
            raise flash_error("verify-failed", port=port)
        line = Line(port, stop)
        opened = open_line(line)
        opened.timeout = None  # for ever
        for _ in range(2):
            others_are_done.acquire()
        with line.within("write", PATIENCE_S):
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
            opened.read(1)
        return Outcome(port)

    before = signal.getsignal(signal.SIGINT)
    outcomes = run_fleet(["good", os.ttyname(port), "bad"], STAGES, work, None)
    assert [each.code for each in outcomes] == ["", "stopped", "verify-failed"]
    assert outcomes[0].device == "one" and "you stopped it at 'write'" in outcomes[1].error
    assert signal.getsignal(signal.SIGINT) is before
    for handle in (mute, port):
        os.close(handle)


def test_badges_that_begin_at_once_parse_nothing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that make a syntax tree at the same time are a SystemError of CPython 3.11 every
    thousandth time: a badge of the bench fell silent, and its flashing said that it went away."""
    made, before = [], shim_images.compile_module
    shim_images._made.cache_clear()

    def compile_module(source: Path, *others: Any) -> None:
        made.append(source.name)
        before(source, *others)

    monkeypatch.setattr(shim_images, "compile_module", compile_module)
    with ThreadPoolExecutor(8) as threads:
        images = list(threads.map(lambda _: shim_images.shim_image(), range(8)))
    assert len(set(images)) == 1 and len(made) == len(set(made))
    source = Path(console.__file__).read_text("utf-8")
    assert "ast." not in source and "eval(" not in source  # what a badge prints is JSON
