"""Constants are put where they are used, and nothing else changes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.constants import inline_constants
from pressel.pack.manifest import list_sources, read_manifest

NUMBERS = "from .compat import const\nLIMIT = const(7)\nLOW = const(-3)\n_OWN = const(2)\n"
COMPAT = "TYPE_CHECKING = False\n\n\ndef const(value):\n    return value\n"


def inlined(text: str, path: str = "p/user.py") -> str:
    sources = {"p/__init__.py": "", "p/compat.py": COMPAT, "p/numbers.py": NUMBERS, path: text}
    return inline_constants(sources)[path]


CHECKED = "from .compat import TYPE_CHECKING\nif TYPE_CHECKING:\n    import y\n"
IMPORT = "from . import numbers\n"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("from .numbers import LIMIT\nx = LIMIT + 1\n", "\nx = 7 + 1\n"),
        (IMPORT + "x = numbers.LIMIT\n", "\nx = 7\n"),
        ("from . import numbers as n\nx = n.LOW * 2\n", "\nx = (-3) * 2\n"),
        ("from p.numbers import LIMIT as most\nx = most\n", "\nx = 7\n"),
        ("from .numbers import LIMIT, y\nx = y(LIMIT)\n", "from .numbers import y\nx = y(7)\n"),
        (IMPORT + "x = numbers.other\n", IMPORT + "x = numbers.other\n"),
        (CHECKED + "x = 1\n", "\n\n\nx = 1\n"),
        ("NAMES = ('a', 'b')\nx = 1\n", "\nx = 1\n"),
        ("NAMES = {1: 'a'}\nx = 1\n", "\nx = 1\n"),
        ("NAMES = ('a', 'b')\nx = NAMES\n", "NAMES = ('a', 'b')\nx = NAMES\n"),
        ("x = 'ü'\nfrom .numbers import LIMIT\ny = 'ü', LIMIT\n", "x = 'ü'\n\ny = 'ü', 7\n"),
    ],
)
def test_a_use_becomes_the_value(text: str, result: str) -> None:
    assert inlined(text) == result


def test_a_definition_goes_and_its_own_module_has_the_value() -> None:
    text = NUMBERS + "y = LIMIT + _OWN\n"
    assert inlined(text, "p/numbers.py") == "\n\n\n\ny = 7 + 2\n"


def test_lines_stay_where_they_are() -> None:
    text = "from .numbers import (\n    LIMIT,\n    LOW,\n)\n\ndef f():\n    return LIMIT\n"
    assert inlined(text).splitlines()[6] == "    return 7"


def test_the_firmware_still_parses_line_for_line() -> None:
    sources = {
        item.module_path: item.path.read_text("utf-8")
        for item in list_sources(read_manifest(MANIFEST), ROOT)
        if item.is_module
    }
    for path, text in inline_constants(sources).items():
        ast.parse(text)
        assert text.count("\n") == sources[path].count("\n"), path
        assert "const(" not in text or path == "ptt/base/compat.py", path


def test_values_are_the_same_as_when_imported() -> None:
    """Every number that lands in a module equals what Python makes of the name there."""
    import ptt.media.playout as playout

    root = Path(playout.__file__).parents[1]
    files = {f"ptt/{path.relative_to(root).as_posix()}": path for path in root.rglob("*.py")}
    sources = {name: path.read_text("utf-8") for name, path in files.items()}
    lines = inline_constants(sources)["ptt/media/playout.py"].splitlines()
    rule = next(line for line in lines if "announce" in line)
    assert ast.literal_eval(rule.split("#")[0].strip().rstrip(",")) == playout.RULES[2]


def test_what_is_reckoned_from_constants_is_a_constant() -> None:
    """Wherever it is used; what is written as a plain number, or gets two values, is a variable."""
    made = inline_constants(
        {
            "a/low.py": "from micropython import const\nBYTES = const(40)\nALL = BYTES * 2 + 1\n",
            "a/high.py": "from . import low\nfrom .low import ALL\nHALF = ALL // 2\n"
            "SAME = low.ALL\n"
            "RELEASE = 1\nTWICE = ALL - 1\nTWICE = 3\n"
            "def f(): return HALF, SAME, RELEASE, TWICE\n",
        }
    )
    assert "81" not in made["a/low.py"]
    assert made["a/high.py"].split("\n")[-2:] == ["def f(): return 40, 81, RELEASE, TWICE", ""]
    assert "RELEASE = 1" in made["a/high.py"] and "TWICE = 81 - 1" in made["a/high.py"]
