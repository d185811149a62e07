"""What nobody calls is left out of an image, and nothing else."""

from __future__ import annotations

import ast

import pytest

from pressel.pack.asides import drop_asides
from pressel.pack.build import MANIFEST, ROOT
from pressel.pack.manifest import list_sources, read_manifest
from pressel.pack.packing import STOCK
from pressel.pack.stock.unused import drop_unused

ENGINE = """class Engine:
    def start(self):
        return needed()

    def send_text(self):
        return only_for_text()

    def _do_wait(self):
        return 1

    def __len__(self):
        return 2

    def named(self):
        return 3

    def readinto(self):
        return 4


class Empty:
    def nobody(self):
        pass


def needed():
    return Empty()


def only_for_text():
    return Alone()


class Alone:
    def needed(self):
        pass
"""
USER = """from engine import Engine

def fire(action):
    engine = Engine()
    engine.start()
    getattr(engine, "_do_" + action)()
    return getattr(engine, "named")()
"""


def defined(text: str) -> set[str]:
    nodes = ast.walk(ast.parse(text))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_what_nobody_calls_goes_and_what_only_it_needed() -> None:
    made = drop_unused({"engine.py": ENGINE, "user.py": USER}, kept=["fire", "readinto"])
    gone = {"send_text", "only_for_text", "Alone", "nobody"}
    assert defined(made["engine.py"]) == defined(ENGINE) - gone
    assert made["user.py"] == USER
    assert made["engine.py"].count("\n") == ENGINE.count("\n")  # lines stay where they are


@pytest.mark.parametrize("name", ["fire", "readinto"])
def test_only_what_is_kept_survives_without_a_caller(name: str) -> None:
    kept = {"fire", "readinto"} - {name}
    made = drop_unused({"engine.py": ENGINE, "user.py": USER}, kept=kept)
    assert name not in defined("".join(made.values()))


@pytest.mark.parametrize(
    ("written", "changed", "gone"),
    [
        ("engine.start()", "pass", {"start", "needed", "Empty"}),
        ('"_do_" + action', "action", {"_do_wait"}),
        ('"named"', "action", {"named"}),
    ],
)
def test_the_last_mention_is_what_holds_it(written: str, changed: str, gone: set[str]) -> None:
    whole = drop_unused({"engine.py": ENGINE, "user.py": USER}, kept=["fire"])
    less = {"engine.py": ENGINE, "user.py": USER.replace(written, changed)}
    less = drop_unused(less, kept=["fire"])
    assert defined(whole["engine.py"]) - defined(less["engine.py"]) == gone


def test_an_import_of_what_is_gone_goes_too() -> None:
    """A class that is made only in a method that nobody calls is gone, too."""
    texts = {
        "rare.py": "class Rare:\n    pass\n\n\nclass Often:\n    pass\n",
        "engine.py": "from rare import (\n    Often,\n    Rare,\n)\n\n\n"
        "class Engine:\n    def often(self):\n        return Often()\n\n"
        "    def rarely(self):\n        return Rare()\n",
        "user.py": "from engine import Engine\n\n\ndef fire():\n    return Engine().often()\n",
    }
    made = drop_unused(texts, kept=["fire"])
    assert defined(made["rare.py"]) == {"Often"} and "Rare" not in made["engine.py"]
    assert defined(made["engine.py"]) == {"Engine", "often"}
    assert made["engine.py"].count("\n") == texts["engine.py"].count("\n")


def test_a_function_is_not_called_by_itself_nor_by_others_of_its_name() -> None:
    text = (
        "class Whole:\n    def dump(self):\n        return self.part.dump()\n\n"
        "    def step(self, n):\n        return self.step(n - 1)\n\n\n"
        "class Part:\n    def dump(self):\n        return 1\n\n\n"
        "def fire():\n    Whole().step(1)\n    return Part()\n"
    )
    (made,) = drop_unused({"engine.py": text}, kept=["fire"]).values()
    assert defined(made) == {"Whole", "step", "Part", "fire"}


def test_what_only_has_the_name_of_a_function_does_not_call_it() -> None:
    texts = {
        "fields.py": "def lease(data):\n    return 4\n\n\ndef count(data):\n    return 1\n\n\n"
        "def first(data):\n    return 2\n\n\ndef last(data):\n    return 3\n",
        "user.py": "import fields\n\n\nclass Floor:\n"
        "    def count(self):\n        return self.lease\n\n\n"
        "def fire(first):\n    from fields import last\n"
        "    return Floor().count() + fields.count(first) + last(first)\n",
    }
    made = drop_unused(texts, kept=["fire"])
    assert defined(made["fields.py"]) == {"count", "last"}
    assert made["user.py"] == texts["user.py"]


def test_asides_are_left_out() -> None:
    text = (
        'class Thing:\n    """A thing\n    of two lines."""\n\n'
        "    __slots__ = (\n        'a',\n    )\n\n"
        "    def check(self):\n        assert self.a, 'there is none'\n"
    )
    (made,) = drop_asides({"thing.py": text}).values()
    assert "assert" not in made and "__slots__" not in made
    assert made.count("\n") == text.count("\n") and defined(made) == {"Thing", "check"}
    assert "A thing" not in made and made.count("del __module__, __qualname__\n") == 1
    exec(made, {"__name__": "thing"})


def test_untouched_modules_count_and_stay() -> None:
    texts = {"native.py": "def a(): return only_for_text()\n", "engine.py": ENGINE}
    made = drop_unused(texts, kept=["Engine"], untouched=["native.py"])
    assert made["native.py"] == texts["native.py"]
    assert "only_for_text" in defined(made["engine.py"])


def test_a_badge_carries_what_it_calls_and_no_more() -> None:
    """The person with a badge writes no texts; the one with a soft badge does, with the same
    engine."""
    content = read_manifest(MANIFEST)
    prepared = STOCK.prepare(content, list_sources(content, ROOT))
    whole = next(piece for piece in prepared.pieces if piece.places)
    lines = {(place.path, place.line) for place in whole.places}
    engine = (ROOT / "shared/ptt/badge/participant.py").read_text("utf-8").splitlines()

    def is_carried(name: str) -> bool:
        (number,) = (n for n, line in enumerate(engine, 1) if f"def {name}(" in line)
        return ("ptt/badge/participant.py", number) in lines

    assert is_carried("receive_datagram") and is_carried("begin_anew")
    assert not is_carried("take_keyboard") and not is_carried("hang_up")
    assert not is_carried("snapshot") and not is_carried("restore")
