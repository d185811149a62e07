"""docs/protocol-v2.md and its annexes: their datagrams against the codec, against a reader of the
pages alone, and against a real badge.

Datagrams are opened and taken apart twice: by the real codec, and by `VectorReader` and
`ProtocolPages`, which know only the pages. All must find what the pages say of them.
"""

from __future__ import annotations

import hmac
import importlib
import re
from array import array
from pathlib import Path

import crcmod.predefined
import pytest
from tests.host.protocol_pages import Example, ProtocolPages, Row, read_pages
from tests.host.vector_reader import TAG_BYTES, VectorReader
from tests.shared.aes import block_cipher

from pressel.docs.conversation import ADA_SESSION
from ptt.badge.floor import HAS_PERMISSION, QUEUED
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base import events, numbers
from ptt.media import adpcm
from ptt.wire import codec, envelope, messages

ROOT = Path(__file__).resolve().parents[2]
PAGES = read_pages()
EXAMPLES = PAGES.examples()
HEADER = 24
CORE_LINES_MAX = 1110  # what a client needs; the rest stands in annexes


def readable() -> dict[str, bytes]:
    """The payload of each example, by its title, as somebody with the keys reads it."""
    reader = VectorReader(PAGES)
    return {example.title: reader.read(example) for example in EXAMPLES}


READABLE = readable()  # every tag and proof has been checked by now

crc32 = crcmod.predefined.mkCrcFun("crc-32")


def by_title(example: Example) -> str:
    return example.title


def payload_of(example: Example) -> bytes:
    """As it travels."""
    size = PAGES.envelope(example.data)["payloadLen"]
    return example.data[HEADER : HEADER + size]


def test_every_message_stands_in_the_pages_and_has_an_example() -> None:
    assert {example.name for example in EXAMPLES} == set(PAGES.messages())
    numbers = {number for number, _ in PAGES.messages().values()}
    assert numbers == {kind for kind, sender in enumerate(messages.SENDERS) if sender}


def test_the_keys_that_are_given_are_those_that_come_of_the_datagrams() -> None:
    given = PAGES.keys()
    reader = VectorReader(PAGES)
    seen: dict[str, bytes] = {}
    for example in EXAMPLES:
        reader.read(example)
        for number, session in reader.sessions.items():
            who = "Ada" if session.device_key == reader.ada else "Ben"
            assert number == PAGES.envelope(example.data)["sessionId"] or len(reader.sessions) > 1
            when = "after REKEYED, " if session.secret == given["secret after REKEYED"] else ""
            for name, key in session.keys.items():
                seen[f"{name} of {who}, {when}term {session.term}"] = key
    for (group, mark), key in reader.group_keys.items():
        seen[f"group key of group {group}, epoch {reader.epochs[mark]}"] = key
    assert reader.secret == given["secret of Ada's session"]
    derived = {what: key for what, key in given.items() if " of group " in what or "term" in what}
    assert seen == derived


@pytest.mark.parametrize("example", EXAMPLES, ids=by_title)
def test_an_example_reads_as_the_pages_say(example: Example) -> None:
    """Only the pages' tables are used."""
    head = PAGES.envelope(example.data)
    payload = payload_of(example)
    assert head["msgType"] == PAGES.messages()[example.name][0]
    assert head["crc"] == crc32(payload + example.data[:20])
    said = (
        f"session {head['sessionId']}, source {head['sourceNodeId']}, "
        f"payload {len(payload)} bytes, seq {head['seq']}, "
        f"timestamp {head['timestamp']}, CRC `{head['crc']:08x}`, "
    )
    is_clear = example.name in ("HELLO", "CHALLENGE", "ANSWER", "NACK")
    flags, tag = example.data[2:4].hex(" "), example.data[-TAG_BYTES:].hex()
    said += "in the clear" if is_clear else f"flags `{flags}`, tag `{tag}`"
    assert example.envelope == said
    fields, rest = PAGES.fields(example.name, payload)
    rows = [row for row in example.rows if row["field"] in fields]
    assert [row["field"] for row in rows] == list(fields)[: len(rows)]
    for row in rows:
        assert row["value"] == in_words(example.name, row["field"], fields[row["field"]])
    with_tails = ("VOICE_FRAME", "MULTICAST_VOICE", "UPDATE_OFFER", "UPDATE_CHUNK")
    assert bool(rest) == (example.name in with_tails)


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
        at = int(row["at"])
        raw = bytes.fromhex(row["bytes"].split("`")[1])
        assert example.data[HEADER + at : HEADER + at + len(raw)] == raw
        meant = re.match(r"decrypted: `(.*)`", row["value"])
        if meant:
            frame = bytes.fromhex(meant[1])
            assert READABLE[example.title][at : at + len(frame)] == frame
            assert frame[2] <= 88 and frame[3] == 0  # a step index, and zero: sound


@pytest.mark.parametrize("example", EXAMPLES, ids=by_title)
def test_the_codec_reads_an_example_alike(example: Example) -> None:
    data = example.data
    assert envelope.check_whole(data) == 0
    side = 2 if envelope.source_node(data) == envelope.LEADER_NODE else 1
    assert envelope.check_type(data, side) == 0
    fields, _ = PAGES.fields(example.name, payload_of(example))
    assert codec.decode(data[1], data, HEADER, envelope.payload_end(data)) == list(fields.values())


def test_a_damaged_example_is_noticed() -> None:
    damaged = bytearray(EXAMPLES[0].data)
    damaged[40] ^= 1
    assert PAGES.envelope(bytes(damaged))["crc"] != crc32(damaged[HEADER:] + damaged[:20])


@pytest.mark.parametrize("at", [3, 12, 30, -1])
def test_a_forged_example_is_noticed(at: int) -> None:
    reader = VectorReader(PAGES)
    for example in EXAMPLES[:9]:
        reader.read(example)
    forged = bytearray(EXAMPLES[9].data)
    forged[at] ^= 2
    with pytest.raises(AssertionError):
        reader.read(Example("forged", EXAMPLES[9].name, bytes(forged), "", ()))


class Chosen:
    """Unpredictable bytes, as Ada's vectors have them."""

    def __init__(self) -> None:
        self.left = [PAGES.keys()["own nonce of Ada"]]

    def __call__(self, count: int) -> bytes:
        value = self.left.pop(0)
        assert len(value) == count
        return value


def test_a_real_badge_says_what_ada_says_and_obeys_what_she_is_told() -> None:
    """The vectors put on the wire as they stand."""
    at_the_leader = ("192.168.1.8", 47800)
    hello = PAGES.fields("HELLO", payload_of(EXAMPLES[0]))[0]
    device, key = hello["device"], PAGES.keys()["device key of Ada"]
    assert isinstance(device, bytes) and isinstance(hello["nonce"], int)
    ada = Participant(device, b"Ada", b"doc 1", at_the_leader, 1, key, block_cipher, Chosen())
    ada.join.nonce = hello["nonce"]
    ada.membership.claims = 0  # as a build has it that reads texts in the clear only
    ada.start(5_000)
    told = {example.title: example for example in EXAMPLES}
    assert sent_by(ada) == [payload_of(EXAMPLES[0])]
    now_ms = 5_010
    reasons: list[str] = []
    for title, example in told.items():
        if title.endswith("the leader to Ada") and example.name != "NACK":
            before = ada.refusals.as_dict()
            ada.receive_datagram(example.data, at_the_leader, now_ms)
            now_ms += 1
            after = ada.refusals.as_dict()
            reasons += [f"{title}: {each}" for each in after if after[each] != before.get(each, 0)]
            if example.name == "CHALLENGE":
                assert sent_by(ada) == [payload_of(EXAMPLES[2])]
            elif example.name == "HEARTBEAT":
                assert ada.join.state == JOINED
                ada.press(now_ms)
            elif title.startswith("11."):
                assert ada.floor.state == HAS_PERMISSION
                ada.release(now_ms)
                ada.handle_timeout(now_ms + numbers.RELEASE_TAIL_MS_MAX)
            elif example.name == "FLOOR_TAKEN":
                ada.press(now_ms)
            elif title.startswith("25."):
                assert ada.floor.state == QUEUED
                break
        sent_by(ada)
    assert [reason for reason in reasons if not reason.endswith("accepted")] == []
    kinds = []
    while (event := ada.next_event()) is not None:
        kinds.append(events.NAMES[event[0]])
    assert [kind for kind in kinds if kind in ("joined", "granted", "receipt", "revoked")] == [
        "joined",
        "granted",
        "receipt",
        "granted",
        "revoked",
    ]


def sent_by(engine: Participant) -> list[bytes]:
    """Payloads of what waits to be sent."""
    sent = []
    while (datagram := engine.poll_transmit()) is not None:
        data = bytes(datagram.data)
        sent.append(data[HEADER : envelope.payload_end(data)])
    return sent


def test_the_checksum_is_worked_out_right() -> None:
    assert "`cbf43926`" in PAGES.section("Envelope") and crc32(b"123456789") == 0xCBF43926
    payload, head = next(rows for rows in PAGES.tables("Envelope") if "step" in rows[0])
    first, second = (bytes.fromhex(row["bytes"].strip("`")) for row in (payload, head))
    assert payload["CRC-32"] == f"`{crc32(first):08x}`"
    assert head["CRC-32"] == f"`{crc32(first + second):08x}`"
    request = EXAMPLES[9]
    assert (first, second) == (payload_of(request), request.data[:20])
    assert int(head["CRC-32"].strip("`"), 16) == PAGES.envelope(request.data)["crc"]


# --- the coder, written again from section 10 ---


class Coder:
    """Section 10 as a stranger would write it."""

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
    """The first of a burst, decrypted."""
    title = next(each.title for each in EXAMPLES if each.name == "VOICE_FRAME")
    return READABLE[title][14 : 14 + numbers.ADPCM_FRAME_BYTES]


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
    words = re.sub(r"\s+", " ", PAGES.section("9. Repetition"))
    assert f"{', '.join(map(str, times[:-1]))} and {times[-1]} ms after the first" in words
    assert f"ends at {at_ms} ms" in words


@pytest.mark.parametrize(
    ("heading", "module"),
    [
        ("6. Staying a member", "ptt.badge.join"),
        ("7. The floor", "ptt.badge.floor"),
        ("The floor", "ptt.leader.floor.arbitrator"),
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
    """Annexes use those of the core, too."""
    there = {int(number) for number in re.findall(r"^## (\d+)\. ", PAGES.core, re.MULTILINE)}
    said = PAGES.text + PAGES.vectors
    named = {int(number) for number in re.findall(r"[Ss]ection (\d+)", said)}
    assert there == set(range(1, len(there) + 1)) and named <= there


def test_the_number_of_vectors_is_right() -> None:
    assert f"{len(EXAMPLES)} datagrams as they travel" in PAGES.core


def test_the_core_is_short_enough_to_be_read() -> None:
    assert len(PAGES.core.splitlines()) < CORE_LINES_MAX


def test_the_example_of_an_encrypted_text_is_right() -> None:
    """By the document's words, with another library: HMAC over session, seq, way and block."""
    text = (ROOT / "docs/protocol/texts.md").read_text("utf-8")
    clear, air = (bytes.fromhex(each) for each in re.findall(r"\| `([0-9a-f ]+)` \|", text)[:2])
    key = hmac.digest(PAGES.keys()["wrap of Ada, term 57"], b"pressel 2 text", "sha256")
    place = ADA_SESSION.to_bytes(4, "big") + (13).to_bytes(4, "big") + bytes([0, 0])
    pad = hmac.digest(key, place, "sha256")
    assert air == bytes(a ^ b for a, b in zip(clear, pad, strict=False))
    own = "TEXT_MESSAGE, Ada to the leader"
    assert [clear] == [payload_of(each) for each in EXAMPLES if each.title.endswith(own)]
