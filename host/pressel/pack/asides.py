"""Leaves out what helps developers only: assertions, which cost a badge code and time,
``__slots__``, which MicroPython stores but never uses, and what it keeps in each class as
``__module__`` and ``__qualname__``. Lines stay where they are."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeGuard

from .edits import Edits
from .trees import parse, walk


def drop_asides(texts: Mapping[str, str]) -> dict[str, str]:
    """Sources by module path, to the same sources without them."""
    return {path: _drop(text) for path, text in texts.items()}


def _drop(text: str) -> str:
    edits = Edits(text)
    for node in walk(parse(text)):
        if isinstance(node, ast.Assert) or _is_slots(node):
            edits.replace(node, "pass")
        elif isinstance(node, ast.ClassDef) and ast.get_docstring(node) is not None:
            # Before the first method, which takes the place of what is deleted.
            edits.replace(node.body[0], "del __module__, __qualname__")
    return edits.apply()


def _is_slots(node: ast.AST) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__"
