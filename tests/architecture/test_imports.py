"""Who may import whom, read from the import statements themselves.

The rules are what keeps the engines free of input and output, the badge free of the host, and
each part replaceable; each has its sentence in `RULES`.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import pytest

from pressel.schema import messages

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("shared", "firmware", "host")

PLAIN = {"struct", "binascii", "hashlib", "array"}  # computing only, on both runtimes
MICROPYTHON = {
    "machine", "network", "socket", "select", "json", "gc", "time", "random", "binascii",
    "array", "micropython", "os", "errno", "esp32", "cryptolib", "framebuf", "io", "math",
    "neopixel", "sys",
}  # fmt: skip
# Of ptt; each is for itself.
PARTS = ("floor", "cluster", "relay", "media", "settings", "text", "update")
TYPES = ("typing", "collections.abc")  # under TYPE_CHECKING only: a badge has neither
STATE_MACHINES = (*(f"ptt.{part}" for part in PARTS), "ptt.participant", "ptt.leader")


@dataclass(frozen=True)
class Import:
    """One imported module as one file names it; `name` is absolute."""

    module: str
    name: str
    line: int

    def is_in(self, *packages: str) -> bool:
        return is_in(self.name, *packages)

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.name}"


def is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def module_name(file: Path, root: Path) -> str:
    """The name under which `file` is imported, such as `ptt.wire.codec`."""
    parts = list(file.relative_to(root).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root: Path) -> Iterator[tuple[str, ast.Module, bool]]:
    """Each module below `root`: its name, its syntax tree, and whether it is a package."""
    for source in SOURCES:
        for file in sorted((root / source).rglob("*.py")):
            if "shims" not in file.parts:  # those stand for MicroPython's own modules
                tree = ast.parse(file.read_text("utf-8"), str(file))
                yield module_name(file, root / source), tree, file.name == "__init__.py"


def imports(root: Path) -> Iterator[Import]:
    """Every import of the tree, also those inside functions and for type checking only."""
    for module, tree, is_package in modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno)
            elif isinstance(node, ast.ImportFrom):
                base = module.split(".") if is_package else module.split(".")[:-1]
                above = base[: len(base) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                for alias in node.names:
                    yield Import(module, f"{origin}.{alias.name}", node.lineno)


# One function a rule: is this import allowed?


def engines_import_only_plain_modules(found: Import) -> bool:
    """The engines import themselves and plain computing; MicroPython's own module only `compat`."""
    if not is_in(found.module, "ptt"):
        return True
    if found.module == "ptt.compat" and found.is_in("micropython"):
        return True
    return found.is_in("ptt", *TYPES, *PLAIN)


def wire_knows_no_state_machine(found: Import) -> bool:
    """The wire format can be read without knowing what anybody does with it."""
    return not is_in(found.module, "ptt.wire") or not found.is_in(*STATE_MACHINES)


def seals_know_no_state_machine(found: Import) -> bool:
    """What is computed with a key does not depend on who uses it when."""
    return not is_in(found.module, "ptt.seal") or not found.is_in(*STATE_MACHINES)


def parts_do_not_know_each_other(found: Import) -> bool:
    """The rooms of the engines know the wire; they meet in `participant` and `leader` only."""
    for part in PARTS:
        others = [f"ptt.{other}" for other in PARTS if other != part]
        owners = ["ptt.participant", "ptt.leader"]
        if is_in(found.module, f"ptt.{part}") and found.is_in(*others, *owners):
            return False
    return True


def engines_know_neither_badge_nor_host(found: Import) -> bool:
    """The engines stand below everything else."""
    return not is_in(found.module, "ptt") or not found.is_in("app", "hal", "pressel", "tests")


def badge_and_host_do_not_know_each_other(found: Import) -> bool:
    """Firmware and host meet on the wire."""
    if is_in(found.module, "app", "hal", "main"):
        return not found.is_in("pressel")
    return not is_in(found.module, "pressel") or not found.is_in("app", "hal")


def badge_imports_only_what_it_carries(found: Import) -> bool:
    """The firmware imports the engines, itself and modules that MicroPython has."""
    if not is_in(found.module, "app", "hal", "main"):
        return True
    return found.is_in("ptt", "hal", "app", "native", *TYPES, *MICROPYTHON)


def hal_does_not_know_the_application(found: Import) -> bool:
    """A peripheral's class can be used without the handset."""
    return not is_in(found.module, "hal") or not found.is_in("app")


def simulated_world_imports_only_the_library(found: Import) -> bool:
    """The simulator's heart runs on any Python 3.9 without packages, PyPy among them."""
    heart = ("pressel.sim.world", "pressel.sim.wifi", "pressel.virtual.stepped")
    if not is_in(found.module, *heart):
        return True
    if found.is_in("ptt", "pressel.errors", "pressel.tracebacks", *heart):
        return True
    package = found.name.split(".")[0]
    return package in sys.stdlib_module_names and package != "tomllib"


RULES: tuple[Callable[[Import], bool], ...] = (
    engines_import_only_plain_modules,
    wire_knows_no_state_machine,
    seals_know_no_state_machine,
    parts_do_not_know_each_other,
    engines_know_neither_badge_nor_host,
    badge_and_host_do_not_know_each_other,
    badge_imports_only_what_it_carries,
    hal_does_not_know_the_application,
    simulated_world_imports_only_the_library,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_imports(rule: Callable[[Import], bool]) -> None:
    broken = [str(found) for found in imports(ROOT) if not rule(found)]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


def forbidden_calls(root: Path) -> list[str]:
    """Calls of built-in functions by which the engines would touch the world."""
    world = {"print", "open", "input", "exec", "eval", "__import__"}
    assert world <= set(dir(builtins))
    calls = []
    for module, tree, _ in modules(root):
        if is_in(module, "ptt"):
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id in world:
                    calls.append(f"{module}:{node.lineno} uses {node.id}")
    return calls


def test_engines_print_and_open_nothing() -> None:
    assert forbidden_calls(ROOT) == []


def running_type_imports(root: Path) -> list[str]:
    """Imports of `TYPES` on a badge that stand outside `if TYPE_CHECKING`."""
    running = []
    for module, tree, _ in modules(root):
        if is_in(module, "ptt", "app", "hal", "main"):
            checked = {node for each in ast.walk(tree) if is_type_check(each) for node in each.body}
            for node in ast.walk(tree):
                if not isinstance(node, ast.Import | ast.ImportFrom) or node in checked:
                    continue
                if set(imported(node)) & set(TYPES):
                    running.append(f"{module}:{node.lineno}")
    return running


def is_type_check(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""]


def test_types_are_imported_for_type_checkers_only() -> None:
    """There is no `typing` on a badge, so an import that runs would end the firmware."""
    assert running_type_imports(ROOT) == []


def test_the_message_table_as_code_is_current() -> None:
    """`messages.py` and `host_messages.py` in `shared/ptt/wire` are written from
    `shared/schema/messages.toml`."""
    table = messages.load_table()
    written = messages.generated_path().read_text("utf-8")
    assert written == messages.render(table), "run `make schema`"
    written = messages.generated_host_path().read_text("utf-8")
    assert written == messages.render_host(table), "run `make schema`"


# The tests above can fail

PLANTED = {
    "engines_import_only_plain_modules": ("shared/ptt/bad.py", "import time"),
    "wire_knows_no_state_machine": ("shared/ptt/wire/bad.py", "from ..floor import arbitrator"),
    "seals_know_no_state_machine": ("shared/ptt/seal/bad.py", "from ..cluster import join"),
    "parts_do_not_know_each_other": ("shared/ptt/media/bad.py", "from ..cluster.join import Join"),
    "engines_know_neither_badge_nor_host": ("shared/ptt/bad.py", "import pressel.errors"),
    "badge_and_host_do_not_know_each_other": ("host/pressel/bad.py", "from hal import board"),
    "badge_imports_only_what_it_carries": ("firmware/app/bad.py", "import asyncio"),
    "hal_does_not_know_the_application": ("firmware/hal/bad.py", "from app import log"),
    "simulated_world_imports_only_the_library": ("host/pressel/sim/world/bad.py", "import numpy"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_planted_import_is_found(rule: Callable[[Import], bool], tmp_path: Path) -> None:
    path, text = PLANTED[rule.__name__]
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(f"def inside():\n    {text}\n")
    (found,) = imports(tmp_path)
    assert not rule(found)
    assert found.line == 2


@pytest.mark.parametrize("room", PARTS)
@pytest.mark.parametrize("other", PARTS)
def test_rooms_may_know_the_wire_and_not_each_other(room: str, other: str) -> None:
    module = f"ptt.{room}.bad"
    assert parts_do_not_know_each_other(Import(module, "ptt.wire.messages.HELLO", 1))
    allowed = parts_do_not_know_each_other(Import(module, f"ptt.{other}.any.Thing", 1))
    assert allowed == (room == other)
    assert not parts_do_not_know_each_other(Import(module, "ptt.leader.Leader", 1))
    assert not wire_knows_no_state_machine(Import("ptt.wire.bad", f"ptt.{other}.any", 1))


def test_every_room_has_its_rule() -> None:
    rooms = {file.parent.name for file in (ROOT / "shared/ptt").glob("*/__init__.py")}
    assert rooms == {"wire", "seal", "secure", *PARTS}


def test_no_engine_knows_that_it_is_sealed() -> None:
    """`secure` is a layer above them, and only whoever speaks on a network takes it."""
    inside = [found for found in imports(ROOT) if found.name.startswith("ptt.secure")]
    rooms = {
        found.module.split(".")[0] for found in inside if not is_in(found.module, "ptt.secure")
    }
    assert rooms <= {"pressel", "app"}


def test_nobody_speaks_on_a_network_without_a_seal() -> None:
    plain = ("ptt.leader.Leader", "ptt.participant.Participant")
    told = {"pressel.sim.explore", "pressel.node.event_log", "pressel.node.snapshot"}
    for found in imports(ROOT):
        if found.name in plain and not is_in(found.module, "ptt"):
            source = (ROOT / "host" / Path(*found.module.split("."))).with_suffix(".py")
            text = source.read_text("utf-8") if source.exists() else ""
            makes = "Leader(" in text.replace("SecureLeader(", "").replace("SpokenLeader(", "")
            makes = makes or " Participant(" in text
            assert not makes or is_in(found.module, *told), found


@pytest.mark.parametrize("line", ["import typing", "from typing import Any"])
def test_a_planted_import_of_types_that_runs_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "shared/ptt").mkdir(parents=True)
    file = tmp_path / "shared/ptt/bad.py"
    file.write_text(f"if TYPE_CHECKING:\n    {line}\n")
    assert running_type_imports(tmp_path) == []
    file.write_text(f"def inside():\n    {line}\n")
    assert running_type_imports(tmp_path) == ["ptt.bad:2"]
    file.write_text(f"if TYPE_CHECKING:\n    pass\nelse:\n    {line}\n")
    assert running_type_imports(tmp_path) == ["ptt.bad:4"]


def test_a_planted_print_is_found(tmp_path: Path) -> None:
    (tmp_path / "shared/ptt").mkdir(parents=True)
    (tmp_path / "shared/ptt/bad.py").write_text("print('hello')\n")
    assert forbidden_calls(tmp_path) == ["ptt.bad:1 uses print"]


def test_every_file_is_looked_at() -> None:
    names = {module for module, _, _ in modules(ROOT)}
    assert {"ptt.wire.codec", "hal.radio", "app.handset", "main", "pressel.cli"} <= names
