"""Tries one mutant in a process of its own, forked from one that has loaded all but the engines."""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

KILLED, SURVIVED = "killed", "survived"

_LOADED = (  # what tests need and what is no part of a mutant: loaded once
    "click", "cryptography.hazmat.primitives.ciphers.aead", "hypothesis", "numpy", "pydantic",
    "psutil", "rich.console", "structlog", "crcmod", "_pytest.assertion.rewrite",
)  # fmt: skip
_SLOWER = 5  # than without the mutant: it does not come to an end
_START_S = 10
_MEMORY_BYTES_MAX = 3 << 30


def prepare() -> None:
    for name in _LOADED:
        importlib.import_module(name)
    assert not any(name.partition(".")[0] == "ptt" for name in sys.modules), "engines are loaded"


def begin(file: Path, text: str, tests: list[str], seconds: float) -> int:
    """Start to run `tests`, which take `seconds` by themselves, with `text` in place of what `file`
    holds; the process's number."""
    sys.stdout.flush()
    number = os.fork()
    if number:
        return number
    try:
        os._exit(_try(str(file), text, tests, seconds))
    finally:
        os._exit(70)  # a mutant may raise anything, and even that is no reason to go on here


def result(status: int) -> str:
    """What the exit of the process says. Tests that fail kill a mutant, and so do modules that do
    not load, or tests without an end. Raises RuntimeError when pytest itself was at fault."""
    code = os.waitstatus_to_exitcode(status)
    if code == pytest.ExitCode.OK:
        return SURVIVED
    if code < 0 or code in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        return KILLED
    raise RuntimeError(f"pytest ended with {code}; run it without a mutant to see why")


def check(file: Path, tests: list[str], seconds: float) -> None:
    """RuntimeError unless `tests` pass in such a process with `file` as it is: else all would be
    killed by whatever is wrong."""
    number = begin(file, file.read_text("utf-8"), tests, seconds)
    if result(os.waitpid(number, 0)[1]) != SURVIVED:
        raise RuntimeError(f"tests of {file.name} fail without a mutant")


def _try(file: str, text: str, tests: list[str], seconds: float) -> int:
    limit_s = int(_START_S + seconds * _SLOWER)
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    signal.alarm(limit_s * 10)  # it waits for something that never comes
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    loaded = importlib.machinery.SourceFileLoader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, name: str) -> object:
        if self.path == file:
            return compile(text, file, "exec", dont_inherit=True)
        return loaded(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
    return int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
