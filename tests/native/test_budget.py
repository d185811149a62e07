"""Instructions are counted, and stay within the budget and the target."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pressel.pack import build_firmware
from ptt.media import dsp, voice_dsp

from . import bench
from .cases import CASES, MICROPHONE
from .machines import Machine, Program

_COUNTED = [pytest.param(machine, id=machine.name) for machine in bench.COUNTED]


def _paths() -> dict[str, list[tuple[str, int]]]:
    return tomllib.loads(bench.BUDGET.read_text("utf-8"))["paths"]


def test_every_function_has_a_budget() -> None:
    assert sorted(bench.budgets()) == sorted(dsp.NAMES + voice_dsp.NAMES + MICROPHONE)


@pytest.mark.parametrize("machine", _COUNTED)
@pytest.mark.parametrize("path", _paths())
def test_the_budget_is_within_the_target(path: str, machine: Machine) -> None:
    """20 ms of talk, either way, by instruction count on a 240 MHz core."""
    budgets = bench.budgets()
    total = sum(budgets[name][machine.name] * calls for name, calls in _paths()[path])
    assert total <= bench.SHARE_MAX * bench.CYCLES_A_FRAME


@pytest.mark.proof
@pytest.mark.parametrize("machine", _COUNTED)
def test_functions_stay_within_their_budget(machine: Machine, tmp_path: Path) -> None:
    reason = bench.missing()
    if reason:
        pytest.skip(reason)
    build = build_firmware(tmp_path / "build", architecture=machine.name).folder
    for case in CASES:
        budget = bench.budgets()[case.name][machine.name]
        found = bench.count(case, machine, build)
        assert budget * 0.85 <= found.most <= budget, (case.name, found.most, budget)


@pytest.mark.parametrize("machine", _COUNTED)
def test_what_is_counted_is_what_runs(machine: Machine) -> None:
    """The identity's own instructions, which its assembly tells."""
    reason = bench.missing()
    if reason:
        pytest.skip(reason)
    program = Program(machine, {"identity": bytes.fromhex(machine.identity)}, ())
    for _ in range(3):
        program.call("identity", 0)
    assert program.count() == [{"xtensawin": 2, "rv32imc": 1}[machine.name]] * 3
