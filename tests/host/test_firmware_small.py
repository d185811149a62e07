"""Modules joined, names shortened, rows shared: the same program, only smaller, whose tracebacks
read as written."""

from __future__ import annotations

import ast
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import UsageError
from pressel.pack import build_firmware
from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.choice import leave_out
from pressel.pack.manifest import list_sources, read_manifest
from pressel.pack.packing import STOCK
from pressel.pack.stock.joining import join_modules
from pressel.pack.stock.ordering import frequent_first
from pressel.pack.stock.shortening import shorten_names
from pressel.pack.stock.tables import shrink_tables
from pressel.tracebacks import Tracebacks
from pressel.virtual.install import SHIMS
from ptt.badge import floor as participant

LOW = '''"""Says how much."""

import struct

_SIZE = 4


def size(step):
    """In bytes."""
    return _SIZE * step
'''
HIGH = """import struct
from . import low
from .low import size as low_size

_SIZE = 5


class Box:
    def __init__(self, edge):
        self.edge = edge

    def size(self):
        # of its own
        return low.size(self.edge) + low_size(1) + _SIZE + struct.calcsize("B")
"""
USER = "from p import low\nfrom p.high import Box\n\nresult = Box(3).size() + low.size(1)\n"
TEXTS = {"p/low.py": LOW, "p/high.py": HIGH, "user.py": USER}


def test_a_module_that_another_takes_whole_keeps_its_name_and_what_is_found_in_it() -> None:
    """Where their package is a module of the image, too: one that is loaded on its own."""
    texts = {
        "p/__init__.py": "",
        "p/low.py": LOW,
        "p/high.py": "from . import low\nx = low.size(1)\n",
    }
    made = shorten_names(texts, kept=())
    assert made.texts["p/high.py"].startswith("from . import low\n")
    assert "low.size(1)" in made.texts["p/high.py"] and "def size(" in made.texts["p/low.py"]
    assert "_SIZE" not in made.texts["p/low.py"]


def joined(**changed: str) -> Any:
    texts = {**TEXTS, **{f"p/{name}.py": text for name, text in changed.items()}}
    if changed:
        del texts["user.py"]
    return join_modules(texts, ["p.low", "p.high"], "whole.py")


def ran(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    whole = types.ModuleType("whole")
    exec(texts["whole.py"], vars(whole))
    monkeypatch.setitem(sys.modules, "whole", whole)
    user: dict[str, Any] = {}
    exec(texts["user.py"], user)
    return user


def test_joined_modules_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = joined().texts
    assert set(texts) == {"whole.py", "user.py"}
    assert texts["whole.py"].count("import struct") == 1
    assert ran(texts, monkeypatch)["result"] == 12 + 4 + 5 + 1 + 4


def test_modules_that_look_the_same_name_up_are_not_joined() -> None:
    """Each would find the other's."""
    both = "def use():\n    return globals()['use']\n"
    with pytest.raises(UsageError, match=r"p\.high and p\.low both have 'use'"):
        joined(low=both, high=both)


def test_each_line_is_known_where_it_was_written() -> None:
    made = joined()
    lines = made.texts["whole.py"].splitlines()
    for line, place in zip(lines, made.lines, strict=True):
        written = TEXTS[place.path].splitlines()[place.line - 1]
        assert len(line.split()) == len(written.split())
    assert "of its own" not in made.texts["whole.py"]
    assert "how much" not in made.texts["whole.py"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from . import low\nkept = [low]\n", "high.py:2: the module p.low"),
        ("def f():\n    from . import low\n    return low\n", "high.py:2: a module that is joined"),
    ],
)
def test_what_cannot_be_joined_is_told(text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        joined(high=text)


def test_short_names_do_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = joined().texts
    short = shorten_names(texts, kept=["result"])
    assert ran(short.texts, monkeypatch)["result"] == 26
    assert "edge" not in short.texts["whole.py"] and "low_size" not in short.texts["user.py"]
    assert shorten_names(dict(reversed(texts.items())), kept=["result"]) == short


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ("class A:\n    def thing(self): pass\n\nx = getattr(A, 'thing')\n", "thing"),
        ("class A:\n    def thing(self, wide=0): pass\n\nA().thing(wide=1)\n", "wide"),
        ("import json\n\nclass A:\n    def dumps(self): json.dumps(1)\n", "dumps"),
        ("class A:\n    def append(self): pass\n", "append"),
        ("class A:\n    def __len__(self): return 1\n", "__len__"),
    ],
)
def test_a_name_that_others_know_stays(text: str, stays: str) -> None:
    assert text.count(stays) == shorten_names({"a.py": text}, kept=[]).texts["a.py"].count(stays)


SHARED = """
class Base:
    def __init__(self):
        self.wide = 1
        self.other = None

class Wall(Base):
    def __init__(self):
        super().__init__()
        self.high = 2

    def area(self):
        return self.wide * 10 + self.high

class Door:
    def __init__(self):
        self.open_ms = 3

def link(wall, door):
    wall.other = door
    wall.outside = 4

wall = Wall()
link(wall, Door())
result = (wall.area(), wall.other.open_ms, wall.outside, len(vars(wall)))
"""


def test_names_are_shared_by_what_no_object_has_together() -> None:
    short = shorten_names({"a.py": SHARED}, kept=["result"])
    made: dict[str, Any] = {}
    exec(short.texts["a.py"], made)
    assert made["result"] == (12, 3, 4, 4)
    members = short.names.members
    assert len({members[name] for name in ("wide", "high", "area", "other", "outside")}) == 5
    assert members["open_ms"] in {members[name] for name in ("wide", "high", "area", "other")}
    assert members["outside"] != members["open_ms"]  # nobody knows which object has it


def test_what_inherits_from_another_s_class_takes_none_of_its_words() -> None:
    text = "class A(ValueError):\n    def why(self): return self.args\n\nx = A(1).why()\n"
    short = shorten_names({"a.py": text}, kept=["x"])
    assert len(short.names.members["why"]) == 2


def test_a_shared_name_is_told_with_all_that_it_may_be() -> None:
    names = shorten_names({"a.py": SHARED}, kept=["result"]).names
    (both,) = {names.written()[names.members["open_ms"]]}
    assert "open_ms" in both.split(" or ") and len(both.split(" or ")) == 2


def test_modules_share_names_for_what_neither_takes_from_the_other() -> None:
    texts = {
        "a.py": "def one(): return 1\n\ndef two(): return 2\n",
        "b.py": "from a import two\n\ndef three(): return two() + 1\n\nx = three()\n",
    }
    tops = shorten_names(texts, kept=["x"]).names.tops
    assert tops["three"] == tops["one"] != tops["two"]
    assert shorten_names(texts, kept=["x"]).names.written()[tops["one"]] == "one or three"


def test_words_of_peripherals_serve_at_the_top_of_a_module() -> None:
    text = "import machine\n\ndef turn(pin):\n    return machine.freq(pin.port)\n\nx = turn\n"
    words = shorten_names({"a.py": text}, kept=["x"]).names.tops
    loaded = shorten_names({"a.py": text}, kept=["x"], loaded="a.py").names.tops
    assert words["turn"] == loaded["turn"]  # while MicroPython has words
    many = text + "".join(f"def turn{n}(): pass\n" for n in range(200))
    assert "freq" in shorten_names({"a.py": many}, kept=["x"], loaded="a.py").names.tops.values()
    assert "pin" not in shorten_names({"a.py": many}, kept=[], loaded="a.py").names.tops.values()


def test_a_private_string_changes_with_its_name() -> None:
    text = "class A:\n    def _do_it(self): return 3\n\nx = getattr(A(), '_do_it')()\n"
    short = shorten_names({"a.py": text}, kept=["x"]).texts["a.py"]
    made: dict[str, Any] = {}
    exec(short, made)
    assert made["x"] == 3 and "_do_it" not in short


def test_equal_rows_are_one_and_nothing_else_changes() -> None:
    text = "T = {1: ((4, 0, None), (2, 1, 0)), 2: ((4, 0, None),)}\n"
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    exec(text, before)
    exec(shrink_tables({"a.py": text})["a.py"], after)
    assert set(after) == set(before) and after["T"] == before["T"]
    assert after["T"][1][0] is after["T"][2][0]


def test_rules_lead_where_they_led() -> None:
    table = "\n".join(f"    {row!r}," for row in participant.RULES)
    text = f"RULES = (\n{table}\n)\n_RULES = compile_rules(RULES)\n"
    text += "def fire(self, rule): getattr(self, '_do_' + _RULES[1][rule])()\n"
    small = shrink_tables({"a.py": text})["a.py"]
    made: dict[str, Any] = {}
    exec(small, made)
    assert "RULES" not in made and "_RULES[1][rule])()" in small
    cells, actions = made["_RULES"]
    for state, trigger, following, action in participant.RULES:
        cell = cells[state << 4 | trigger]
        assert (cell >> 5, actions[cell & 31]) == (following, action and "_do_" + action)
    assert sum(cell != 0 for cell in cells) == len(participant.RULES)


def test_tracebacks_of_a_build_are_told_as_written(tmp_path: Path) -> None:
    folder = build_firmware(tmp_path / "firmware").folder
    content = read_manifest(MANIFEST)
    sources = leave_out(list_sources(content, ROOT), ())  # as a build has them
    files = {each.module_path: each.path.read_text("utf-8").splitlines() for each in sources}
    (whole,) = (each for each in STOCK.prepare(content, sources).pieces if each.places)
    tracebacks = Tracebacks.beside(folder)
    seen = 0
    for number, line in enumerate(whole.text.decode().splitlines(), start=1):
        name = re.match(r" *def (\w+)", line)
        if name:
            told = tracebacks.translate(f'  File "badge.py", line {number}, in {name[1]}')
            found = re.fullmatch(r'  File "(.+)", line (\d+), in (\w+)', told)
            assert found  # a function of one line is told as what it does
            above = files[found[1]][: int(found[2])]
            assert f"def {found[3]}(" in [each for each in above if "def " in each][-1]
            seen += 1
    assert seen > 200
    assert (
        tracebacks.translate('File "shims/x.py", line 3, in f') == 'File "shims/x.py", line 3, in f'
    )


def test_frequent_names_come_first_and_nothing_else_changes() -> None:
    rare = "".join(f"    x.rare{n}\n" for n in range(200))
    text = f"def f(x):\n{rare}    x.often.more\n    x.more\n    return x.often, x.often\n\ny = f\n"
    *before, last = frequent_first(text).splitlines()
    assert before == text.splitlines()[:-1]
    assert last.startswith("__name__ or _.often.") and last.endswith("; y = f")
    assert last.index(".more.") < last.index(".rare")
    assert last.count(".") == 125  # three others have the rest of the short places
    assert frequent_first("def f(x): return x.a\n") == "def f(x): return x.a\n"


def test_no_word_of_a_peripheral_is_changed() -> None:
    content = read_manifest(MANIFEST)
    names = STOCK.prepare(content, list_sources(content, ROOT)).names
    written = {old for olds in names.values() for old in olds.split(" or ")}
    words = set()
    for file in SHIMS.glob("*.py"):
        if file.stem == "_trace":
            continue  # no peripheral: it follows the sources as they are
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                words.add(node.name)
    assert sorted(words & written) == []
