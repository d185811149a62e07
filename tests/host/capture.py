"""Captures for tests: writes pcap files, and asks tshark with our dissector what is in them."""

from __future__ import annotations

import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pressel.dissector import make_dissector

TSHARK = shutil.which("tshark")
WITHOUT = "no tshark here (Debian: apt install tshark)"

_RAW_IP = 101  # link type: a packet starts with its IP header
_SECONDS = 60.0


@dataclass(frozen=True)
class Packet:
    """One UDP datagram between two hosts of 10.0.0.0/24, by their last numbers.

    `snapped`: bytes of it that the capture kept, None for all."""

    source: tuple[int, int]
    destination: tuple[int, int]
    data: bytes
    snapped: int | None = None


def write_pcap(file: Path, packets: Iterable[Packet]) -> Path:
    """The packets, a millisecond apart."""
    with file.open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _RAW_IP))
        for number, packet in enumerate(packets):
            whole = _in_ip(packet)
            lost = 0 if packet.snapped is None else len(packet.data) - packet.snapped
            kept = whole[: len(whole) - lost]
            out.write(struct.pack("<IIII", number // 1000, number % 1000, len(kept), len(whole)))
            out.write(kept)
    return file


def _in_ip(packet: Packet) -> bytes:
    (from_host, from_port), (to_host, to_port) = packet.source, packet.destination
    udp = struct.pack(">HHHH", from_port, to_port, 8 + len(packet.data), 0) + packet.data
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    return head + bytes((10, 0, 0, from_host, 10, 0, 0, to_host)) + udp


@dataclass(frozen=True)
class Seen:
    """What tshark shows of one frame: info column, our fields as (name, value), expert notes."""

    protocol: str
    info: str
    fields: tuple[tuple[str, str], ...]
    faults: tuple[str, ...]

    def field(self, name: str) -> str:
        return dict(self.fields)[name]


class Tshark:
    """tshark with our dissector, written to `folder`."""

    def __init__(self, folder: Path) -> None:
        self._script = folder / "pressel.lua"
        self._script.write_text(make_dissector(), "utf-8")
        self._home = folder  # without the configuration of the user who runs the tests

    def run(self, *args: str | Path) -> str:
        """Its standard output. Fails on any error of Lua, wherever it is printed."""
        assert TSHARK
        result = subprocess.run(
            [TSHARK, "-n", "-X", f"lua_script:{self._script}", *map(str, args)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            env={"HOME": str(self._home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        )
        assert result.returncode == 0, result.stderr
        for text in (result.stdout, result.stderr):
            assert "Lua Error" not in text and "lua:" not in text, text[-2000:]
        return result.stdout

    def read(self, file: Path, *args: str) -> list[Seen]:
        """Every frame of a capture."""
        root = ElementTree.fromstring(self.run("-r", file, "-T", "pdml", *args))
        infos = self.run("-r", file, "-T", "fields", "-e", "_ws.col.Info", *args).splitlines()
        packets = root.findall("packet")
        assert len(infos) == len(packets)
        return [_seen(packet, info) for packet, info in zip(packets, infos, strict=True)]


def _seen(packet: ElementTree.Element, info: str) -> Seen:
    ours = packet.find("proto[@name='pressel']")
    if ours is None:
        return Seen("", info, (), ())
    named = [each for each in ours.iter("field") if each.get("name", "").startswith("pressel.")]
    fields = tuple((each.get("name", ""), each.get("show", "")) for each in named)
    notes = ours.iter("field")
    faults = tuple(
        each.get("show", "") for each in notes if each.get("name") == "_ws.expert.message"
    )
    return Seen("pressel", info, fields, faults)
