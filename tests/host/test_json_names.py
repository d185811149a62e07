"""What programs read of commands: names in `--json` that later versions keep.

The names are recorded in shared/schema/json_names.json, from which docs/json.md is made. Those that
are new are recorded by `python -m tests.host.test_json_names`; one that is gone breaks programs.
What commands say of a host that runs is in tests/e2e/test_json.py.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import TypeAdapter
from tests.host.json_shape import RECORDED, faults, model_names, names_in, read, recorded, whole
from tests.host.test_update_host import build
from tests.signers import signer_in

from pressel import cli
from pressel.cli import ports
from pressel.cli.outcome import is_outcome
from pressel.cli.tree import commands
from pressel.doctor.finding import Finding
from pressel.flash.ask import Asked
from pressel.flash.order import Outcome
from pressel.flash.usb import Attached
from pressel.health.verdict import VenueHealth
from pressel.kpis.hours import Hour
from pressel.node.leader_state import LeaderState
from pressel.node.node_state import NodeState
from pressel.rollout.standing import Standing
from pressel.soft import sound
from pressel.trace.story import Step
from pressel.tree import ROOT
from pressel.update.release import sign_build

# What is printed is an object of these.
MODELS: dict[str, Any] = {
    "pressel status": LeaderState,
    "pressel host status": NodeState,
    "pressel node status": NodeState,
    "pressel health": VenueHealth,
    "pressel trace": list[Step],
    "pressel doctor": list[Finding],
    "pressel flash": list[Outcome],
    "pressel provision": list[Outcome],
    **{f"pressel rollout {word}": Standing for word in ("status", "pause", "go", "abort")},
}
# Of a registry in a folder, in this order; a list must not be empty.
OFFLINE = (
    "device add Ann --key-file {folder}/ann.json", "device invite", "device list",
    "device show Ann", "device lend Ann Bob", "device inventory",
    "device rotate Ann --key-file {folder}/new.json", "host show",
    "host allow kitchen 07a3a43a6b3f5f5cde9f7ca4f5b1d4a2b8c1e9d20f6e4c8a7b5d3f1e2c4a6b88",
    "host list", "registry log", "audit list", "update trust {signer}",
    "update add {folder}/release.zip", "update list",
)  # fmt: skip
# Of this machine, and of files.
ALONE = (
    "config show", "board list", "board check", "board power esp32s3-devkit", "firmware images",
    "doctor", "release show --signer {folder}/signer", "scorecard {folder}/host.jsonl",
    "badge devices", "ports --ask", "sim list",
    "sim explore --depth 2",
)  # fmt: skip
SIMULATED = (
    "sim run burst --participants 2 --profile wire",
    "sim sweep --seeds 1..1 --scenario burst --profile wire --participants 2",
    "sim swarm --seeds 1..1",
)
# What prints the same as others do, as the document says.
SAME = ("pressel device pending", "pressel settings edit", "pressel settings wifi")
# Shapes that another document has, by the command.
ELSEWHERE = {
    "pressel leader": "events", "pressel node": "events", "pressel host run": "events",
    "pressel timeline": "events", "pressel sim replay": "events", "pressel bundle view": "bundle",
}  # fmt: skip


def printed(words: str, *more: str) -> Any:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as err:
        code = cli.main([*words.split(), *more, "--json"])
    assert out.getvalue(), (words, code, err.getvalue())
    return read(out.getvalue())


def command_in(words: str) -> str:
    """The command that `words` call, of which the recorded names are."""
    taken = [each for each in all_commands() if f"pressel {words} ".startswith(f"{each} ")]
    return max(taken, key=len)


def all_commands() -> dict[str, Any]:
    return {words: command for words, command, _ in commands(cli.pressel)}


def told_offline(folder: Path, patch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """(command, what it printed) of what asks no host."""
    given = {"folder": folder, "signer": _files(folder)}
    _sound_and_ports(patch)
    told: list[tuple[str, Any]] = []
    state = ("--state", str(folder / "state"))
    for words, more in [*((each, state) for each in OFFLINE), *((each, ()) for each in ALONE)]:
        command = command_in(words)
        answer = printed(words.format(**given), *more)
        if not is_outcome(all_commands()[command]):
            told.append((command, answer))
    told.append(("pressel kpis", [_hour().as_json()]))
    return told


def _files(folder: Path) -> str:
    """Some that commands take; the public key of the release's signer."""
    lines = (
        {"event": "became_leader", "term": 3, "node": 1, "at": 1_760_000_000.0},
        {"event": "floor_granted", "term": 3, "lease": 1, "node": 2, "group": 1,
         "at": 1_760_000_001.0},
    )  # fmt: skip
    (folder / "host.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    signer = signer_in(folder / "signer")
    sign_build(build(folder / "build"), "any", signer, folder / "release.zip")
    return signer.public.hex()


def _sound_and_ports(patch: pytest.MonkeyPatch) -> None:
    device = {"name": "USB", "max_input_channels": 1, "max_output_channels": 1,
              "default_samplerate": 48_000.0}  # fmt: skip
    portaudio = SimpleNamespace(
        default=SimpleNamespace(device=[0, 0]), query_devices=lambda: [device]
    )
    patch.setattr(sound, "load_portaudio", lambda: portaudio)
    patch.setattr(ports, "attached", lambda: [Attached("/dev/ttyUSB0", "a UART", True)])
    patch.setattr(ports, "check_port", lambda port: None)
    asked = Asked("esp32", "3", 4, "00:11:22:33:44:55", "00" * 8, "Ann")
    patch.setattr(ports, "ask_board", lambda port, stop: asked)


def _hour() -> Hour:
    """One of which everything is known."""
    hour = Hour(0, 3600)
    for kpi in (hour.access, *hour.reckoned.values()):
        kpi.add(100)
    hour.waits.add(100)
    return hour


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this user's is read."""
    for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(each, str(tmp_path / each))


def test_the_names_that_programs_read_are_kept(
    nobody: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = recorded()
    wrong = [
        fault
        for command, answer in told_offline(tmp_path, monkeypatch)
        for fault in faults(command, answer, known)
    ]
    assert not wrong, "record what is new: python -m tests.host.test_json_names"


def test_what_is_made_of_a_class_has_all_of_its_names() -> None:
    known = recorded()
    for command, found in of_models().items():
        assert set(whole(found)) <= set(known[command]), command


@pytest.mark.proof
def test_the_names_that_simulations_print_are_kept(nobody: None) -> None:
    known = recorded()
    assert not [
        fault for words in SIMULATED for fault in faults(command_in(words), printed(words), known)
    ]


def test_every_command_has_its_shape_in_a_document() -> None:
    """Of each that has JSON of its own, and of none that is no more."""
    own = {
        words
        for words, command in all_commands().items()
        if any("--json" in each.opts for each in command.params) and not is_outcome(command)
    }
    assert own == set(recorded()) | {*ELSEWHERE, *SAME}
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    for command, file in ELSEWHERE.items():
        assert re.search(rf"`{command}`[^|.]*\({file}\.md", page), command
    for command in SAME:
        assert f"`{command}`" in page


def of_models() -> dict[str, set[str]]:
    """Names by command."""
    told = {}
    for command, model in MODELS.items():
        schema = TypeAdapter(model).json_schema(mode="serialization")
        told[command] = set(model_names(schema, schema.get("$defs", {})))
    return told


def _record(told: Iterable[tuple[str, Any]]) -> None:
    found = of_models()
    for command, answer in told:
        found.setdefault(command, set()).update(names_in(command, answer))
    by_command = {command: whole(each) for command, each in sorted(found.items())}
    RECORDED.write_text(json.dumps(by_command, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    from tests.e2e.test_json import told_at_a_venue

    with tempfile.TemporaryDirectory() as work, pytest.MonkeyPatch.context() as patching:
        for each in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"):
            os.environ[each] = f"{work}/{each}"
        simulated = [(command_in(words), printed(words)) for words in SIMULATED]
        (Path(work) / "venue").mkdir()
        at_a_venue = asyncio.run(told_at_a_venue(Path(work) / "venue"))
        _record([*told_offline(Path(work), patching), *simulated, *at_a_venue])
