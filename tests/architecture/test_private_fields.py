"""Code outside an engine's room reads what the engine shows, and none of its private fields.

An engine shows its state as values (`snapshot` or `state`) and takes them back, which the explorer
needs; checkers, replay and status read public fields besides. A room can be rebuilt behind both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = ("host/pressel", "firmware/app")


def private_names(tree: ast.AST) -> set[str]:
    """Of the methods, and of what methods keep on `self`."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_own(node):
            names.add(node.attr)
    return {name for name in names if name.startswith("_") and not name.startswith("__")}


def is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def trees(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            yield file, ast.parse(file.read_text("utf-8"), str(file))


def engines(root: Path) -> set[str]:
    return set().union(*(private_names(tree) for _, tree in trees(root / "shared/ptt")))


def looks_inside(root: Path) -> list[str]:
    """Reads of an engine's private field; a class may look into its own kind."""
    known = engines(root)
    found = []
    for file, tree in trees(*(root / folder for folder in OUTSIDE)):
        if "shims" in file.parts:
            continue
        foreign = known - private_names(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Attribute | ast.Constant):
                continue
            if isinstance(node, ast.Attribute):
                is_look = not is_own(node) and node.attr in foreign
            else:
                is_look = node.value in foreign  # by name
            if is_look:
                found.append(f"{file.relative_to(root)}:{node.lineno} {ast.unparse(node)}")
    return found


def test_nobody_looks_inside_an_engine() -> None:
    assert looks_inside(ROOT) == []


def test_a_planted_look_is_found(tmp_path: Path) -> None:
    for folder in ("shared/ptt", *OUTSIDE):
        (tmp_path / folder).mkdir(parents=True)
    engine = "class Engine:\n    def __init__(self):\n        self._due_ms = 0\n"
    (tmp_path / "shared/ptt/engine.py").write_text(engine)
    file = tmp_path / "host/pressel/bad.py"
    for line in ("engine._due_ms = 1", "print(one.engine._due_ms)", "getattr(one, '_due_ms')"):
        file.write_text(f"def inside(engine, one):\n    {line}\n")
        (found,) = looks_inside(tmp_path)
        assert found.startswith("host/pressel/bad.py:2 ")
    file.write_text("class Own:\n    def set(self, other):\n        self._due_ms = other._due_ms\n")
    assert looks_inside(tmp_path) == []
