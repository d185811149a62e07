"""docs/protocol-v2.md: its examples against the codec, and against a reader of the document alone.

Datagrams are taken apart twice: by the real codec, and by `ProtocolPages`, which knows only the
document's tables. Both must find what the document says of them.
"""

from __future__ import annotations

import importlib
import re
from array import array

import crcmod.predefined
import pytest
from tests.host.protocol_pages import Example, ProtocolPages, Row, read_pages

from ptt.base import numbers
from ptt.media import adpcm
from ptt.wire import codec, envelope, messages

PAGES = read_pages()
EXAMPLES = PAGES.examples()
HEADER = 24

crc32 = crcmod.predefined.mkCrcFun("crc-32")


def by_title(example: Example) -> str:
    return example.title


def test_every_message_has_an_example() -> None:
    assert {example.name for example in EXAMPLES} == set(PAGES.messages())


@pytest.mark.parametrize("example", EXAMPLES, ids=by_title)
def test_an_example_reads_as_the_document_says(example: Example) -> None:
    """Only the document's tables are used."""
    head = PAGES.envelope(example.data)
    payload = example.data[HEADER:]
    assert head["msgType"] == PAGES.messages()[example.name][0]
    assert head["payloadLen"] == len(payload)
    assert head["crc"] == crc32(payload + example.data[:20])
    assert example.envelope == (
        f"session {head['sessionId']}, source {head['sourceNodeId']}, "
        f"payload {len(payload)} bytes, seq {head['seq']}, "
        f"timestamp {head['timestamp']}, CRC `{head['crc']:08x}`"
    )
    fields, rest = PAGES.fields(example.name, payload)
    said = [row for row in example.rows if row["field"] in fields]
    assert [row["field"] for row in said] == list(fields)
    for row in said:
        assert row["value"] == in_words(example.name, row["field"], fields[row["field"]])
    assert bool(rest) == (example.name in ("VOICE_FRAME", "UPDATE_OFFER", "UPDATE_CHUNK"))


def in_words(message: str, field: str, value: int | bytes) -> str:
    """A value as the example's table writes it."""
    row = next(row for row in PAGES.messages()[message][1] if row["field"] == field)
    if isinstance(value, bytes):
        return f'"{value.decode()}"' if row["type"] == "text" else f"`{value.hex()}`"
    enum = re.search(r"\(enum (\w+)\)", row["meaning"])
    return f"{value} ({PAGES.enum(enum[1])[value]})" if enum else str(value)


@pytest.mark.parametrize("example", EXAMPLES, ids=by_title)
def test_bytes_of_an_example_lie_where_it_says(example: Example) -> None:
    for row in example.rows:
        raw = bytes.fromhex(row["bytes"].split("`")[1])
        at = HEADER + int(row["at"])
        assert example.data[at : at + len(raw)] == raw


@pytest.mark.parametrize("example", EXAMPLES, ids=by_title)
def test_the_codec_reads_an_example_alike(example: Example) -> None:
    data = example.data
    assert envelope.check(data) == 0
    fields, _ = PAGES.fields(example.name, data[HEADER:])
    assert codec.decode(data[1], data, HEADER, len(data)) == list(fields.values())
    side = 2 if envelope.source_node(data) == envelope.LEADER_NODE else 1
    assert messages.SENDERS[data[1]] & side


def test_a_damaged_example_is_noticed() -> None:
    damaged = bytearray(EXAMPLES[0].data)
    damaged[40] ^= 1
    assert PAGES.envelope(bytes(damaged))["crc"] != crc32(damaged[HEADER:] + damaged[:20])


def test_the_checksum_is_worked_out_right() -> None:
    assert "`cbf43926`" in PAGES.section("The CRC") and crc32(b"123456789") == 0xCBF43926
    payload, head = PAGES.tables("The CRC")[0]
    first, second = (bytes.fromhex(row["bytes"].strip("`")) for row in (payload, head))
    assert payload["CRC-32"] == f"`{crc32(first):08x}`"
    assert head["CRC-32"] == f"`{crc32(first + second):08x}`"
    request = EXAMPLES[9].data
    assert (first, second) == (request[HEADER:], request[:20])
    assert int(head["CRC-32"].strip("`"), 16) == PAGES.envelope(request)["crc"]


# --- the coder, written again from section 8 ---


class Coder:
    """Section 8 as a stranger would write it."""

    def __init__(self, predictor: int = 0, index: int = 0) -> None:
        self.predictor, self.index = predictor, index
        self._steps, self._index_steps = PAGES.steps(), PAGES.index_steps()

    def decode(self, code: int) -> int:
        step = self._steps[self.index]
        delta = step // 8
        delta += step if code & 4 else 0
        delta += step // 2 if code & 2 else 0
        delta += step // 4 if code & 1 else 0
        moved = self.predictor - delta if code & 8 else self.predictor + delta
        self.predictor = max(-32768, min(32767, moved))
        self.index = max(0, min(88, self.index + self._index_steps[code & 7]))
        return self.predictor

    def encode(self, sample: int) -> int:
        step = self._steps[self.index]
        difference = sample - self.predictor
        code = 8 if difference < 0 else 0
        difference = abs(difference)
        for bit, part in ((4, step), (2, step // 2), (1, step // 4)):
            if difference >= part:
                code += bit
                difference -= part
        self.decode(code)
        return code


def saw() -> list[int]:
    return [n * 700 % 9000 - 4500 for n in range(320)]


def example_frame() -> bytes:
    return next(each.data for each in EXAMPLES if each.name == "VOICE_FRAME")[HEADER + 14 :]


def test_the_coder_writes_the_frame_of_the_example() -> None:
    coder = Coder()
    codes = [coder.encode(sample) for sample in saw()]
    pairs = zip(codes[::2], codes[1::2], strict=True)
    assert example_frame() == bytes(4) + bytes(low | high << 4 for low, high in pairs)


def test_the_coder_reads_the_frame_of_the_example() -> None:
    frame = example_frame()
    coder = Coder(int.from_bytes(frame[:2], "big", signed=True), frame[2])
    heard = [coder.decode(code) for byte in frame[4:] for code in (byte & 15, byte >> 4)]
    ours = array("h", bytes(640))
    adpcm.decode(frame, 0, ours)
    assert heard == list(ours)
    said = {row["what"]: row["its beginning"] for row in PAGES.tables("An IMA-ADPCM frame")[3]}
    assert said["samples spoken"] == ", ".join(map(str, saw()[:8]))
    assert said["samples heard"] == ", ".join(map(str, heard[:8]))
    assert said["frame"] == f"`{frame[:8].hex(' ')}`"


# --- its words ---


def test_numbers_in_the_text_are_the_code_s() -> None:
    """The text writes a number as `NAME` (value unit)."""
    named = re.findall(r"`([A-Z][A-Z_]+)`\s\((\d+)", PAGES.text)
    assert len(named) > 25
    wrong = [f"{name} ({said})" for name, said in named if getattr(numbers, name) != int(said)]
    assert wrong == []


def test_names_of_numbers_exist() -> None:
    names = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGES.text)) - {"PORT"}
    assert [name for name in sorted(names) if not hasattr(numbers, name)] == []


def test_the_times_of_eight_tries_are_right() -> None:
    at_ms, wait_ms, times = 0, numbers.REQUEST_RETRY_MS, []
    for _ in range(numbers.REQUEST_TRIES_MAX):
        times.append(at_ms)
        at_ms += wait_ms
        wait_ms = min(2 * wait_ms, numbers.REQUEST_RETRY_MS_MAX)
    words = re.sub(r"\s+", " ", PAGES.section("13. Repetition"))
    assert f"{', '.join(map(str, times[:-1]))} and {times[-1]} ms after the first" in words
    assert f"ends at {at_ms} ms" in words


@pytest.mark.parametrize(
    ("heading", "module"),
    [
        ("9. Membership", "ptt.badge.join"),
        ("10. The floor at a participant", "ptt.badge.floor"),
        ("16. The leader", "ptt.leader.floor.arbitrator"),
    ],
)
def test_every_action_is_explained(heading: str, module: str) -> None:
    rules = importlib.import_module(module).RULES
    actions = {action.replace("_", " ") for _, _, _, action in rules if action}
    explained = {word for row in explanations(PAGES, heading) for word in row.split(", ")}
    assert actions == explained


def explanations(pages: ProtocolPages, heading: str) -> list[str]:
    tables: list[list[Row]] = pages.tables(heading)
    return [
        row["action"] for rows in tables for row in rows if "state" not in row and "action" in row
    ]


def test_every_section_that_is_named_exists() -> None:
    there = {int(number) for number in re.findall(r"^## (\d+)\. ", PAGES.text, re.MULTILINE)}
    named = {int(number) for number in re.findall(r"[Ss]ection (\d+)", PAGES.text)}
    assert there == set(range(1, len(there) + 1)) and named <= there
