"""The build for a chip: machine code in it, the same each time, and none where no chip is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pressel.boards.heap import left_out
from pressel.cli.firmware import firmware
from pressel.pack import ARCHITECTURES
from pressel.pack.build import build_firmware  # not a kept one

from . import mpy
from .machines import MACHINES

_NUMBERS = {machine.name: machine.number for machine in MACHINES}


@pytest.mark.parametrize("chip", ARCHITECTURES)
def test_a_chip_gets_machine_code_of_its_own(chip: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(firmware, ["build", "--chip", chip, "--out", str(tmp_path / "one")])
    assert done.exit_code == 0, done.output
    files = sorted((tmp_path / "one" / "a" / "native").glob("*.mpy"))
    found = {file.stem: mpy.read_mpy(file) for file in files if file.stem != "__init__"}
    names = {"ima", "octets", "samples", "shaped", "voice_period"}
    names |= {"g722", "microphone"} - {
        {"g722": "g722", "pauses": "microphone"}.get(feature) for feature in left_out(chip, "stock")
    }
    assert set(found) == names
    for module in found.values():
        assert module.architecture == _NUMBERS[ARCHITECTURES[chip]]
        assert module.functions


@pytest.mark.proof
def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    for name in _NUMBERS:
        builds = [build_firmware(tmp_path / f"{name}{n}", architecture=name) for n in range(2)]
        assert builds[0].digest == builds[1].digest


def test_another_architecture_in_the_same_folder_is_compiled_anew(tmp_path: Path) -> None:
    out = tmp_path / "out"
    digests = [build_firmware(out, architecture=name).digest for name in ("xtensawin", "rv32imc")]
    assert digests[0] != digests[1]
    assert digests[1] == build_firmware(tmp_path / "new", architecture="rv32imc").digest


@pytest.mark.proof
def test_without_a_chip_there_is_none(tmp_path: Path) -> None:
    built = build_firmware(tmp_path / "out")
    assert not any("native" in file.path for file in built.files)
