"""A Raspberry Pi's kind of processor: what is compiled, and the core of the suite, under QEMU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.debian import roots

from debian_package.needs import closure, locked
from setup_clone.tree import ROOT

pytestmark = pytest.mark.proof
FETCHED_S = 900.0
RUN_S = 1200.0
PYTHON = "3.11"  # of that Debian
PLATFORMS = ("manylinux2014_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64", "any")
SCRIPT = Path(__file__).with_name("arm64.sh")
TESTED_WITH = (
    "pytest",
    "hypothesis",
    "packaging",
    "psutil",
    "pytest-xdist",
    "pytest-rerunfailures",
)


def fetch(into: Path, scratch: Path) -> None:
    """The packages of the lock file, for that processor; skips where they cannot be had."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *TESTED_WITH]
    for extra in ("console", "soft", "bridge"):
        wanted += project["optional-dependencies"][extra]
    lock = scratch / "requirements"
    lock.write_text(locked(ROOT / "requirements.lock", closure(wanted, PYTHON)), "utf-8")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes",
               "--no-compile", "--python-version", PYTHON, "--implementation", "cp",
               "--target", str(into), "-r", str(lock)]  # fmt: skip
    for each in PLATFORMS:
        command += ["--platform", each]
    done = subprocess.run(command, capture_output=True, text=True, timeout=FETCHED_S)
    if done.returncode:
        pytest.skip(f"packages for arm64 cannot be had here: {done.stderr.strip()[-300:]}")


def test_the_core_runs_on_arm64(tmp_path: Path) -> None:
    roots.need("qemu-aarch64-static")
    root = roots.make(
        tmp_path / "root", ("python3", "gcc", "libc6-dev", "bash", "coreutils", "dash"), roots.ARM
    )
    fetch(root / "opt" / "packages", tmp_path)
    clone = root / "opt" / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, clone / name)
    shutil.copyfile(SCRIPT, root / "opt" / SCRIPT.name)
    for folder in (root / "bin", root / "usr" / "bin"):  # made when dash is set up: here it is not
        if (folder / "dash").exists() and not os.path.lexists(folder / "sh"):
            (folder / "sh").symlink_to("dash")
    done = roots.run(root, ("sh", f"/opt/{SCRIPT.name}"), RUN_S, machine=roots.ARM)
    assert done.returncode == 0 and "=== done" in done.stdout, done.stdout[-4000:]
