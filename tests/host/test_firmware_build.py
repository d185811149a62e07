"""Building the flash content of a badge from a small tree of sources."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pressel.errors import UsageError
from pressel.pack import build
from pressel.pack.build import FirmwareBuild, build_firmware
from pressel.pack.bytecode import CompileError

MANIFEST = """
entry = "app.boot"

[[package]]
source = "shared/ptt"
target = "lib/ptt"
folders = ["base", "wire"]

[[package]]
source = "firmware/app"
target = "lib/app"

[[file]]
source = "firmware/main.py"
target = "main.py"
"""

SOURCES = {
    "manifest.toml": MANIFEST,
    "shared/ptt/__init__.py": "",
    "shared/ptt/base/__init__.py": "",
    "shared/ptt/base/numbers.py": "PORT = 47800\n",
    "shared/ptt/wire/__init__.py": "",
    "shared/ptt/wire/crc.py": "import binascii\nfrom ..base.numbers import PORT\n",
    "shared/ptt/host.py": "raise RuntimeError\n",
    "shared/ptt/leader/__init__.py": "raise RuntimeError\n",
    "firmware/app/boot.py": (
        "import json\nfrom ptt.wire import crc\nTYPE_CHECKING = False\n"
        "if TYPE_CHECKING:\n    from typing import Any\n"
        "def build():\n    import ptt.late\n    return crc\n"
    ),
    "firmware/main.py": "import app.boot\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, content in SOURCES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def _build(root: Path, out: Path, *, source: bool = False) -> FirmwareBuild:
    return build_firmware(out, source=source, manifest=root / "manifest.toml", root=root)


def _content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_holds_what_the_manifest_names_and_nothing_else(tree: Path, tmp_path: Path) -> None:
    built = _build(tree, tmp_path / "out")
    assert sorted(_content(built.folder)) == [
        "lib/app/boot.mpy",
        "lib/ptt/__init__.mpy",
        "lib/ptt/base/__init__.mpy",
        "lib/ptt/base/numbers.mpy",
        "lib/ptt/wire/__init__.mpy",
        "lib/ptt/wire/crc.mpy",
        "main.py",
        "manifest.json",
    ]
    assert (built.folder / "main.py").read_text() == SOURCES["firmware/main.py"]


def test_listing_has_size_and_hash_of_every_file(tree: Path, tmp_path: Path) -> None:
    built = _build(tree, tmp_path / "out")
    listing = json.loads((built.folder / "manifest.json").read_text())
    content = _content(built.folder)
    content.pop("manifest.json")
    told = {entry["path"]: (entry["bytes"], entry["sha256"]) for entry in listing["files"]}
    assert told == {
        name: (len(data), hashlib.sha256(data).hexdigest()) for name, data in content.items()
    }
    assert list(told) == sorted(told)
    assert "1.29" in listing["compiler"]


def test_modules_are_listed_after_those_they_need(tree: Path, tmp_path: Path) -> None:
    built = _build(tree, tmp_path / "out")
    assert built.imports == (
        "app",
        "json",
        "ptt",
        "ptt.wire",
        "binascii",
        "ptt.base",
        "ptt.base.numbers",
        "ptt.wire.crc",
        "app.boot",
    )


def test_same_bytes_wherever_the_tree_lies(tree: Path, tmp_path: Path) -> None:
    first = _build(tree, tmp_path / "out")
    second = _build(tree.rename(tmp_path / "elsewhere"), tmp_path / "deep" / "er" / "out")
    assert _content(first.folder) == _content(second.folder)
    assert first.digest == second.digest
    assert b"ptt/wire/crc.py" in (first.folder / "lib/ptt/wire/crc.mpy").read_bytes()
    assert str(tmp_path).encode() not in b"".join(_content(first.folder).values())


def test_bytecode_is_of_no_architecture(tree: Path, tmp_path: Path) -> None:
    built = _build(tree, tmp_path / "out")
    head = (built.folder / "lib/ptt/base/numbers.mpy").read_bytes()[:3]
    assert head == b"M\x06\x00"  # .mpy version 6, no feature flags and no native code


def test_only_what_changed_is_compiled_again(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    compile_module = build.compile_module

    def spy(source: Path, target: Path, name: str, *more: Any) -> None:
        compiled.append(name)
        compile_module(source, target, name, *more)

    monkeypatch.setattr(build, "compile_module", spy)
    before = _build(tree, tmp_path / "out")
    assert len(compiled) == 6
    compiled.clear()
    assert _build(tree, tmp_path / "out") == before
    assert compiled == []
    (tree / "shared/ptt/base/numbers.py").write_text("PORT = 47801\n")
    (before.folder / "lib/app/boot.mpy").write_bytes(b"damaged")
    after = _build(tree, tmp_path / "out")
    assert compiled == ["app/boot.py", "ptt/base/numbers.py"]
    assert after.digest != before.digest


def test_an_unchanged_build_is_left_as_it_is(tree: Path, tmp_path: Path) -> None:
    out = _build(tree, tmp_path / "out").folder
    before = out.stat().st_ino
    _build(tree, out)
    assert out.stat().st_ino == before
    (out / "stray.py").write_text("")
    _build(tree, out)
    assert not (out / "stray.py").exists()


def test_two_builds_at_once_leave_one_whole_build(tree: Path, tmp_path: Path) -> None:
    wanted = _content(_build(tree, tmp_path / "wanted").folder)
    out = tmp_path / "out"
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            (tmp_path / "out-old").mkdir(exist_ok=True)
            results = list(pool.map(lambda _: _build(tree, out), range(4)))
            assert len({result.digest for result in results}) == 1
            assert _content(out) == wanted
            os.rename(out, tmp_path / "out-old" / str(len(list((tmp_path / "out-old").iterdir()))))
    assert {path.name for path in tmp_path.iterdir()} == {"tree", "wanted", "out-old"}


def test_another_build_may_come_in_between(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename
    others = []

    def rename_late(source: Path, target: Path) -> None:
        if not others:  # just before the first swap another process finishes its own
            others.append(target)
            _build(tree, tmp_path / "out")
        rename(source, target)

    monkeypatch.setattr(build.os, "rename", rename_late)
    built = _build(tree, tmp_path / "out")
    assert (built.folder / "lib/app/boot.mpy").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"tree", "out"}


def test_sources_stay_sources_when_asked(tree: Path, tmp_path: Path) -> None:
    built = _build(tree, tmp_path / "out", source=True)
    assert built.is_source
    name = "lib/ptt/wire/crc.py"
    assert (built.folder / name).read_text() == SOURCES["shared/ptt/wire/crc.py"]
    assert not list(built.folder.rglob("*.mpy"))
    assert not _build(tree, tmp_path / "out").is_source
    assert not (built.folder / name).exists()


def test_an_error_names_file_and_line(tree: Path, tmp_path: Path) -> None:
    broken = tree / "shared/ptt/base/numbers.py"
    broken.write_text("PORT = 1\n\ndef f(:\n")
    with pytest.raises(CompileError) as caught:
        _build(tree, tmp_path / "out")
    assert str(caught.value) == f"{broken}:3: SyntaxError: invalid syntax."
    assert not (tmp_path / "out").exists()


def test_what_micropython_does_not_know_is_an_error(tree: Path, tmp_path: Path) -> None:
    (tree / "shared/ptt/base/numbers.py").write_text("A = 1\nmatch A:\n    case 1: pass\n")
    with pytest.raises(CompileError, match=r"numbers\.py:2: SyntaxError"):
        _build(tree, tmp_path / "out")


@pytest.mark.parametrize("module", ["leader", "host", "nothing"])
def test_a_module_that_is_left_out_must_not_be_needed(
    tree: Path, tmp_path: Path, module: str
) -> None:
    boot = tree / "firmware/app/boot.py"
    boot.write_text(f"import ptt\nimport ptt.{module}\n")
    with pytest.raises(UsageError, match=rf"boot\.py:2 imports ptt\.{module}, which"):
        _build(tree, tmp_path / "out")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "is missing"),
        ("entry = ", "no TOML"),
        ("[[package]]\nsource = 'shared/ptt'\ntarget = 'lib/ptt'\n", "entry: Field required"),
        (MANIFEST + "spare = 1\n", "file.0.spare: Extra inputs"),
        (MANIFEST.replace("firmware/main.py", "firmware/mian.py"), "mian.py does not exist"),
    ],
)
def test_a_manifest_that_cannot_be_followed(
    tree: Path, tmp_path: Path, text: str | None, told: str
) -> None:
    manifest = tree / "manifest.toml"
    if text is None:
        manifest.unlink()
    else:
        manifest.write_text(text)
    with pytest.raises(UsageError, match=told):
        _build(tree, tmp_path / "out")
