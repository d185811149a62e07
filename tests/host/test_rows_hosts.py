"""Situations from the field that concern hosts and their disks, by number (see `test_rows`)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import PresselError
from pressel.node import doubles
from pressel.node.double_watch import DoubleWatch
from pressel.node.doubles import Doubles
from pressel.node.options import EVERYWHERE
from pressel.registry.store import Registry
from pressel.transport.udp import BROADCAST, Address

PORT = 47_800
HOST = bytes(range(8))


class Network:
    """Boxes in one broadcast domain: who sends to all hears it, too."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.sent: list[tuple[bytes, Address, Address]] = []

    def carry(self) -> None:
        while self.sent:
            data, source, destination = self.sent.pop(0)
            for each in self.boxes:
                if destination in (each.at, (BROADCAST, PORT)):
                    each.watch.receive(data, source)


class Box:
    """A host on `network` with the key `seed`, begun at `now_s` of its clock."""

    def __init__(self, network: Network, seed: bytes, now_s: float, looks: bool = True) -> None:
        self.network = network
        self.at: Address = f"10.0.0.{len(network.boxes) + 1}", PORT
        self.address: Address = (EVERYWHERE, PORT)
        self.told: list[str] = []
        self.stood_down = 0
        private = Ed25519PrivateKey.from_private_bytes(seed)
        self.doubles = Doubles(private, HOST, os.urandom, now_s)
        port: Any = self
        self.watch = DoubleWatch(self.doubles, port, looks, self.stand_down, self.report)
        network.boxes.append(self)

    def send(self, data: bytes, destination: Address) -> None:
        self.network.sent.append((data, self.at, destination))

    def stand_down(self) -> None:
        self.stood_down += 1

    def report(self, event: str, fields: dict[str, Any]) -> None:
        self.told.append(f"{event} {fields['address']}")

    def look(self, number: int = 0) -> None:
        asyncio.run(self.watch.look(number))
        self.network.carry()


@pytest.mark.parametrize("begun_s", [(100.0, 200.0), (0.0, 1.8e9), (200.0, 100.0)])
def test_row_16_of_two_with_one_identity_the_later_one_stands_down(
    begun_s: tuple[float, float],
) -> None:
    """Whoever asks; each says so once."""
    network = Network()
    boxes = [Box(network, bytes(32), each) for each in begun_s]
    for number, box in itertools.product(range(4), boxes):
        box.look(number)
    first, second = (box for _, box in sorted(zip(begun_s, boxes, strict=True)))
    assert (bool(first.stood_down), bool(second.stood_down)) == (False, True)
    assert first.told == [f"double_there {second.at[0]}:{PORT}"]
    assert second.told == [f"double_leads {first.at[0]}:{PORT}"]


def test_row_16_two_that_are_begun_in_one_moment_do_not_both_go() -> None:
    for _ in range(16):
        network = Network()
        boxes = [Box(network, bytes(32), 5.0) for _ in range(2)]
        for box in boxes:
            box.look()
        assert sorted(bool(box.stood_down) for box in boxes) == [False, True]


def test_row_16_without_the_key_nobody_stops_a_host() -> None:
    """By the name alone, by what the host itself has said, by what its double once said."""
    network = Network()
    box, thief = Box(network, bytes(32), 200.0), Box(network, b"\1" * 32, 100.0)
    for number in range(4):
        box.look(number)
        thief.look(number)
    asked = box.doubles.ask()
    assert box.doubles.answer(asked) is None  # sent back to it: it answers nobody but others
    double = Doubles(Ed25519PrivateKey.from_private_bytes(bytes(32)), HOST, os.urandom, 100.0)
    answer = double.answer(asked)
    assert answer is not None and len(answer) <= len(asked)
    for at in range(len(answer)):
        spoilt = bytearray(answer)
        spoilt[at] ^= 1
        assert box.doubles.is_older(bytes(spoilt)) is None
    for _ in range(4):
        box.doubles.ask()
    assert box.doubles.is_older(answer) is None  # the answer to a question of long ago
    for junk in (b"", doubles.TAG, doubles.TAG + b"!" + HOST, bytes(doubles.BYTES)):
        assert box.doubles.answer(junk) is None and box.doubles.is_older(junk) is None
    assert not box.stood_down and not box.told


def test_row_16_few_questions_are_answered_and_none_where_nobody_is_to_be_found() -> None:
    network = Network()
    box, other = Box(network, bytes(32), 1.0), Box(network, bytes(32), 2.0, looks=False)
    answers = [box.doubles.answer(other.doubles.ask()) for _ in range(9)]
    assert [bool(each) for each in answers] == [True] * 4 + [False] * 5
    other.look()
    box.address = "127.0.0.1", PORT
    box.look()
    assert not network.sent and not box.told + other.told


@contextlib.contextmanager
def small_disk(at: Path) -> Iterator[Path]:
    """A file system of its own, of one megabyte."""
    at.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(at)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("nobody may mount a file system here")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def change(registry: Registry, number: int) -> None:
    registry.enrol(f"{number:016x}", f"N{number}")
    registry.revoke(f"{number:016x}")


def test_row_48_what_is_not_yet_in_the_database_takes_little(tmp_path: Path) -> None:
    with Registry(tmp_path) as registry:
        log = registry.file.with_name(f"{registry.file.name}-wal")
        largest = 0
        for number in range(20):
            change(registry, number)
            largest = max(largest, log.stat().st_size)
    assert largest < 400_000


def until_full(act: Callable[[Registry, int], None], registry: Registry) -> tuple[int, str]:
    for number in range(10_000):
        try:
            act(registry, number)
        except PresselError as error:
            return number, str(error)
    raise AssertionError("the disk was never full")


def test_row_48_a_small_disk_takes_many_devices_and_says_when_it_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, Registry(disk / "state") as registry:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(400_000))
        count, said = until_full(change, registry)
        assert count > 20
        assert "is full" in said and "nothing was changed" in said
        with pytest.raises(PresselError, match="is full"):
            change(registry, count + 1)
        ballast.unlink()
        change(registry, count + 2)
        names = {each.name for each in registry.devices()}
        assert f"N{count + 2}" in names and f"N{count - 1}" in names
        assert registry.verify()


@pytest.mark.parametrize("free_bytes", [0, 16_000, 48_000])
def test_row_48_a_registry_that_finds_no_room_to_begin_says_so(
    free_bytes: int, tmp_path: Path
) -> None:
    """Whichever of its files or steps it is that has none; and afterwards it begins."""
    with small_disk(tmp_path / "disk") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - free_bytes))
        with pytest.raises(PresselError, match="is full: nothing was changed"):
            Registry(disk / "state")
        ballast.unlink()
        with Registry(disk / "state") as registry:
            change(registry, 1)
