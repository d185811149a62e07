"""The steps of a set-up in their order, each skipped when the stamp has it."""

import importlib.util
import os
import shlex
import shutil
import sys
import time
from types import TracebackType

from setup_clone import copies, pesq
from setup_clone.stamp import Stamp
from setup_clone.tools import SetupError, npm_install, pin_of, pip_install, run, say
from setup_clone.tree import LOG, ROOT, VENV, VENV_PYTHON

STEPS = 5
DISK_NEEDED_MB = 1200  # measured: .venv takes 750, downloads and their cache 350 on the way


class Step:
    """One numbered line of progress, with the time it took when it ends well."""

    def __init__(self, number: int, name: str) -> None:
        say(f"{number}/{STEPS} {name} ...", end=" ")

    def __enter__(self) -> None:
        self.start = time.monotonic()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        say(f"{time.monotonic() - self.start:.1f} s" if kind is None else "failed")


def check_machine() -> None:
    """Say what is missing before anything is deleted or downloaded."""
    if not all(map(importlib.util.find_spec, ("ensurepip", "venv"))):
        package = "python{}.{}-venv".format(*sys.version_info[:2])
        raise SetupError(
            "This Python cannot make environments: its module venv or ensurepip is missing. "
            f"On Debian or Ubuntu: apt install {package}. Then run make setup again."
        )
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < DISK_NEEDED_MB:
        raise SetupError(
            f"Set-up needs {DISK_NEEDED_MB} MB of disk, but only {free_mb} MB are free here."
        )


def make_environment(lock: int) -> None:
    """An environment with pip and what builds packages; always from nothing, because one that is
    half installed looks whole to pip."""
    if VENV.exists():
        shutil.rmtree(VENV)
    # From inside an activated environment, its base Python: .venv must not rest on what may go.
    python = getattr(sys, "_base_executable", sys.executable)
    run([python, "-m", "venv", str(VENV)], lock)
    pip_install(pin_of(ROOT / "requirements.lock", "setuptools"), lock)


def add_project() -> None:
    """Put the project on the environment's path, and its command beside python.

    A path file rather than an editable install: no build, no import hook at each start, and a
    package that a pull brings is seen at once.
    """
    packages = VENV / "lib" / "python{}.{}".format(*sys.version_info[:2]) / "site-packages"
    roots = [os.path.relpath(ROOT / name, packages) for name in ("host", "shared")]
    (packages / "pressel.pth").write_text("\n".join(roots) + "\n")
    command = VENV / "bin" / "pressel"
    # -P: a folder named pressel where the user stands must not be taken for the package.
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(str(VENV_PYTHON))} -P -m pressel "$@"\n')
    command.chmod(0o755)


def set_up(stamp: Stamp, lock: int) -> None:
    """Do what the stamp lacks, and write it down after each part that stands by itself."""
    LOG.write_bytes(b"")
    if not stamp.has_environment():
        check_machine()
        stamp.done = {}
        with Step(1, "Python environment"):
            make_environment(lock)
        with Step(2, "Python packages"):
            pip_install(ROOT / "requirements.lock", lock, "--no-build-isolation")
            add_project()
        stamp.record(environment=stamp.environment)
    if not stamp.has_javascript():
        with Step(3, "JavaScript packages"):
            npm_install(lock)
        stamp.record(javascript=stamp.javascript)
    if not stamp.has_pesq():
        with Step(4, "PESQ (optional)"):
            installed = pesq.install(lock)
        stamp.record(pesq=stamp.pesq, pesq_installed=installed, pesq_obstacle=pesq.obstacle())
    if not stamp.has_copies():
        with Step(5, "Part in C (optional)"):
            compiled = copies.install(lock)
        stamp.record(
            copies=stamp.copies, copies_compiled=compiled, copies_obstacle=copies.obstacle()
        )
