"""The small faults that a person might make in a line, one at a time: mutants of a source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPPED: dict[type[ast.AST], str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
    ast.Add: "-", ast.Sub: "+", ast.Mult: "//", ast.FloorDiv: "*", ast.Mod: "//",
    ast.LShift: ">>", ast.RShift: "<<", ast.BitAnd: "|", ast.BitOr: "&", ast.BitXor: "|",
    ast.And: "or", ast.Or: "and",
}  # fmt: skip
_DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)
_NOT_RUN = "TYPE_CHECKING"


@dataclass(frozen=True)
class Mutant:
    """`text` is the whole source with one fault, `what`, in `line` (from 1) of the function or
    class `where` ("": the module's own level)."""

    line: int
    where: str
    what: str
    text: str


def mutants_of(source: str) -> Iterator[Mutant]:
    """All mutants of a module's source, from top to bottom. Left as they are: annotations,
    docstrings and other strings, assertions, and what only a type checker sees."""
    yield from _Changes(source).run()


class _Changes:
    def __init__(self, source: str) -> None:
        self._lines = source.encode().splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._bytes = source.encode()
        self._tree = ast.parse(source)

    def run(self) -> Iterator[Mutant]:
        yield from self._of_body(self._tree.body, "")

    def _of_body(self, body: list[ast.stmt], where: str) -> Iterator[Mutant]:
        for node in body:
            yield from self._of_statement(node, where)

    def _of_statement(self, node: ast.stmt, where: str) -> Iterator[Mutant]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inner = f"{where}.{node.name}" if where else node.name
            if isinstance(node, ast.FunctionDef):
                for default in [*node.args.defaults, *node.args.kw_defaults]:
                    if default is not None:
                        yield from self._of_expression(default, inner)
            yield from self._of_body(node.body, inner)
            return
        if isinstance(node, ast.Assert | ast.Import | ast.ImportFrom) or _is_docstring(node):
            return
        if isinstance(node, ast.If) and _asks_for(node.test, _NOT_RUN):
            return
        if where and isinstance(node, _DROPPED):
            yield self._replaced(node, "pass", where, f"no '{self._short(node)}'")
        if isinstance(node, ast.Return) and getattr(node.value, "value", node.value) is not None:
            assert node.value is not None
            yield self._replaced(node.value, "None", where, "returns None")
        if isinstance(node, ast.If | ast.While):
            inner = self._of(node.test)
            yield self._replaced(
                node.test, f"not ({inner})", where, f"not: {self._short(node.test)}"
            )
        if isinstance(node, ast.AugAssign) and type(node.op) in _SWAPPED:
            other, target = _SWAPPED[type(node.op)], self._of(node.target)
            changed = f"{target} = {target} {other} ({self._of(node.value)})"
            yield self._replaced(node, changed, where, f"'{other}' {self._short(node.value)}")
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    yield from self._of_statement(child, where)
                elif isinstance(child, ast.ExceptHandler):
                    yield from self._of_body(child.body, where)
                elif isinstance(child, ast.expr):
                    yield from self._of_expression(child, where)
                elif isinstance(child, ast.withitem):
                    yield from self._of_expression(child.context_expr, where)

    def _of_expression(self, node: ast.expr, where: str) -> Iterator[Mutant]:
        if isinstance(node, ast.Tuple) and not where and _is_row(node):
            yield self._replaced(node, "None", where, f"'{self._short(node)}' is no row")
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from self._between(node.left, node.comparators[0], node.ops[0], where)
        elif isinstance(node, ast.BoolOp):
            for before, after in zip(node.values, node.values[1:], strict=False):
                yield from self._between(before, after, node.op, where)
        elif isinstance(node, ast.BinOp):
            yield from self._between(node.left, node.right, node.op, where)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self._replaced(node, self._of(node.operand), where, "without 'not'")
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, bool):
                yield self._replaced(node, str(not node.value), where, f"{not node.value}")
            elif isinstance(node.value, int):
                yield self._replaced(node, f"({node.value} + 1)", where, f"{node.value} + 1")
        elif isinstance(node, ast.IfExp):
            test = self._of(node.test)
            yield self._replaced(
                node.test, f"not ({test})", where, f"not: {self._short(node.test)}"
            )
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from self._of_expression(child, where)
            elif isinstance(child, ast.keyword):
                yield from self._of_expression(child.value, where)
            elif isinstance(child, ast.comprehension):
                for each in (child.iter, *child.ifs):
                    yield from self._of_expression(each, where)

    def _between(
        self, left: ast.expr, right: ast.expr, operator: ast.AST, where: str
    ) -> Iterator[Mutant]:
        """The operator between two operands is another one."""
        other = _SWAPPED.get(type(operator))
        if other is None:
            return
        begin, end = self._end(left), self._begin(right)
        written = self._bytes[begin:end].decode()
        symbol = written.strip(" ()\\\n\t")
        if not symbol or symbol not in written or "#" in written:
            return
        changed = written.replace(symbol, other, 1)
        yield self._made(begin, end, changed, right, where, f"'{symbol}' is '{other}'")

    def _negated(self, test: ast.expr, where: str) -> Mutant:
        return self._replaced(test, f"not ({self._of(test)})", where, f"not: {self._short(test)}")

    def _replaced(self, node: ast.AST, text: str, where: str, what: str) -> Mutant:
        return self._made(self._begin(node), self._end(node), text, node, where, what)

    def _made(
        self, begin: int, end: int, text: str, node: ast.AST, where: str, what: str
    ) -> Mutant:
        whole = self._bytes[:begin] + text.encode() + self._bytes[end:]
        return Mutant(node.lineno, where, what, whole.decode())  # type: ignore[attr-defined]

    def _begin(self, node: ast.AST) -> int:
        return self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def _end(self, node: ast.AST) -> int:
        return self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def _of(self, node: ast.AST) -> str:
        return self._bytes[self._begin(node) : self._end(node)].decode()

    def _short(self, node: ast.AST) -> str:
        return " ".join(self._of(node).split())[:60]


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_row(node: ast.Tuple) -> bool:
    """Of a state machine's table: at least three fields, names most of them."""
    return len(node.elts) >= 3 and isinstance(node.elts[0], ast.Name)


def _asks_for(test: ast.expr, name: str) -> bool:
    return getattr(test, "attr", getattr(test, "id", "")) == name
