"""Reads docs/protocol-v2.md and its annexes as a stranger would: their tables, and nothing of our
code.

It takes datagrams apart with what it finds there, so the document itself is under test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
CORE = DOCS / "protocol-v2.md"
ANNEXES = tuple(
    DOCS / "protocol" / f"{name}.md"
    for name in ("numbers", "hosts", "updates", "reports", "networks", "multicast", "relays")
)
VECTORS = DOCS / "protocol" / "vectors.md"

Row = dict[str, str]


@dataclass(frozen=True)
class Example:
    """One datagram of the vectors, and what the document says it holds."""

    title: str
    name: str
    data: bytes
    envelope: str
    rows: tuple[Row, ...]


class ProtocolPages:
    """The document and its annexes, by their tables."""

    def __init__(self, core: str, annexes: str, vectors: str) -> None:
        self.core = core
        self.text = core + "\n" + annexes
        self.vectors = vectors

    def section(self, heading: str, text: str = "") -> str:
        """What stands below a heading, up to the next one as high or higher."""
        text = text or self.text
        found = re.search(rf"^(#+) {re.escape(heading)}.*?$", text, re.MULTILINE)
        assert found, f"no heading {heading}"
        rest = text[found.end() :]
        end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
        return rest[: end.start()] if end else rest

    def tables(self, heading: str, text: str = "") -> list[list[Row]]:
        """Every table of a section, its rows by the names of the columns."""
        return _tables(self.section(heading, text))

    def messages(self) -> dict[str, tuple[int, list[Row]]]:
        """Number and fields of each message, by its name."""
        headings = re.findall(r"^#### (\w+) \((\d+)\)$", self.text, re.MULTILINE)
        assert len(set(headings)) == len(headings), "a message stands there twice"
        return {
            name: (int(number), self.tables(f"{name} ({number})")[0]) for name, number in headings
        }

    def examples(self) -> list[Example]:
        titles = re.findall(r"^### (\d+\. (\w+), .*)$", self.vectors, re.MULTILINE)
        return [self._example(title, name) for title, name in titles]

    def _example(self, title: str, name: str) -> Example:
        text = self.section(title, self.vectors)
        dump = re.search(r"```\n(.*?)```", text, re.DOTALL)
        envelope = re.search(r"^session .*$", text, re.MULTILINE)
        assert dump and envelope
        rows = tuple(_tables(text)[0])
        return Example(title, name, bytes.fromhex(dump[1]), envelope[0], rows)

    def keys(self) -> dict[str, bytes]:
        """The keys that the vectors give, by what they are."""
        rows = self.tables("Keys", self.vectors)[0]
        return {row["what"]: bytes.fromhex(row["bytes"].strip("`")) for row in rows}

    def envelope(self, data: bytes) -> dict[str, int]:
        """The numbers before a payload, by the table of section 2."""
        found = {}
        for row in self.tables("Envelope")[0]:
            if row["at"].isdigit() and row["bytes"].isdigit():
                at, size = int(row["at"]), int(row["bytes"])
                found[row["name"]] = int.from_bytes(data[at : at + size], "big")
        return found

    def fields(self, name: str, payload: bytes) -> tuple[dict[str, int | bytes], bytes]:
        """The fields of a message by its table, and the bytes that follow them."""
        values: dict[str, int | bytes] = {}
        at = 0
        for row in self.messages()[name][1]:
            kind = row["type"]
            if kind == "bytes":
                continue
            missing = re.search(r"missing means (\w+)", row["meaning"])
            if missing and at == len(payload):
                values[row["field"]] = (
                    int(missing[1]) if kind[0] == "u" else bytes.fromhex(missing[1])
                )
                continue
            if row["at"]:
                assert int(row["at"]) == at, f"{name}.{row['field']} is not at {row['at']}"
            if kind == "text":
                size = payload[at]
                at += 1
            else:
                size = int(kind[3:]) if kind.startswith("raw") else int(kind[1:]) // 8
            raw = payload[at : at + size]
            assert len(raw) == size
            at += size
            value = int.from_bytes(raw, "big") if kind[0] == "u" else raw
            _check_range(row, value)
            values[row["field"]] = value
        return values, payload[at:]

    def enum(self, name: str) -> dict[int, str]:
        rows = [row for table in _tables(self.text) for row in table if "enum" in row]
        return {int(row["value"]): row["name"] for row in rows if row["enum"] == name}

    def steps(self) -> list[int]:
        """The coder's step table."""
        rows = self.tables("An IMA-ADPCM frame")[1]
        return [int(step) for row in rows for step in row["step"].split(", ")]

    def index_steps(self) -> list[int]:
        return [int(row["added to the index"]) for row in self.tables("An IMA-ADPCM frame")[2]]


def _tables(text: str) -> list[list[Row]]:
    found: list[list[Row]] = []
    for block in re.findall(r"(?:^\|.*\|\n)+", text + "\n", re.MULTILINE):
        names, _, *rows = [_cells(line) for line in block.splitlines()]
        found.append([dict(zip(names, cells, strict=True)) for cells in rows])
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def _check_range(row: Row, value: int | bytes) -> None:
    size = value if isinstance(value, int) else len(value)
    low, _, high = row["range"].removesuffix(" bytes").partition(" to ")
    assert int(low) <= size <= int(high or low), f"{row['field']} is out of its range"


def read_pages() -> ProtocolPages:
    core, *annexes, vectors = (path.read_text("utf-8") for path in (CORE, *ANNEXES, VECTORS))
    return ProtocolPages(core, "\n".join(annexes), vectors)
