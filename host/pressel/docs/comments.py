"""The comments beside a module's tables and constants: reasons live there, because a comment costs
a badge nothing."""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from types import ModuleType


def comments_by_line(module: ModuleType, table: str) -> list[str]:
    """The comment on the last line of each row of the tuple `table`, or on each line of the bytes
    that it ends with; "" where there is none."""
    source = inspect.getsource(module)
    comments = _comments(source)
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == table:
            assert isinstance(node.value, ast.Tuple)
            rows = node.value.elts
            last = rows[-1]
            ends = [row.end_lineno or 0 for row in rows]
            if isinstance(last, ast.Constant) and isinstance(last.value, bytes):
                ends = list(range(last.lineno, ends[-1] + 1))
            return [comments.get(end, "") for end in ends]
    raise ValueError(f"{module.__name__} has no table {table}")


def comments_by_name(module: ModuleType) -> dict[str, str]:
    """The comment beside each public constant, in the order of the source."""
    source = inspect.getsource(module)
    comments = _comments(source)
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.isupper() and not name.startswith("_"):
                found[name] = comments.get(node.end_lineno or 0, "")
    return found


def sections(module: ModuleType) -> dict[str, str]:
    """The section of each public constant: the comment `# --- Name ---...` above it."""
    found = {}
    section = ""
    for line in inspect.getsource(module).splitlines():
        if line.startswith("# --- "):
            section = line.strip("# -")
        elif line[:1].isupper() and " = " in line:
            found[line.split(" = ")[0]] = section
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("# ")
        for token in tokens
        if token.type == tokenize.COMMENT
    }
