"""Every native function against its CPython twin, to the bit, out of the very files that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.pack import build_firmware
from ptt.media import dsp, voice_dsp

from .cases import CASES, MICROPHONE, Case, load
from .machines import MACHINES, Machine, Program

_MACHINES = [pytest.param(machine, id=machine.name) for machine in MACHINES]
_CASES = [pytest.param(case, id=case.name) for case in CASES]


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of a firmware build for each machine."""
    folder = tmp_path_factory.mktemp("firmware")
    return {
        machine.name: build_firmware(folder / machine.name, architecture=machine.name).folder
        for machine in MACHINES
    }


def _skip_without(machine: Machine) -> None:
    reason = machine.missing()
    if reason:
        pytest.skip(reason)


def differing(program: Program, wanted: dict[str, bytes]) -> list[str]:
    found = program.run()
    return [name for name, content in wanted.items() if found[name] != content]


def test_every_function_has_a_case() -> None:
    assert sorted(case.name for case in CASES) == sorted(dsp.NAMES + voice_dsp.NAMES + MICROPHONE)


@pytest.mark.parametrize("case", _CASES)
@pytest.mark.parametrize("machine", _MACHINES)
def test_twins_agree(machine: Machine, case: Case, builds: dict[str, Path]) -> None:
    _skip_without(machine)
    program, _ = load(case, machine, builds[machine.name])
    wanted = case.prepare(program)
    assert differing(program, wanted) == []
