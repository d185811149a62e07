"""Fewer lines in a badge's bytecode: the same program, whose tracebacks name the same places."""

from __future__ import annotations

import ast
import traceback

import pytest

from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.choice import leave_out
from pressel.pack.constants import inline_constants
from pressel.pack.import_order import import_order
from pressel.pack.manifest import list_sources, read_manifest
from pressel.pack.piece import Place, texts_of
from pressel.pack.stock.image import _Image
from pressel.pack.stock.lines import share_lines

TEXT = """class Box:
    def __init__(self, edge):
        self.edge = edge
        self.left = -1
        self.right: int = 0
        self.size = edge * edge
        self.half = self.size // edge
        self.kept = self.half
    def what(
        self,
        step,
    ):
        if step == 1:
            self.left = step
            return self.left
        if step == 2:
            return self.size // (
                step - 2
            )
        elif step == 3 or step.real == 4:
            pass
        else:
            step = [][step]
        for each in (step, 5):
            if not each:
                continue
            left = each
            self.right = left // (each - 5)
        return step
    def late(self, step):
        if self.left == step and not self.kept:
            left = step
            self.kept = left // self.right
        try:
            return self.none[step]
        except AttributeError:
            return self.last(step)
    def last(
        self, step
    ):
        kept = step is None
        return self.edge[kept]
    def first(self, step=[][0:0]):
        return self.edge[step]
"""
SHARED = """class Box:
    def __init__(self, edge):
        self.edge = edge; self.left = -1; self.right: int = 0; self.size = edge * edge
        self.half = self.size // edge; self.kept = self.half
    def what( self, step, ):
        if step == 1: self.left = step; return self.left
        if step == 2: return self.size // ( step - 2 )
        elif step == 3 or step.real == 4: pass
        else:
            step = [][step]
        for each in (step, 5):
            if not each: continue
            left = each; self.right = left // (each - 5)
        return step
    def late(self, step):
        if self.left == step and not self.kept: left = step; self.kept = left // self.right
        try: return self.none[step]
        except AttributeError:
            return self.last(step)
    def last( self, step ): kept = step is None; return self.edge[kept]
    def first(self, step=[][0:0]):
        return self.edge[step]
"""


def places(text: str) -> list[Place]:
    return [Place("a.py", number) for number, _ in enumerate(text.splitlines(), start=1)]


def test_what_cannot_fail_shares_a_line() -> None:
    shared, kept = share_lines(TEXT, places(TEXT))
    assert shared == SHARED
    assert [place.line for place in kept] == [1, 2, 6, 7, 9, 13, 17, 20, 22, 23, 24, 25, 28, 29, 30,
                                         33, 35, 36, 37, 42, 43, 44]  # fmt: skip
    assert share_lines(shared, places(shared))[0] == shared


@pytest.mark.parametrize("use", ["Box('x')", "Box(0)", "Box(1).what(2)", "Box(1).what('x')",
                                 "Box(1).what(9)", "Box(1).what(3)",
                                 "Box(1).late(-1)", "Box(0.5).late(-1)", "Box(1).last(9)",
                                 "Box(1).first()"])  # fmt: skip
def test_what_fails_is_told_where_it_was_written(use: str) -> None:
    shared, kept = share_lines(TEXT, places(TEXT))
    told: list[int] = []
    for text in (TEXT, shared):
        with pytest.raises((ArithmeticError, AttributeError, IndexError, TypeError)) as raised:
            exec(compile(f"{text}{use}\n", "a.py", "exec"), {})
        told.append(traceback.extract_tb(raised.tb)[-1].lineno or 0)
    begins = {18: 17}  # a statement of several lines is told as its first
    assert kept[told[1] - 1].line == begins.get(told[0], told[0])


def test_a_badge_s_program_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each statement of it, in the same order and blocks."""
    seen: list[tuple[str, str]] = []

    def noted(text: str, written: tuple[Place, ...]) -> tuple[str, tuple[Place, ...]]:
        shared = share_lines(text, written)
        seen.append((text, shared[0]))
        return shared

    monkeypatch.setattr("pressel.pack.stock.image.share_lines", noted)
    content = read_manifest(MANIFEST)
    sources = leave_out(list_sources(content, ROOT), ())
    texts = inline_constants(texts_of(sources))
    assert content.join is not None
    _Image(content.join, sources, texts, import_order(content.entry, sources))
    ((before, after),) = seen
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(before))
    assert after.count("\n") < before.count("\n") * 0.8
