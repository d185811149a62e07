"""`pressel upgrade check`: what another version would change is told before anything is touched."""

from __future__ import annotations

import sqlite3
import sys
import tomllib
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from pressel.box.other_version import read_wheel, registry_format, what_will_be
from pressel.cli import main
from pressel.errors import UsageError
from pressel.registry.database import DATABASE
from pressel.registry.tables import STEPS
from pressel.schema.messages import message_table
from pressel.tree import ROOT

TABLE = "pressel/_tree/shared/schema/messages.toml"
FORMATS = "pressel/_tree/shared/schema/formats.toml"
OWN = {TABLE: f'version = "{message_table().version}"', FORMATS: f"registry = {len(STEPS)}"}


def wheel(folder: Path, python: str = ">=3.11", **parts: str) -> Path:
    """A wheel of version 9.9 that has such `parts`, by the names of OWN."""
    file = folder / "pressel-9.9-py3-none-any.whl"
    head = f"Metadata-Version: 2.1\nName: pressel\nVersion: 9.9\nRequires-Python: {python}\n"
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("pressel-9.9.dist-info/METADATA", head)
        for name, text in parts.items():
            out.writestr(name, text)
    return file


def test_the_formats_are_those_of_the_code() -> None:
    told = tomllib.loads((ROOT / "shared" / "schema" / "formats.toml").read_text())
    assert told == {"registry": len(STEPS)}


def test_one_like_this_changes_nothing(tmp_path: Path) -> None:
    said = what_will_be(read_wheel(wheel(tmp_path, **OWN)), len(STEPS))
    assert said[0] == "it brings Pressel 9.9" and len(said) == 3
    assert "stays as it is" in said[1] and "as before" in said[2]


@pytest.mark.parametrize(
    ("parts", "registry", "words"),
    [
        ({FORMATS: "registry = 7"}, 6, "brought from format 6 to 7; the backup"),
        ({FORMATS: "other = 7"}, 6, "does not say which registries it reads"),
        ({TABLE: 'version = "2.90"'}, None, f"2.90, here it is {message_table().version}"),
        ({TABLE: 'version = "new"'}, None, "does not say which protocol it speaks"),
        ({TABLE: 'version = "2.5"'}, None, "gone while it leads"),
    ],
)
def test_what_it_changes_is_told(
    tmp_path: Path, parts: dict[str, str], registry: int | None, words: str
) -> None:
    assert words in " ".join(what_will_be(read_wheel(wheel(tmp_path, **parts)), registry))


@pytest.mark.parametrize(
    ("python", "parts", "words"),
    [
        (">=3.11", {FORMATS: "registry = 5"}, "up to format 5, and the one here has 6"),
        (">=3.11", {TABLE: 'version = "3.0"'}, "speaks protocol 3"),
        (f">=3.{sys.version_info.minor + 1}", {}, "needs Python 3."),
        (">=3.11", {TABLE: "version = "}, "damaged"),
        (">=3.11", {FORMATS: "x" * (1 << 21)}, "too large"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(
    tmp_path: Path, python: str, parts: dict[str, str], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        what_will_be(read_wheel(wheel(tmp_path, python, **parts)), 6)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\0" * 1000])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pressel-9.9-py3-none-any.whl"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="damaged"):
        read_wheel(file)


def test_the_command_tells_and_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("PRESSEL_HOST_STATE", str(state))
    file = wheel(tmp_path, **OWN)
    assert main(["upgrade", "check", str(file)]) == 0
    assert "nothing was done" in capsys.readouterr().out and not state.exists()
    state.mkdir()
    with closing(sqlite3.connect(state / DATABASE)) as db:
        db.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    before = (state / DATABASE).read_bytes()
    assert main(["upgrade", "check", str(file)]) == UsageError.exit_code
    assert f"the one here has {len(STEPS) + 1}" in capsys.readouterr().err
    assert (state / DATABASE).read_bytes() == before and len(list(state.iterdir())) == 1
    (state / DATABASE).write_bytes(b"no database, but longer than its head" * 9)
    assert main(["upgrade", "check", str(file)]) == UsageError.exit_code


def test_where_there_is_no_registry_there_is_no_format(tmp_path: Path) -> None:
    assert registry_format(tmp_path / "none") is None
