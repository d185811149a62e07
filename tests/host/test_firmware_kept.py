"""Builds are kept by what they were made from, and given only to a caller that asks for exactly
that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.host.test_firmware_build import SOURCES

from pressel.pack import FirmwareBuild, build, kept


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, content in SOURCES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """The folders that were really built into."""
    folders: list[Path] = []
    really = build.build_firmware

    def note(out: Path, **how: object) -> FirmwareBuild:
        folders.append(out)
        return really(out, **how)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(build, "build_firmware", note)
    yield folders


def _build(tree: Path, out: str, **how: object) -> FirmwareBuild:
    shelf = tree.parent / "shelf"
    return kept.build_firmware(
        tree.parent / out,
        manifest=tree / "manifest.toml",
        root=tree,
        shelf=shelf,
        **how,  # pyright: ignore[reportArgumentType]
    )


def _content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_second_build_is_a_copy_of_the_first(tree: Path, made: list[Path]) -> None:
    first, second = _build(tree, "first"), _build(tree, "second")
    assert len(made) == 1
    assert second.folder == tree.parent / "second"
    assert _content(second.folder) == _content(first.folder)
    assert (second.digest, second.files, second.imports) == (
        first.digest,
        first.files,
        first.imports,
    )
    really = build.build_firmware(
        tree.parent / "really", manifest=tree / "manifest.toml", root=tree
    )
    assert (really.digest, _content(really.folder)) == (first.digest, _content(first.folder))


def test_what_lay_in_the_folder_is_gone(tree: Path) -> None:
    stale = tree.parent / "out" / "stale"
    stale.parent.mkdir()
    stale.write_text("x")
    _build(tree, "out")
    assert not stale.exists()


@pytest.mark.parametrize("path", ["shared/ptt/wire/crc.py", "firmware/main.py", "manifest.toml"])
def test_another_content_is_another_build(tree: Path, made: list[Path], path: str) -> None:
    _build(tree, "out")
    file = tree / path
    file.write_text(file.read_text() + "\n# changed\n")
    _build(tree, "out")
    assert len(made) == 2


def test_another_kind_is_another_build(tree: Path, made: list[Path]) -> None:
    kinds = [_build(tree, "out"), _build(tree, "out", source=True)]
    kinds.append(_build(tree, "out", architecture="rv32imc"))
    assert len(made) == 3
    assert len({each.digest for each in kinds}) == 3


def test_another_builder_is_another_build(
    tree: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _build(tree, "out")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "build.py").write_text("# another one")
    monkeypatch.setattr(kept, "_BUILDER", tmp_path / "pack")
    _build(tree, "out")
    assert len(made) == 2


def test_a_kept_build_that_was_meddled_with_is_made_anew(tree: Path, made: list[Path]) -> None:
    _build(tree, "out")
    (file,) = (tree.parent / "shelf").rglob("main.py")
    file.write_text("raise SystemExit\n")
    built = _build(tree, "other")
    assert len(made) == 2
    assert (built.folder / "main.py").read_text() == SOURCES["firmware/main.py"]


def test_many_who_want_one_build_wait_for_it(tree: Path, made: list[Path]) -> None:
    with ThreadPoolExecutor(4) as pool:
        builds = list(pool.map(lambda n: _build(tree, f"out{n}"), range(4)))
    assert len(made) == 1
    assert len({each.digest for each in builds}) == 1


def test_where_nothing_can_be_kept_it_is_built(tree: Path, made: list[Path]) -> None:
    (tree.parent / "shelf").write_text("a file is in the way")
    assert (_build(tree, "out").folder / "main.py").exists()
    assert made == [tree.parent / "out"]


def test_the_oldest_builds_are_forgotten(
    tree: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "KEPT_MAX", 2)
    main = tree / "firmware/main.py"
    for number in range(3):
        main.write_text(f"NUMBER = {number}\n")
        _build(tree, "out")
    main.write_text("NUMBER = 2\n")
    _build(tree, "out")
    assert len(made) == 3
    main.write_text("NUMBER = 0\n")
    _build(tree, "out")
    assert len(made) == 4
    assert len([each for each in (tree.parent / "shelf").iterdir() if each.is_dir()]) == 2
