"""docs/reports/phase7-security.md: which attacks are tried, whether they are held off, what a
flood costs a host, and what tags and cipher cost a badge. `make report-phase7` plays all attacks
and writes it.
"""

from __future__ import annotations

import ast
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.firmware.bench_badge import TRUST_MAX, count_frames

from pressel.node.channel import handshake
from pressel.node.channel.channel import Channel, host_of

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs/reports/phase7-security.md"
AT_HOSTS = tuple(
    ROOT / "tests/host" / f"test_{name}.py"
    for name in ("node_channel", "registry_copies", "log_copy", "alike", "authority_files")
)
AT_PROCESSES = {  # files whose proofs are attacks in real time: the words of those that are
    ROOT / "tests/e2e/test_floods.py": "",
    ROOT / "tests/e2e/test_nodes.py": "flooded",
}
ROUNDS = 5  # the least of them counts: a busy machine only makes it longer
DATAGRAMS = 2_000

HEAD = """\
# Phase 7: attacks tried, and what they cost

Written by `make report-phase7`, which plays every attack below; a test says when one is missing
here. What the product promises, and what it does not, is in
[security-model.md](../security-model.md).
"""


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


class Outcome:
    """Which tests passed, which did not, and what they measured."""

    def __init__(self) -> None:
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.measured: dict[str, list[tuple[str, object]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.split("::")[-1].split("[")[0]
        if report.failed:
            self.failed.add(name)
        elif report.when == "call" and report.passed:
            self.passed.add(name)
            self.measured[name] = report.user_properties

    def word(self, attack: str) -> str:
        """Whether `attack` was held off, or "not played"."""
        name = "test_" + attack.replace(" ", "_")
        if name in self.failed:
            return "no"
        return "yes" if name in self.passed else "not played"


def played() -> Outcome:
    """All attacks once."""
    outcome = Outcome()
    pytest.main(["-q", *map(str, sources())], plugins=[outcome])
    return outcome


def played_at_processes() -> Outcome:
    """Those that take real time, unless they have passed before in this same tree."""
    outcome = Outcome()
    for path, words in AT_PROCESSES.items():
        chosen = ["-k", words] if words else []
        pytest.main(["-q", "-m", "proof", *chosen, str(path)], plugins=[outcome])
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
    lines = [HEAD]
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
    lines += ["## What a flood costs a host", "", "In one run, as a share of what one signature"]
    lines += ["costs to check.", "", "| datagram | share |", "|---|--:|"]
    lines += [f"| {what} | {share:.2f} |" for what, share in costs_between_hosts()]
    lines += ["", *costs_on_badge()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    engines, processes = played(), played_at_processes()
    REPORT.write_text(written(engines, processes), "utf-8")
    sys.exit(1 if engines.failed or processes.failed else 0)
