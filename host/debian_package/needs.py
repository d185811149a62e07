"""Which packages of requirements.lock the Debian package has, for the Python that will run it."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("console",)  # what a leader box serves; the rest is for other computers


def closure(names: list[str], python: str) -> set[str]:
    """What these requirements need, on `python` such as "3.11" on this kind of machine."""
    asked = [Requirement(each) for each in names]
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        one = asked.pop()
        wanted = (canonicalize_name(one.name), frozenset(one.extras))
        if wanted in seen:
            continue
        seen.add(wanted)
        for need in map(Requirement, metadata.requires(one.name) or ()):
            here = {"python_version": python, "python_full_version": f"{python}.0"}
            markers = [{**here, "extra": each} for each in (*one.extras, "")]
            if need.marker is None or any(map(need.marker.evaluate, markers)):
                asked.append(need)
    return {name for name, _ in seen}


def locked(lock: Path, names: set[str]) -> str:
    """The lines of the lock file for these packages, hashes included."""
    kept: list[str] = []
    is_wanted = False
    for line in lock.read_text("utf-8").splitlines():
        found = re.match(r"([A-Za-z0-9._-]+)==", line)
        if found:
            is_wanted = canonicalize_name(found[1]) in names
        elif not line.startswith("    --hash="):
            is_wanted = is_wanted and line.startswith(" ")
            continue
        if is_wanted:
            kept.append(line)
    lines = "\n".join(kept)
    # The last hash of a package is followed by a comment in the lock, and by the next package here.
    return re.sub(r" \\\n(?=\S|$)", "\n", lines + "\n")
