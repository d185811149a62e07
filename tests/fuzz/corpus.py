"""Where a fuzzer starts: the inputs that are kept in corpus/, and the datagrams of the vectors.

A file of corpus/ holds the inputs of one harness, one a line in hex.
"""

from __future__ import annotations

import json
from pathlib import Path

from ptt.wire import messages

KEPT = Path(__file__).parent / "corpus"
VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def vector_datagrams() -> list[bytes]:
    """Every datagram of the vectors, in the order of their files."""
    files = sorted(path for path in VECTORS.rglob("*.json"))
    vectors = [json.loads(path.read_text("utf-8")) for path in files]
    return [bytes.fromhex(vector["hex"]) for vector in vectors if "hex" in vector]


def kept_file(harness: str) -> Path:
    return KEPT / f"{harness}.hex"


def keep(harness: str, inputs: list[bytes]) -> None:
    """Shortest first, so that a change of few inputs changes few lines."""
    lines = [data.hex() for data in sorted(set(inputs), key=lambda data: (len(data), data))]
    kept_file(harness).write_text("\n".join([*lines, ""]), encoding="utf-8")


def seeds(harness: str) -> list[bytes]:
    """What `harness` is tried with first."""
    kept = [bytes.fromhex(line) for line in kept_file(harness).read_text("utf-8").splitlines()]
    datagrams = [data for data in vector_datagrams() if len(data) > 24]
    if harness in ("envelope", "voice"):
        return kept + datagrams
    if harness == "evolution":
        return kept + [data[1:2] + data[24:] for data in datagrams]
    if harness == "codec":
        kinds = sorted(messages.LAYOUTS)
        known = [data for data in datagrams if data[1] in kinds]
        return kept + [bytes([kinds.index(data[1])]) + data[24:] for data in known]
    return kept
