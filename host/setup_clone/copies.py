"""The one part in C, by which a host sends voice to many at several times the speed: compiled where
there is a compiler and left out elsewhere."""

import shutil
import sys
from pathlib import Path

from setup_clone.pesq import compiler
from setup_clone.tools import SetupError, run, say
from setup_clone.tree import ROOT

SOURCE = ROOT / "host" / "pressel" / "transport" / "copies.c"
LIBRARY = SOURCE.with_name("libcopies.so")


def obstacle() -> str:
    """Why it cannot be compiled here, or an empty string."""
    if sys.platform != "linux":
        return "it is for Linux only"
    if not shutil.which(compiler()):
        return f"there is no C compiler ({compiler()})"
    return ""


def command(target: Path) -> list[str]:
    """What compiles it into the file `target`."""
    return [compiler(), "-O3", "-Wall", "-shared", "-fPIC", "-o", str(target), str(SOURCE)]


def install(lock: int) -> bool:
    """Compile it if this machine can; return whether it is there."""
    reason = obstacle()
    if not reason:
        fresh = LIBRARY.with_suffix(".new")  # a host that runs keeps the file it has loaded
        try:
            run(command(fresh), lock)
            fresh.replace(LIBRARY)
        except SetupError:
            reason = "it could not be compiled (see build/setup.log)"
    if reason:
        say(f"left out: {reason}; hosts do the same more slowly.", end=" ")
    return not reason
