"""What documents point to exists: links, headings, files, commands, targets and rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pressel.cli import pressel

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "boards").glob("*.md")]
)
HISTORY = "adr"  # decisions are not rewritten: what they mention may be gone
# Words that begin like this are paths from the root of the tree.
TOPS = ("shared/", "firmware/", "host/", "boards/", "docs/", "tests/")

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
_ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"[\w./-]+")


def missing_links(text: str, folder: Path) -> Iterator[str]:
    for target in _LINK.findall(text):
        if "://" not in target and not (folder / target).exists():
            yield target


def missing_anchors(text: str, document: Path) -> Iterator[str]:
    """Links to a heading that is not there; what `missing_links` finds is left out."""
    for target, anchor in _ANCHOR.findall(text):
        place = document.parent / target if target else document
        if "://" not in target and place.exists() and anchor not in anchors(place):
            yield f"{target}#{anchor}"


def anchors(document: Path) -> set[str]:
    """As code forges make them of headings."""
    return {
        re.sub(r"[^\w\s-]", "", heading).strip().lower().replace(" ", "-")
        for heading in _HEADING.findall(document.read_text("utf-8"))
    }


def missing_paths(text: str, root: Path) -> Iterator[str]:
    for code in _CODE.findall(text):
        if code.startswith(TOPS) and _PATH.fullmatch(code) and not (root / code).exists():
            yield code


def missing_targets(text: str, makefile: str) -> Iterator[str]:
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    for target in re.findall(r"`make ([a-z0-9-]+)", text):
        if target not in targets:
            yield target


def missing_commands(text: str) -> Iterator[str]:
    for words in re.findall(r"`pressel ([a-z0-9 -]+)", text):
        command: click.Command = pressel
        for word in words.split():
            if not isinstance(command, click.Group) or word.startswith("-"):
                break
            found = command.get_command(click.Context(command), word)
            if found is None:
                if not command.invoke_without_command:
                    yield f"pressel {words}"
                break
            command = found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: str(each.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    assert list(missing_links(text, document.parent)) == []
    assert list(missing_anchors(text, document)) == []
    if HISTORY in document.parts:
        return
    assert list(missing_paths(text, ROOT)) == []
    assert list(missing_targets(text, (ROOT / "Makefile").read_text("utf-8"))) == []
    assert list(missing_commands(text)) == []


@pytest.mark.parametrize("folder", ["shared/ptt", "host/pressel"])
def test_the_map_shows_every_room(folder: str) -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    shown = re.findall(r"[\w.]+", text.split("```")[1])
    rooms = {file.parent.name for file in (ROOT / folder).glob("*/__init__.py")}
    assert rooms - set(shown) == set()


def test_what_is_not_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/here.md").write_text("")
    links = "[a](here.md#part) [b](gone.md) [c](https://example.org/x)"
    assert list(missing_links(links, tmp_path / "docs")) == ["gone.md"]
    here = tmp_path / "docs/here.md"
    here.write_text("## A part, the first\n")
    links = "[a](here.md#a-part-the-first) [b](#another) [c](gone.md#x)"
    assert list(missing_anchors(links, here)) == ["#another"]
    paths = "`docs/here.md`, `docs/gone.md`, `docs/*.md` and `a/ptt/x.py`"
    assert list(missing_paths(paths, tmp_path)) == ["docs/gone.md"]
    assert list(missing_targets("`make test`, `make gone X=1`", "test: ready\n")) == ["gone"]
    commands = "`pressel device add NAME`, `pressel gone`, `pressel device gone`, `pressel leader`"
    assert list(missing_commands(commands)) == ["pressel gone", "pressel device gone"]
