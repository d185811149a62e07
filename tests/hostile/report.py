"""docs/reports/phase7-security.md: which attacks are tried, whether they are held off, whether the
tests hold that docs/security-model.md names, what a flood costs a host, and what tags and cipher
cost a badge. `make report-phase7` plays all of it and writes it. --check only says whether what was
measured has changed since.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import tests.proof
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.firmware.bench_badge import TRUST_MAX, count_frames
from tests.proof import tree_digest

from pressel.node.channel import handshake
from pressel.node.channel.channel import Channel, host_of

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs/reports/phase7-security.md"
MODEL = ROOT / "docs/security-model.md"
KEPT = ROOT / "build/report-phase7"  # what was played: a run that was stopped goes on
AT_HOSTS = tuple(
    ROOT / "tests/host" / f"test_{name}.py"
    for name in ("node_channel", "registry_copies", "log_copy", "alike", "authority_files")
)
AT_PROCESSES = {  # files whose proofs are attacks in real time: the words of those that are
    ROOT / "tests/e2e/test_floods.py": "",
    ROOT / "tests/e2e/test_nodes.py": "flooded",
}
MEASURED = (  # what costs change with
    "host/pressel/node/channel", "host/pressel/node/others.py", "shared/ptt/link/hmac.py",
    "tests/e2e/test_floods.py",
)  # fmt: skip
ROUNDS = 5  # the least of them counts: a busy machine only makes it longer
DATAGRAMS = 2_000

HEAD = """\
# Phase 7: attacks tried, and what they cost

Written by `make report-phase7`, which plays every attack below, and every test that
[security-model.md](../security-model.md) names; a test says when one is missing here. What the
product promises, and what it does not, is there.

Source of what is measured: `{source}`. CI says when that has changed.
"""
_SOURCE = re.compile("Source of what is measured: `([0-9a-f]{12})`")
_NAMED = re.compile(r"`(tests/[a-z0-9_/]+\.py)`")


def sources() -> list[Path]:
    files = sorted((ROOT / "tests/hostile").glob("test_*.py"))
    return [*[path for path in files if path.stem != "test_report"], *AT_HOSTS]


def attacks(path: Path) -> list[str]:
    """The tests of a file, in words; those that plant faults are no attacks."""
    names = [
        node.name
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return [name[5:].replace("_", " ") for name in names if "fault" not in name]


def named() -> list[str]:
    """The files that the model names as its proofs."""
    return sorted(set(_NAMED.findall(MODEL.read_text("utf-8"))))


def source() -> str:
    """Of all that is measured, as it is now."""
    digest = hashlib.sha256()
    for each in MEASURED:
        top = ROOT / each
        for file in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
            digest.update(f"{file.relative_to(ROOT)} ".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def stale() -> str:
    """A sentence when the figures are of another source; "" when they are current."""
    found = _SOURCE.search(REPORT.read_text("utf-8"))
    if found is not None and found[1] == source():
        return ""
    return f"{REPORT.name}: what a flood costs has changed since; run make report-phase7"


class Outcome:
    """Which tests passed, which did not, and what they measured. It is kept in `file`, for exactly
    the tree that they ran in: what has passed in it is not played again."""

    def __init__(self, file: Path | None = None) -> None:
        self.in_file: dict[str, dict[str, bool]] = {}  # by file, then by test: whether it held
        self.measured: dict[str, list[tuple[str, object]]] = {}  # by name
        self._file = file
        self._tree = tree_digest() if file is not None else ""
        self._read()

    @property
    def is_good(self) -> bool:
        return all(held for tests in self.in_file.values() for held in tests.values())

    def word(self, attack: str) -> str:
        """Whether `attack` was held off, or "not played"."""
        name = "test_" + attack.replace(" ", "_")
        found = [
            is_held
            for tests in self.in_file.values()
            for test, is_held in tests.items()
            if test.split("[")[0] == name
        ]
        return ("yes" if all(found) else "no") if found else "not played"

    def row(self, file: str) -> str:
        """What became of a file's tests, as a row."""
        held = self.in_file.get(file, {})
        lost = ", ".join(test for test, is_held in held.items() if not is_held)
        words = f"no: {lost}" if lost else "yes" if held else "not played"
        return f"| {file} | {len(held)} | {words} |"

    # --- as a plugin of pytest ---

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not self._held(item.nodeid)]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        file, _, test = report.nodeid.partition("::")
        if report.failed:
            self.in_file.setdefault(file, {})[test] = False
        elif report.when == "call" and report.passed:
            self.in_file.setdefault(file, {})[test] = True
            self.measured[test.split("[")[0]] = report.user_properties

    def pytest_runtest_logfinish(self) -> None:
        if self._file is not None:
            told = {"tree": self._tree, "in_file": self.in_file, "measured": self.measured}
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(".new")
            beside.write_text(json.dumps(told), "utf-8")
            beside.replace(self._file)

    def _held(self, test: str) -> bool:
        file, _, name = test.partition("::")
        return self.in_file.get(file, {}).get(name, False)

    def _read(self) -> None:
        if self._file is None or not self._file.exists():
            return
        told = json.loads(self._file.read_text("utf-8"))
        if told["tree"] == self._tree:
            self.in_file, self.measured = told["in_file"], told["measured"]


def played() -> Outcome:
    """All attacks on engines once, and all that the model names of them."""
    outcome = Outcome(KEPT / "engines.json")
    files = {str(path.relative_to(ROOT)) for path in sources()} | set(named())
    chosen = sorted(file for file in files if not file.startswith("tests/e2e/"))
    pytest.main(["-q", *chosen], plugins=[outcome])
    return outcome


def played_at_processes() -> Outcome:
    """Those that take real time, proofs too."""
    outcome = Outcome(KEPT / "processes.json")
    files = {str(path.relative_to(ROOT)) for path in AT_PROCESSES} | set(named())
    chosen = sorted(file for file in files if file.startswith("tests/e2e/"))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests.proof, "KEPT", Path(folder) / "passed.json")  # there without figures
        pytest.main(["-q", "-m", "proof or not proof", *chosen], plugins=[outcome])
    return outcome


def attacks_at(path: Path) -> list[str]:
    """As `attacks`, of one of `AT_PROCESSES`."""
    return [words for words in attacks(path) if AT_PROCESSES[path] in words]


def least_us(act: Callable[[bytes], object], datagrams: list[bytes]) -> float:
    """Microseconds for one datagram."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for data in datagrams:
            act(data)
        taken.append(time.perf_counter() - begun)
    return min(taken) / len(datagrams) * 1e6


def costs_between_hosts() -> list[tuple[str, float]]:
    """What a datagram costs a host, as a share of one signature that is checked."""
    chance = random.Random(1)
    a, b = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
    public = [key.public_key().public_bytes_raw() for key in (a, b)]
    ours, theirs = Channel(a, public, chance.randbytes, 0), Channel(b, public, chance.randbytes, 0)
    ours.reach(("b", 1), 0)
    (number,) = ours._questions

    def forged(kind: int) -> bytes:
        head = bytes([kind, 2]) + bytes(4) + number.to_bytes(4, "big") + bytes(4) + public[1]
        return (head + chance.randbytes(200))[: handshake.BYTES]

    cookie = handshake.cookie(number, public[1], chance.randbytes(16), bytes(32))
    signed = b"x" * 100
    signature, key = b.sign(signed), b.public_key()
    one = least_us(lambda data: key.verify(signature, data), [signed] * DATAGRAMS)

    def takes(datagram: bytes) -> float:
        def act(data: bytes) -> None:
            ours.receive_datagram(data, ("m", 1), 0)
            while ours.poll_transmit() is not None:
                pass

        return least_us(act, [datagram] * DATAGRAMS) / one

    # A question of ours must have been sent for its answer to be looked at.
    reply = theirs_cookie(theirs, handshake.hail(number, public[0]))
    ours.receive_datagram(reply, ("b", 1), 0)
    (sent,) = ours._questions[number].sent
    answer = forged(handshake.ANSWER)
    answer = answer[:78] + sent + answer[94:]
    assert host_of(public[1]) in ours.hosts()
    return [
        ("a forged answer to an open question", takes(answer)),
        ("a forged question", takes(forged(handshake.QUESTION))),
        ("a forged cookie", takes(cookie)),
        (
            "a hail in another host's name, with the cookie sent",
            takes(handshake.hail(7, public[1])),
        ),
        ("a datagram of a stranger", takes(handshake.hail(7, bytes(32)))),
    ]


def theirs_cookie(channel: Channel, hail: bytes) -> bytes:
    channel.receive_datagram(hail, ("a", 1), 0)
    outgoing = channel.poll_transmit()
    assert outgoing is not None
    return outgoing.data


def costs_on_badge() -> list[str]:
    """What tag, cipher and verification take of a frame of voice, in lines."""
    frames = count_frames()
    lines = ["## What trust costs a badge", ""]
    lines += ["Tag, cipher and verification in 20 ms of voice, counted in instructions of bytecode"]
    lines += [
        "and in blocks. The chip's instructions are reckoned from these, not measured, as if it"
    ]
    lines += [f"had no hardware for either kind of block. {TRUST_MAX:,} are allowed"]
    lines += ["(`tests/firmware/test_bench_badge.py`)."]
    lines += ["", "| badge | bytecodes | blocks of SHA-256 | blocks of AES | instructions |"]
    lines += ["|---|--:|--:|--:|--:|"]
    for what in ("talk", "listen"):
        trust = frames[what].trust
        lines.append(
            f"| {what}s | {trust.bytecodes:.0f} | {trust.sha_blocks:.1f} | {trust.aes_blocks:.1f} "
            f"| {frames[what].trust_instructions:,.0f} |"
        )
    return lines


def written(engines: Outcome, processes: Outcome) -> str:
    lines = [HEAD.format(source=source())]
    for path in sources():
        lines += [f"## {path.relative_to(ROOT)}", "", "| attack, and what must be true | held |"]
        lines.append("|---|---|")
        lines += [f"| {words} | {engines.word(words)} |" for words in attacks(path)]
        lines.append("")
    lines += ["## Against running processes", "", "In real time, on the machine that wrote this."]
    lines += ["", "| attack, and what must be true | held | measured |", "|---|---|---|"]
    for path in AT_PROCESSES:
        for words in attacks_at(path):
            found = processes.measured.get("test_" + words.replace(" ", "_"), [])
            told = "; ".join(f"{name}: {value}" for name, value in found)
            lines.append(f"| {words} | {processes.word(words)} | {told} |")
    lines.append("")
    lines += ["## What the model rests on", "", "Every test that security-model.md names, played."]
    lines += ["", "| file | tests | held |", "|---|--:|---|"]
    for file in named():
        outcome = processes if file.startswith("tests/e2e/") else engines
        lines.append(outcome.row(file))
    lines.append("")
    lines += ["## What a flood costs a host", "", "In one run, as a share of what one signature"]
    lines += ["costs to check.", "", "| datagram | share |", "|---|--:|"]
    lines += [f"| {what} | {share:.2f} |" for what, share in costs_between_hosts()]
    lines += ["", *costs_on_badge()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="python -m tests.hostile.report")
    options.add_argument("--check", action="store_true", help="only say what has changed")
    if options.parse_args().check:
        print(stale(), end="\n" if stale() else "")
        sys.exit(0)
    engines, processes = played(), played_at_processes()
    REPORT.write_text(written(engines, processes), "utf-8")
    sys.exit(0 if engines.is_good and processes.is_good else 1)
