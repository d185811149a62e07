"""The Wireshark dissector over recorded, made and damaged datagrams."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.host.capture import TSHARK, WITHOUT, Packet, Seen, Tshark, write_pcap
from tests.shared.venue import LEADER, Venue

from pressel.dissector import make_dissector
from pressel.dissector.make import SUMMARIES
from pressel.docs.conversation import play, vectors
from pressel.schema.messages import MessageTable, load_table
from ptt.base.numbers import DATAGRAM_BYTES_MAX, PORT
from ptt.wire import codec, envelope, messages, voice

needs_tshark = pytest.mark.skipif(TSHARK is None, reason=WITHOUT)

LEADER_HOST = (1, PORT)
BADGE_HOST = (2, 50_001)
ELSEWHERE = (1, 40_000)


@pytest.fixture
def tshark(tmp_path: Path) -> Tshark:
    return Tshark(tmp_path)


def towards_leader(data: bytes) -> Packet:
    return Packet(BADGE_HOST, LEADER_HOST, data)


def sent(title: str) -> bytes:
    """The first datagram of the document's example whose title starts so."""
    return next(data for name, data in play() if name.startswith(title))


def recorded_session() -> list[Packet]:
    """Three badges, one after the other and two at once; a text; a leader that resigns."""
    packets: list[Packet] = []

    def record(data: bytes, source: tuple[str, int], destination: tuple[str, int]) -> bool:
        packets.append(Packet(_host(source), _host(destination), data))
        return False

    venue = Venue(badges=3)
    venue.loses = record
    venue.run(1500)
    venue.press("A")
    venue.run(100)
    venue.press("B")
    venue.run(400)
    venue.release("A")
    venue.run(500)
    venue.release("B")
    venue.run(2000)
    venue.badge("C").engine.keyboard.send("Grüße".encode(), venue.now_ms)
    venue.run(200)
    venue.press("C")
    venue.badge("C").hears_itself = False
    venue.run(3000)
    venue.leader.resign(venue.now_ms)
    venue.collect_leader()
    return packets


def _host(address: tuple[str, int]) -> tuple[int, int]:
    return LEADER_HOST if address == LEADER else (address[1] + 2, 50_000 + address[1])


@needs_tshark
def test_a_recorded_session_names_every_datagram(tshark: Tshark, tmp_path: Path) -> None:
    """What the session lacks comes from the document's example, so all types occur."""
    packets = recorded_session()
    table = load_table()
    missing = {each.number for each in table.message} - {packet.data[1] for packet in packets}
    packets += [towards_leader(data) for _, data in play() if data[1] in missing]
    shown = tshark.read(write_pcap(tmp_path / "session.pcap", packets))
    assert len(shown) == len(packets)
    for packet, seen in zip(packets, shown, strict=True):
        name = table.name_of(packet.data[1])
        assert seen.info.split()[0] == name, seen.info
        assert "malformed" not in seen.info and "{" not in seen.info and "nil" not in seen.info
        assert seen.faults == (), (seen.info, seen.faults)
        assert seen.field("pressel.crc.status") == "1"
    assert {packet.data[1] for packet in packets} == {each.number for each in table.message}


@needs_tshark
def test_every_field_shows_its_value(tshark: Tshark, tmp_path: Path) -> None:
    datagrams = [data for _, data in play()]
    table = load_table()
    file = write_pcap(tmp_path / "fields.pcap", map(towards_leader, datagrams))
    for data, seen in zip(datagrams, tshark.read(file), strict=True):
        assert seen.field("pressel.session") == str(envelope.session_id(data))
        assert seen.field("pressel.seq") == str(envelope.seq(data))
        for name, value in fields_of(table, data).items():
            assert seen.field(name) == value


def fields_of(table: MessageTable, data: bytes) -> dict[str, str]:
    """Each field, by its name in Wireshark, as the real codec reads it."""
    message = next(each for each in table.message if each.number == data[1])
    end = envelope.payload_end(data)
    values = codec.decode(data[1], data, envelope.HEADER_BYTES, end)
    found = {}
    size, sent_fields = end - envelope.HEADER_BYTES, len(values)
    while (
        sent_fields
        and codec.encode(bytearray(1200), 0, data[1], tuple(values[:sent_fields])) > size
    ):
        sent_fields -= 1  # an appended field that was left out: Wireshark shows none
    for row, value in zip(message.fields[:sent_fields], values[:sent_fields], strict=True):
        if isinstance(value, bytes):
            value = value.decode() if row.type == "text" else value.hex(":")
        found[f"pressel.{message.name.lower()}.{row.name}"] = str(value)
    return found


@pytest.mark.sweep(1)
@needs_tshark
@pytest.mark.parametrize(
    ("title", "info"),
    [
        ("FLOOR_GRANT", "FLOOR_GRANT lease 7 to request 1"),
        ("FLOOR_DENIED", "FLOOR_DENIED request 3: not_entitled"),
        ("VOICE_FRAME", "VOICE_FRAME lease 7 talker 2 frames 0 to 2"),
        ("TEXT_MESSAGE", "TEXT_MESSAGE 1 from Ada: Tür 3 öffnen"),
        ("NACK", "NACK unknown_session, about type 3"),
        ("HELLO", "HELLO Ada, build doc 1"),
    ],
)
def test_the_info_column_says_what_matters(
    tshark: Tshark, tmp_path: Path, title: str, info: str
) -> None:
    file = write_pcap(tmp_path / "one.pcap", [towards_leader(sent(title))])
    assert tshark.read(file)[0].info == info


@needs_tshark
def test_the_document_s_datagrams_are_shown_as_they_travel(tshark: Tshark, tmp_path: Path) -> None:
    said = vectors()
    file = write_pcap(tmp_path / "travel.pcap", [towards_leader(each.data) for each in said])
    shown = tshark.read(file)
    assert [seen.faults for seen in shown] == [()] * len(said)
    assert shown[14].info == "VOICE_FRAME lease 7 talker 2 frame 3, last"


@needs_tshark
def test_frames_of_a_packet_are_counted(tshark: Tshark, tmp_path: Path) -> None:
    data = bytearray(DATAGRAM_BYTES_MAX)
    end = voice.write_fields(data, 1, messages.CODEC_IMA_ADPCM, 2, 9, 65, False, 3)
    envelope.seal_header(data, end, messages.VOICE_FRAME, 5, 2, 1, 0)
    packet = towards_leader(bytes(data[:end]))
    (seen,) = tshark.read(write_pcap(tmp_path / "voice.pcap", [packet]))
    assert seen.info == "VOICE_FRAME lease 9 talker 2 frames 65 to 67"
    assert [name for name, _ in seen.fields].count("pressel.voice_frame.frame") == 3


@needs_tshark
def test_on_another_port_the_crc_tells(tshark: Tshark, tmp_path: Path) -> None:
    """A damaged datagram of a conversation that was known before is shown as damaged."""
    good = sent("HEARTBEAT, Ada")
    bad = flipped(good, 30, 0)
    packets = [
        Packet(BADGE_HOST, ELSEWHERE, good),
        Packet(BADGE_HOST, ELSEWHERE, bad),
        Packet(BADGE_HOST, (3, 40_001), bad),
        Packet(BADGE_HOST, (3, 40_002), bytes(range(60))),
    ]
    shown = tshark.read(write_pcap(tmp_path / "ports.pcap", packets))
    assert [seen.protocol for seen in shown] == ["pressel", "pressel", "", ""]
    assert shown[0].faults == () and shown[1].info.endswith("[bad CRC]")


@pytest.mark.proof
@needs_tshark
def test_a_cut_datagram_is_marked(tshark: Tshark, tmp_path: Path) -> None:
    """Every datagram of the example, cut at every place."""
    cut = [data[:size] for _, data in play() for size in range(1, len(data))]
    shown = tshark.read(write_pcap(tmp_path / "cut.pcap", map(towards_leader, cut)))
    assert [data.hex() for data, seen in zip(cut, shown, strict=True) if not seen.faults] == []


@pytest.mark.proof
@needs_tshark
def test_a_flipped_bit_is_marked(tshark: Tshark, tmp_path: Path) -> None:
    damaged = [
        flipped(data, at, (at * 5 + number) % 8)
        for number, (_, data) in enumerate(play())
        for at in range(len(data))
    ]
    shown = tshark.read(write_pcap(tmp_path / "flipped.pcap", map(towards_leader, damaged)))
    assert [data.hex() for data, seen in zip(damaged, shown, strict=True) if not seen.faults] == []


@pytest.mark.proof
@needs_tshark
def test_a_payload_cut_under_a_right_crc_is_marked(tshark: Tshark, tmp_path: Path) -> None:
    """Lengths and CRC are right, only fields are missing: what a wrong sender would write."""
    cut = [
        resealed(data, data[envelope.HEADER_BYTES : envelope.HEADER_BYTES + size])
        for _, data in play()
        for size in range(len(data) - envelope.HEADER_BYTES)
    ]
    shown = tshark.read(write_pcap(tmp_path / "fields.pcap", map(towards_leader, cut)))
    for data, seen in zip(cut, shown, strict=True):
        assert seen.field("pressel.crc.status") == "1"
        if is_whole(data):
            assert seen.faults == (), data.hex()
        else:
            assert seen.faults, data.hex()


def is_whole(data: bytes) -> bool:
    """Does the real codec take it? (FLOOR_TAKEN may lack its newest field.)"""
    if data[1] == messages.VOICE_FRAME:
        return voice.check(data) == 0
    try:
        codec.decode(data[1], data, envelope.HEADER_BYTES, len(data))
    except ValueError:
        return False
    return True


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def resealed(data: bytes, payload: bytes, kind: int | None = None) -> bytes:
    """The same envelope around another payload, lengths and CRC right."""
    datagram = bytearray(data[: envelope.HEADER_BYTES] + payload)
    session, node = envelope.session_id(data), envelope.source_node(data)
    kind = data[1] if kind is None else kind
    envelope.seal_header(datagram, len(datagram), kind, session, node, envelope.seq(data), 0)
    return bytes(datagram)


def _unknown_type() -> bytes:
    return resealed(sent("FLOOR_REQUEST"), b"abc", kind=99)


def _appended() -> bytes:
    data = sent("FLOOR_REQUEST")
    return resealed(data, data[envelope.HEADER_BYTES :] + bytes(3) + b"new")


def _sealed() -> bytes:
    data = bytearray(sent("FLOOR_REQUEST"))
    data[3] = envelope.FLAG_SEALED
    envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    return bytes(data) + b"12345678"


def _out_of_range() -> bytes:
    data = sent("FLOOR_QUEUED")
    return resealed(data, data[envelope.HEADER_BYTES : -1] + b"\0")


def _no_clean_text() -> bytes:
    data = sent("HELLO")
    return resealed(data, data[envelope.HEADER_BYTES :].replace(b"Ada", b"A\x1b\xff"))


def _from_the_wrong_side() -> bytes:
    data = bytearray(sent("FLOOR_GRANT"))
    data[9] = 7
    return resealed(bytes(data), bytes(data[envelope.HEADER_BYTES :]))


@pytest.mark.sweep(1)
@needs_tshark
@pytest.mark.parametrize(
    ("make", "info", "fault"),
    [
        (_unknown_type, "type 99", "a type that this dissector does not know"),
        (_appended, "FLOOR_REQUEST request 1", None),
        (_sealed, "FLOOR_REQUEST request 1", None),
        (_out_of_range, "FLOOR_QUEUED request 2 at place 0", "position is not within 1 to 255"),
        (_no_clean_text, "HELLO A\\x1b\\xff, build doc 1", "name is not clean UTF-8"),
        (_from_the_wrong_side, "FLOOR_GRANT lease 7", "a type that this side may not send"),
        (lambda: b"\x31" + bytes(40), "another major version", "another major version"),
        (lambda: sent("HELLO") + bytes(1300), "HELLO malformed", "longer than any datagram"),
    ],
)
def test_the_unusual_is_named(
    tshark: Tshark, tmp_path: Path, make: Callable[[], bytes], info: str, fault: str | None
) -> None:
    (seen,) = tshark.read(write_pcap(tmp_path / "one.pcap", [towards_leader(make())]))
    assert seen.info.startswith(info)
    if fault is None:
        assert seen.faults == ()
    else:
        assert any(each.startswith(fault) for each in seen.faults), seen.faults


@needs_tshark
def test_a_capture_that_kept_only_the_beginning(tshark: Tshark, tmp_path: Path) -> None:
    data = sent("VOICE_FRAME")
    kept = [Packet(BADGE_HOST, LEADER_HOST, data, snapped=size) for size in (1, 24, 60)]
    shown: list[Seen] = tshark.read(write_pcap(tmp_path / "snapped.pcap", kept))
    assert {seen.info for seen in shown} == {"cut off by the capture"}


def test_every_message_has_a_summary() -> None:
    assert set(SUMMARIES) == {message.name for message in load_table().message}


def test_a_summary_of_a_field_that_is_not_there_is_our_bug() -> None:
    table = load_table()
    table.message[0].fields[4].name = "label"
    with pytest.raises(ValueError, match="the summary of HELLO names no field: name"):
        make_dissector(table)
