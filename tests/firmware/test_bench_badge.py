"""A badge's Python stays within its budget of instructions a frame, and the count is a count."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.firmware.bench_badge import BEFORE, BUDGETS, GOALS, TRUST_MAX, Frame, Trust, count_frames
from tests.firmware.opcode_lines import number_opcodes

from pressel.pack.bytecode import compile_module
from pressel.virtual.micropython import run_script

SOURCE = """\
def spin(count):
    n = 0
    while n < count:
        n += 1
    return n
"""
SLACK = 0.8  # a budget far above what is used is none; chance makes an idle badge differ by 15 %
TURN_OPCODES = 8  # n; 1; add; n =; n; count; compare; jump
TRACE = """\
import sys
import spin

count = 0

def note(frame, event, argument):
    global count
    if event == "line":
        count += 1
    return note

for turns in (1, 2, 12):
    count = 0
    sys.settrace(note)
    spin.spin(turns)
    sys.settrace(None)
    print(count)
"""


@pytest.fixture(scope="module")
def frames() -> dict[str, Frame]:
    return count_frames()


@pytest.mark.parametrize("what", sorted(BUDGETS))
def test_a_frame_stays_within_its_budget(frames: dict[str, Frame], what: str) -> None:
    assert BUDGETS[what] * SLACK <= frames[what].bytecodes <= BUDGETS[what]


@pytest.mark.parametrize("what", sorted(GOALS))
def test_the_budget_is_as_small_as_was_meant(what: str) -> None:
    assert BUDGETS[what] * GOALS[what] <= BEFORE[what]


def test_it_talks_and_listens_meanwhile(frames: dict[str, Frame]) -> None:
    assert frames["talk"].natives["ima_encode"] == pytest.approx(1, abs=0.05)
    assert frames["listen"].natives["ima_decode"] == pytest.approx(0.93, abs=0.05)


@pytest.mark.parametrize("what", ["listen", "talk"])
def test_trust_stays_within_its_share(frames: dict[str, Frame], what: str) -> None:
    """Each frame is hashed in its datagram, encrypted once, and no more than that."""
    frame = frames[what]
    assert TRUST_MAX * SLACK <= frame.trust_instructions <= TRUST_MAX
    assert frame.trust.aes_blocks == pytest.approx(11 * frame.natives["xor"])
    assert 6 <= frame.trust.sha_blocks < 8


@pytest.mark.parametrize("fault", ["every tag twice", "every key stream twice", "a slow loop"])
def test_a_dearer_trust_is_noticed(frames: dict[str, Frame], fault: str) -> None:
    frame = frames["listen"]
    trust = frame.trust
    dearer = {
        "every tag twice": Trust(trust.bytecodes, trust.sha_blocks * 2, trust.aes_blocks),
        "every key stream twice": Trust(trust.bytecodes, trust.sha_blocks, trust.aes_blocks * 2),
        "a slow loop": Trust(trust.bytecodes * 1.5, trust.sha_blocks, trust.aes_blocks),
    }[fault]
    assert dearer.instructions(frame.natives["xor"]) > TRUST_MAX


def test_every_instruction_is_counted(tmp_path: Path) -> None:
    """Turns of a loop that are alike take alike, and more take more."""
    source, module = tmp_path / "made.py", tmp_path / "spin.mpy"
    source.write_text(SOURCE)
    compile_module(source, module, "spin.py")
    module.write_bytes(number_opcodes(module.read_bytes()))
    source.unlink()
    script = tmp_path / "trace.py"
    script.write_text(TRACE)
    one, two, twelve = map(int, run_script(script, traced=True).split())
    assert two - one == TURN_OPCODES
    assert twelve - two == 10 * TURN_OPCODES


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ValueError, match="version 6"):
        number_opcodes(b"M\x05\x00\x1f")
