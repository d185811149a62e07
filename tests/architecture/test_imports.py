"""Who may import whom, read from the import statements themselves.

The rules are what keeps the engines free of input and output, the badge free of the host, and
each part replaceable; each has its sentence in `RULES`.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import pytest

from pressel.pack.manifest import list_sources, read_manifest
from ptt.badge.participant import Participant
from ptt.leader.leader import Leader

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("shared", "firmware", "host")

PLAIN = {"struct", "binascii", "hashlib", "array"}  # computing only, on both runtimes
MICROPYTHON = {
    "machine", "network", "socket", "select", "json", "gc", "time", "random", "binascii",
    "array", "micropython", "os", "errno", "esp32", "cryptolib", "framebuf", "io", "math",
    "neopixel", "sys",
}  # fmt: skip
# The wings of ptt, and which others each may know. `host` stands above all of them.
WINGS: dict[str, tuple[str, ...]] = {
    "base": (),
    "wire": ("base",),
    "link": ("base", "wire"),
    "media": ("base", "wire"),
    "badge": ("base", "wire", "link", "media"),
    "keyboard": ("base", "wire", "link", "media", "badge"),
    "microphone": ("base",),
    "proof": ("base", "wire", "link"),
    "multicast": ("base", "wire", "link", "media", "badge", "proof"),
    "relayed": ("base", "wire", "link", "media", "badge", "proof", "multicast"),
    "twins": ("base", "wire", "media"),
    "cluster": ("base", "wire"),
    "fanout": ("base", "wire", "link", "proof"),
    "leader": ("base", "wire", "link", "proof", "cluster", "fanout"),
    "relay": ("base", "wire", "link", "proof", "cluster", "fanout", "leader"),
}
ON_A_BADGE = ("base", "wire", "link", "media", "microphone", "badge", "multicast", "proof")
TYPES = ("typing", "collections.abc")  # under TYPE_CHECKING only: a badge has neither


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


# Modules that stand for MicroPython's own, and programs that are run at a badge's prompt.
FOR_MICROPYTHON = {"shims", "bench", "programs"}


@functools.cache  # by what a file says: every rule reads the whole tree
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def sources(root: Path) -> Iterator[tuple[str, str, bool]]:
    """Each module below `root`: its name, its text, and whether it is a package."""
    for source in SOURCES:
        for file in sorted((root / source).rglob("*.py")):
            if not FOR_MICROPYTHON.intersection(file.parts):
                name = module_name(file, root / source)
                yield name, file.read_text("utf-8"), file.name == "__init__.py"


def modules(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Each module below `root`: its name and its syntax tree."""
    for module, text, _ in sources(root):
        yield module, parsed(text)


def imports(root: Path) -> Iterator[Import]:
    """Every import of the tree, also those inside functions and for type checking only."""
    for module, text, is_package in sources(root):
        yield from imports_of(module, text, is_package)


@functools.cache
def imports_of(module: str, text: str, is_package: bool) -> tuple[Import, ...]:
    found = []
    for node in ast.walk(parsed(text)):
        if isinstance(node, ast.Import):
            found += [Import(module, alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".") if is_package else module.split(".")[:-1]
            above = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found += [Import(module, f"{origin}.{each.name}", node.lineno) for each in node.names]
    return tuple(found)


# One function a rule: is this import allowed?


def engines_import_only_plain_modules(found: Import) -> bool:
    """The engines import themselves and plain computing; MicroPython's own module only `compat`."""
    if not is_in(found.module, "ptt"):
        return True
    if found.module == "ptt.base.compat" and found.is_in("micropython"):
        return True
    return found.is_in("ptt", *TYPES, *PLAIN)


def wings_know_those_below(found: Import) -> bool:
    """Each wing of the engines knows those that it stands on; only `host` knows what runs which."""
    for wing, below in WINGS.items():
        if is_in(found.module, f"ptt.{wing}") and found.is_in("ptt"):
            return found.is_in(*(f"ptt.{known}" for known in (wing, *below)))
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
    if found.is_in("ptt", "pressel.errors", "pressel.spread", "pressel.tracebacks", *heart):
        return True
    package = found.name.split(".")[0]
    return package in sys.stdlib_module_names and package != "tomllib"


def only_the_explorer_speaks_in_the_clear(found: Import) -> bool:
    """A badge without a seal exists in tests and in the explorer, which has no network."""
    if not found.is_in("tests", "pressel.sim.explore.clear"):
        return True
    return is_in(found.module, "pressel.sim.explore") and not found.is_in("tests")


def nothing_that_serves_knows_the_simulator(found: Import) -> bool:
    """The stand-in seal is the simulator's: what speaks on a network cannot reach it."""
    if not found.is_in("pressel.sim"):
        return True
    return is_in(found.module, "pressel.sim", "pressel.cli", "pressel.docs")


RULES: tuple[Callable[[Import], bool], ...] = (
    engines_import_only_plain_modules,
    wings_know_those_below,
    engines_know_neither_badge_nor_host,
    badge_and_host_do_not_know_each_other,
    badge_imports_only_what_it_carries,
    hal_does_not_know_the_application,
    simulated_world_imports_only_the_library,
    only_the_explorer_speaks_in_the_clear,
    nothing_that_serves_knows_the_simulator,
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
    for module, tree in modules(root):
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
    for module, tree in modules(root):
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


# The tests above can fail

PLANTED = {
    "engines_import_only_plain_modules": ("shared/ptt/bad.py", "import time"),
    "wings_know_those_below": ("shared/ptt/wire/bad.py", "from ..leader import members"),
    "engines_know_neither_badge_nor_host": ("shared/ptt/bad.py", "import pressel.errors"),
    "badge_and_host_do_not_know_each_other": ("host/pressel/bad.py", "from hal import board"),
    "badge_imports_only_what_it_carries": ("firmware/app/bad.py", "import asyncio"),
    "hal_does_not_know_the_application": ("firmware/hal/bad.py", "from app import log"),
    "simulated_world_imports_only_the_library": ("host/pressel/sim/world/bad.py", "import numpy"),
    "only_the_explorer_speaks_in_the_clear": (
        "host/pressel/node/bad.py",
        "from pressel.sim.explore.clear import read_as_it_is",
    ),
    "nothing_that_serves_knows_the_simulator": (
        "host/pressel/node/bad.py",
        "from pressel.sim.world.seal import StandInTags",
    ),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_planted_import_is_found(rule: Callable[[Import], bool], tmp_path: Path) -> None:
    path, text = PLANTED[rule.__name__]
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(f"def inside():\n    {text}\n")
    (found,) = imports(tmp_path)
    assert not rule(found)
    assert found.line == 2


@pytest.mark.parametrize("wing", WINGS)
@pytest.mark.parametrize("other", WINGS)
def test_a_wing_may_know_those_below_and_no_others(wing: str, other: str) -> None:
    allowed = wings_know_those_below(Import(f"ptt.{wing}.bad", f"ptt.{other}.any.Thing", 1))
    assert allowed == (other == wing or other in WINGS[wing])
    assert not wings_know_those_below(Import(f"ptt.{wing}.bad", "ptt.host.Host", 1))


def test_every_wing_has_its_rule() -> None:
    folders = {file.parent.name for file in (ROOT / "shared/ptt").glob("*/__init__.py")}
    assert folders == set(WINGS)
    for wing, below in WINGS.items():
        assert wing not in below
        for each in below:  # what lies below something lies below all that stands on it
            assert set(WINGS[each]) <= set(below), (wing, each)


def test_a_badge_gets_its_wings_and_nothing_else() -> None:
    manifest = read_manifest(ROOT / "firmware/manifest.toml")
    sources = [source.path for source in list_sources(manifest, ROOT, native=True)]
    engines = {path for path in sources if path.is_relative_to(ROOT / "shared")}
    wings = {file for wing in ON_A_BADGE for file in (ROOT / "shared/ptt" / wing).rglob("*.py")}
    assert engines == wings | {ROOT / "shared/ptt/__init__.py"}
    own = {*(ROOT / "firmware").rglob("*.py"), ROOT / "firmware/boot.json"}
    assert set(sources) - engines == own


def seals_of_its_own(root: Path) -> list[str]:
    """Where links are made that seal in another way, or another hash takes the place of ours."""
    found = []
    for module, tree in modules(root):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                is_other = _is_seal(node, module)
            elif isinstance(node, ast.Assign):
                names = {each.attr for each in node.targets if isinstance(each, ast.Attribute)}
                is_other = any(module not in SEALS[name] for name in names & set(SEALS))
            elif isinstance(node, ast.Call):
                is_other = _gives_seal(node)
            else:
                continue
            if is_other and not is_in(module, "pressel.sim"):
                found.append(f"{module}:{node.lineno}")
    return found


# What engines seal and open by, and the rooms that put it in its place.
SEALS = {
    "_make_link": ("ptt.leader.members",),
    "checksum": ("ptt.badge.participant",),
    "decrypt": (),
    "digest_loaded": (),
    "is_sealed_by": (),
    "link": (
        "ptt.badge.participant",
        "ptt.leader.members",
        "ptt.leader.outbound",
        "ptt.leader.sessions",
    ),
    "load": (),
    "open": (),
    "receive": (),
    "seal": (),
    "stream": ("ptt.badge.voice_keys",),
}


def _is_seal(node: ast.ClassDef, module: str) -> bool:
    bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
    if {"Link", "Hmac", "Leader", "Participant", "Session"} & bases:
        return True
    inside = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    return "is_sealed_by" in inside and module != "ptt.link.link"


def _gives_seal(call: ast.Call) -> bool:
    name = ast.unparse(call.func).rpartition(".")[2]
    if name == "setattr" and len(call.args) > 1:
        word = call.args[1]
        return isinstance(word, ast.Constant) and word.value in SEALS
    if any(keyword.arg in ("hmac", "link") for keyword in call.keywords):
        return True
    engine = {"Leader": Leader, "Participant": Participant}.get(name)
    if engine is None:
        return False
    before = list(inspect.signature(engine).parameters).index("hmac")
    return len(call.args) > before or any(isinstance(each, ast.Starred) for each in call.args)


def test_only_the_simulator_has_a_seal_of_its_own() -> None:
    """What speaks on a network has the seal that protocol-v2.md describes."""
    assert seals_of_its_own(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "class Clear(Link): flags = 0",
        "leader.members._make_link = Clear",
        "Leader(1, 1, directory, chance, link=Clear)",
        "Leader(1, 1, directory, chance, None, None, None, Clear)",
        "partial(Leader, link=Clear)",
        "badge.link = Clear()",
        "link.open = lambda data, now_ms: 0",
        "badge.checksum = Cheap()",
        "badge.voice_keys.decrypt = read_as_it_is",
        "class Clear(Session): pass",
        "Leader(1, 1, directory, chance, hmac=Cheap())",
        "Leader(1, 1, directory, chance, None, None, Cheap())",
        "Participant(b'', b'', b'', None, 1, b'', cipher, chance, Cheap())",
        "Leader(*everything)",
        'setattr(leader.members, "_make_link", Clear)',
        'setattr(link, "seal", lambda data, end: True)',
        "link.seal = lambda data: True",
        "class Clear:\n def is_sealed_by(self, keys, data, end): return True",
    ],
)
def test_a_planted_seal_is_found(line: str, tmp_path: Path) -> None:
    for folder in ("shared/ptt", "host/pressel/node", "firmware/app", "host/pressel/sim"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "bad.py").write_text(line + "\n")
    assert seals_of_its_own(tmp_path) == ["ptt.bad:1", "app.bad:1", "pressel.node.bad:1"]


def makers_of_sessions(root: Path) -> list[str]:
    """Modules that put something in the place of a participant's session."""
    makers = []
    for module, tree in modules(root):
        for node in ast.walk(tree):
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            names = {each.attr for each in targets if isinstance(each, ast.Attribute)}
            if "session" in names and "Session(" in ast.unparse(node):
                makers.append(module)
    return makers


def test_a_participant_that_is_made_is_sealed() -> None:
    """It makes its session itself, from its key; nobody puts another in its place."""
    assert makers_of_sessions(ROOT) == ["ptt.badge.participant"]


def test_a_planted_session_is_found(tmp_path: Path) -> None:
    (tmp_path / "firmware/app").mkdir(parents=True)
    file = tmp_path / "firmware/app/bad.py"
    file.write_text("def inside(badge):\n    badge.session = OpenSession()\n")
    assert makers_of_sessions(tmp_path) == ["app.bad"]


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
    names = {module for module, _ in modules(ROOT)}
    assert {"ptt.wire.codec", "hal.radio", "app.handset", "main", "pressel.cli"} <= names
