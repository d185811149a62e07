"""Ctrl-C in the first moments of a command: while Python reads it, nobody wants a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

INTERRUPTS_ITSELF = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_while_a_command_is_imported_is_silent(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text(INTERRUPTS_ITSELF)
    done = subprocess.run(
        [sys.executable, "-m", "pressel", "--version"],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_who_is_deaf_to_interrupts_stays_so(tmp_path: Path) -> None:
    """As what `nohup` or a shell's `&` has begun."""
    done = subprocess.run(
        [sys.executable, "-c", "import signal, sys; sys.argv = ['pressel', '--version']; "
         "signal.signal(signal.SIGINT, signal.SIG_IGN); from pressel.__main__ import main; main(); "
         "print(repr(signal.getsignal(signal.SIGINT)))"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert "SIG_IGN" in done.stdout, done.stderr
