"""PESQ, an optional measure of speech quality: it comes as C source only, so it is installed where
it can be built and left out elsewhere."""

import os
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path

from setup_clone.tools import SetupError, pin_of, pip_install, say
from setup_clone.tree import ROOT

PESQ_LOCK = ROOT / "requirements-pesq.lock"


def compiler() -> str:
    """The C compiler that builds of Python extensions call."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]


def obstacle() -> str:
    """Why PESQ cannot be built here, or an empty string."""
    if not shutil.which(compiler()):
        return f"there is no C compiler ({compiler()})"
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        package = "python{}.{}-dev".format(*sys.version_info[:2])
        return f"the C headers of Python are missing (Debian: apt install {package})"
    return ""


def install(lock: int) -> bool:
    """Install PESQ if this machine can build it; return whether it is there."""
    reason = obstacle()
    if not reason:
        try:
            pip_install(pin_of(PESQ_LOCK, "cython"), lock)
            pip_install(PESQ_LOCK, lock, "--no-build-isolation")
        except SetupError:
            reason = "it could not be built (see build/setup.log)"
    if reason:
        say(f"left out: {reason}; reports lack this one measure.", end=" ")
    return not reason
