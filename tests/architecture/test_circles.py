"""No file imports another that imports it, whether by way of others, in a function or for types
only.

Files in a circle can be read, tested and moved only together.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIMS = "host/pressel/virtual/shims"  # their names are those of MicroPython's own modules
SOURCES = ("shared", "host", "firmware", SHIMS)


def module_names(source: Path) -> dict[str, Path]:
    """The files below `source`, by the names under which they are imported there."""
    named: dict[str, Path] = {}
    for file in sorted(source.rglob("*.py")):
        if SHIMS not in file.as_posix() or source.as_posix().endswith(SHIMS):
            parts = list(file.relative_to(source).with_suffix("").parts)
            named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return named


def imported(module: str, file: Path) -> Iterator[str]:
    """The dotted names that `file` imports, wherever in it: "package.thing" may be a module."""
    package = module.split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = [*above, *([node.module] if node.module else [])]
            yield from (".".join([*origin, alias.name]) for alias in node.names)


def circle(source: Path) -> list[str]:
    """The modules of one circle below `source`, the first of them once more at its end; empty when
    there is none."""
    named = module_names(source)
    graph: dict[str, set[str]] = {}
    for module, file in named.items():
        graph[module] = set()
        for name in imported(module, file):
            known = name if name in named else name.rpartition(".")[0]
            if known in named and known != module:
                graph[module].add(known)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return []


@pytest.mark.parametrize("source", SOURCES)
def test_nobody_imports_who_imports_it(source: str) -> None:
    found = circle(ROOT / source)
    assert not found, " imports ".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "from . import two",
        "from .two import Thing",
        "import room.two",
        "def inside():\n    from room.two import Thing",
        "if TYPE_CHECKING:\n    from .two import Thing",
    ],
)
def test_a_planted_circle_is_found(line: str, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    (room / "one.py").write_text(line + "\n")
    (room / "two.py").write_text("from .three import Thing\n")
    (room / "three.py").write_text("from os import path\n")
    assert circle(tmp_path) == []
    (room / "three.py").write_text("from . import one\n")
    assert sorted(set(circle(tmp_path))) == ["room.one", "room.three", "room.two"]


def test_a_package_that_its_own_module_imports_is_a_circle(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room/__init__.py").write_text("from .one import Thing\nOTHER = 1\n")
    (tmp_path / "room/one.py").write_text("from . import OTHER\n")
    assert sorted(set(circle(tmp_path))) == ["room", "room.one"]


def test_every_file_is_looked_at() -> None:
    assert {"ptt.wire.codec", "ptt.leader"} <= set(module_names(ROOT / "shared"))
    assert {"app.handset", "hal.radio", "main"} <= set(module_names(ROOT / "firmware"))
    assert {"pressel.sim.world.world", "pressel.cli"} <= set(module_names(ROOT / "host"))
    assert "pressel.virtual.shims.machine" not in module_names(ROOT / "host")
    assert {"machine", "_watchdog"} <= set(module_names(ROOT / SHIMS))
    assert {"app.handset", "hal.radio"} <= set(module_names(ROOT / "firmware"))
