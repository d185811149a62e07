"""What programs read of commands: names in `--json` that later versions keep.

The names are recorded in shared/schema/json_names.json, from which docs/json.md is made. One that
is new is recorded by `python -m tests.host.test_json_names`; one that is gone breaks programs.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from pressel import cli
from pressel.node.leader_state import LeaderState
from pressel.node.node_state import NodeState
from pressel.tree import ROOT

RECORDED = ROOT / "shared" / "schema" / "json_names.json"
MODELS: dict[str, Any] = {"pressel status": LeaderState, "pressel host status": NodeState}
# Of a registry in a folder, in this order; a list must not be empty.
OFFLINE = (
    "device add Ann --key-file {keys}/ann.json", "device invite", "device list", "device show Ann",
    "device inventory", "device rotate Ann --key-file {keys}/new.json", "host show",
    "host allow kitchen 07a3a43a6b3f5f5cde9f7ca4f5b1d4a2b8c1e9d20f6e4c8a7b5d3f1e2c4a6b88",
    "host list", "registry log", "audit list",
)  # fmt: skip
ALONE = ("config show", "board list", "board check", "firmware images")
OPEN = ("facts", "texts")  # names below these are a matter of the verb


def names(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from names(each, f"{at}[]")
    elif isinstance(value, dict) and at.rpartition(".")[2] not in OPEN and value:
        for name, each in value.items():
            yield from names(each, f"{at}.{name}" if at else name)
    elif at:
        yield at


def model_names(schema: dict[str, Any], defs: dict[str, Any], at: str = "") -> Iterator[str]:
    """Of pydantic's JSON schema."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for each in schema.get("anyOf", ()):
        yield from model_names(each, defs, at)
    if schema.get("type") == "array":
        yield from model_names(schema.get("items", {}), defs, f"{at}[]")
    elif "properties" in schema:
        for name, each in schema["properties"].items():
            yield from model_names(each, defs, f"{at}.{name}" if at else name)
    elif schema.get("type") not in (None, "null"):
        yield at


def printed(words: str, folder: Path, *more: str) -> Any:
    out = io.StringIO()
    args = words.format(keys=folder).split()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = cli.main([*args, *more, "--json"])
    assert code == 0 or words == "board check", (words, err.getvalue())
    with contextlib.suppress(ValueError):
        return json.loads(out.getvalue())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def found(folder: Path) -> dict[str, list[str]]:
    """Names by command."""
    told: dict[str, set[str]] = {}
    for command, model in MODELS.items():
        schema = TypeAdapter(model).json_schema(mode="serialization")
        told[command] = set(model_names(schema, schema.get("$defs", {})))
    state = ("--state", str(folder / "state"))
    for words, more in [*((each, state) for each in OFFLINE), *((each, ()) for each in ALONE)]:
        kept = " ".join(each for each in words.split()[:2])
        if kept == "host allow":
            printed(words, folder, *more)
            continue
        told[f"pressel {kept}"] = set(names(printed(words, folder, *more)))
    return {command: sorted(each) for command, each in sorted(told.items())}


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this user's is read."""
    for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(each, str(tmp_path / each))


def test_the_names_that_programs_read_are_kept(nobody: None, tmp_path: Path) -> None:
    recorded = json.loads(RECORDED.read_text("utf-8"))
    told = found(tmp_path)
    gone = {command: set(each) - set(told.get(command, ())) for command, each in recorded.items()}
    assert not any(gone.values()), {command: each for command, each in gone.items() if each}
    assert told == recorded, "record what is new: python -m tests.host.test_json_names"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            os.environ[each] = f"{work}/{each}"
        text = json.dumps(found(Path(work)), indent=1, ensure_ascii=False)
        RECORDED.write_text(text + "\n", "utf-8")
