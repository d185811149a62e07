"""Sentences on a narrow terminal: broken at words there, and nowhere else."""

from __future__ import annotations

import fcntl
import io
import os
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.patience import PATIENCE_S

from pressel.cli.wrapping import Wrapped, wrapped

COLUMNS = 60
KEY = "07a3" * 16


def on_a_terminal(*words: str) -> tuple[str, str]:
    """What the command writes to a terminal of 60 columns, and to a pipe."""
    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    hidden = ("COLUMNS", "NO_COLOR", "TERM")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    command = (sys.executable, "-m", "pressel", *words)
    nobody = subprocess.DEVNULL
    running = subprocess.Popen(
        command, stdin=nobody, stdout=its, stderr=its, env={**environment, "TERM": "xterm"}
    )
    os.close(its)
    shown = b""
    while part := _read(ours):  # while it writes: a terminal that nobody reads takes 4 KiB
        shown += part
    os.close(ours)
    running.wait(PATIENCE_S)
    plain = subprocess.run(
        command, stdin=nobody, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        timeout=PATIENCE_S, env=environment,
    )  # fmt: skip
    return shown.decode().replace("\r\n", "\n"), plain.stdout.decode()


def _read(terminal: int) -> bytes:
    assert select.select([terminal], [], [], PATIENCE_S)[0], "the command says nothing"
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux: nobody has it open any more
        return b""


@pytest.mark.parametrize(
    "words", [("settings", "explain", "floor.talk_ms"), ("status",), ("settings", "list", KEY)]
)
def test_sentences_go_on_at_a_word(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Answers, refusals, and what is said of a command that was typed wrong."""
    shown, plain = on_a_terminal(*words, "--control", str(tmp_path / "no.sock"))
    asking = f"asking the host at {tmp_path / 'no.sock'}"  # only a person is told
    shown = shown.replace(asking.replace(" at ", " at\n"), "").replace(asking, "")
    assert max(len(each) for each in plain.splitlines()) > COLUMNS
    assert shown.split() == plain.split() and shown != plain
    for each in shown.splitlines():
        assert cell_len(each) <= COLUMNS or len(each.split()) == 1, each


def test_what_is_for_programs_stays_whole(tmp_path: Path) -> None:
    for words in (("settings", "schema"), ("docs", "--json"), ("completion", "show", "bash")):
        shown, plain = on_a_terminal(*words)
        assert shown == plain and max(map(len, plain.splitlines())) > COLUMNS, words


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("one two three four\n", "one two\nthree four\n"),
        ("a  one two three\n", "a  one two\n   three\n"),
        ("one 0123456789abc two", "one\n0123456789abc\ntwo"),
        ("pressel host allow b 07a3\n", "pressel host allow b 07a3\n"),
        ("pressel: no host\n", "pressel:\nno host\n"),
        ("田中 さくら 田中\n", "田中\nさくら\n田中\n"),
        ("            \n", "            \n"),
        ("exactly ten\n", "exactly\nten\n"),
        ("only  ten \n", "only  ten \n"),
        ("", ""),
    ],
)
def test_where_a_line_is_broken(line: str, shown: str) -> None:
    assert wrapped(line, 10) == shown


def test_who_draws_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    terminal = Wrapped(stream)
    words = "one two three four five six seven\n"
    assert print(words, end="", file=terminal) is None
    assert stream.getvalue() == "one two three four five six\nseven\n"
    for drawn in (f"\x1b[1m{words}", f"\r{words}"):
        stream.seek(0)
        stream.truncate()
        assert terminal.write(drawn) == len(drawn) and stream.getvalue() == drawn
    terminal.write("asks: ")
    terminal.write(words)  # it is not known how much room is left
    assert stream.getvalue().endswith("asks: " + words)
