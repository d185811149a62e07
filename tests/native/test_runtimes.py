"""The bytecode twins give the same on MicroPython as on CPython, to the bit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pressel.virtual.micropython import run_script
from ptt.media import dsp

from . import signals

SCRIPT = Path(__file__).with_name("twins_script.py")


def arguments(added: int = 0) -> list[str]:
    """Frames of speech; `added` to one sample of them."""
    frames = signals.speech(first=20, count=6)
    frames[2][100] += added  # one that no function silences or bends
    return [frame.tobytes().hex() for frame in frames]


def on_cpython(words: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(signals.ROOT / "shared")},
    )
    return done.stdout.splitlines()


def test_both_runtimes_agree() -> None:
    wanted = on_cpython(arguments())
    assert sorted(line.split()[0] for line in wanted) == sorted(dsp.NAMES)
    assert run_script(SCRIPT, arguments()).decode().splitlines() == wanted


def test_a_difference_is_noticed() -> None:
    """One louder sample changes what each function makes."""
    pairs = zip(on_cpython(arguments()), on_cpython(arguments(added=4000)), strict=True)
    same = [one.split()[0] for one, other in pairs if one == other]
    assert same == []
