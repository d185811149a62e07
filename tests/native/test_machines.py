"""The harness itself: its machine code is what its assembly says, and it can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.pack import build_firmware

from . import stubs
from .cases import CASES, load
from .machines import MACHINES, TRAP_EXIT, Machine, Program, Trapped

_MACHINES = [pytest.param(machine, id=machine.name) for machine in MACHINES]

_LOOP_S = 2.0  # spoiled code may never end


@pytest.mark.parametrize("machine", _MACHINES)
def test_machine_code_is_what_the_assembly_says(machine: Machine) -> None:
    tools = stubs.tools()
    if not tools:
        pytest.skip("no llvm-mc that knows Xtensa (Debian: llvm-22)")
    options, *texts = stubs.SOURCES[machine.name]
    made = [stubs.assemble(*tools, options, text) for text in texts]
    assert made == [machine.start, machine.identity, machine.trap]
    assert stubs.EXIT_TRAPPED == TRAP_EXIT


@pytest.mark.parametrize("machine", _MACHINES)
def test_a_call_of_anything_but_the_conversion_is_noticed(machine: Machine) -> None:
    reason = machine.missing()
    if reason:
        pytest.skip(reason)
    program = Program(machine, {"trap": bytes.fromhex(machine.trap)}, ())
    program.call("trap", 0)
    with pytest.raises(Trapped, match="MicroPython"):
        program.run()


@pytest.mark.parametrize("machine", _MACHINES)
def test_a_flipped_bit_is_noticed(machine: Machine, tmp_path: Path) -> None:
    """Not every bit can matter (what a branch skips over never runs), but most must."""
    reason = machine.missing()
    if reason:
        pytest.skip(reason)
    build = build_firmware(tmp_path / "build", architecture=machine.name).folder
    case = next(case for case in CASES if case.name == "ima_encode")
    program, module = load(case, machine, build)
    wanted = case.prepare(program)
    assert {name: program.run()[name] for name in wanted} == wanted
    blob, tried, noticed = module.functions[0], 0, 0
    for place in range(60, len(blob) - 60, len(blob) // 12):
        tried += 1
        flipped = bytearray(blob)
        flipped[place] ^= 16
        spoiled, _ = load(case, machine, build, {"encode_frame": bytes(flipped)})
        case.prepare(spoiled)
        try:
            found = spoiled.run(_LOOP_S)
            noticed += any(found[name] != content for name, content in wanted.items())
        except Trapped:
            noticed += 1
    assert tried >= 10
    assert noticed > tried // 2, f"{noticed} of {tried}"
