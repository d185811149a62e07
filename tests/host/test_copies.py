"""The part in C, and what is used without it, send what the engine would have sent copy by copy, to
the byte."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressel.node.sockets import Port
from pressel.transport.copies import LIBRARY, Copier, load_library
from pressel.transport.plain_copies import PlainCopier
from ptt.base.numbers import DATAGRAM_BYTES_MAX
from ptt.leader.members import Members
from ptt.leader.outbound import Copies, Outbound
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.wire import envelope, messages

HASHES = (0, 1, None)  # portable, and what is best here; None: without the part in C


@pytest.fixture(params=HASHES, ids=("portable", "best", "plain"))
def copier(request: pytest.FixtureRequest) -> Iterator[Copier | PlainCopier]:
    if request.param is None:
        yield PlainCopier()
        return
    library = load_library()
    if library is None:
        pytest.skip(f"{LIBRARY.name} was not compiled here")
    library.pressel_choose_hash(request.param)
    yield Copier(library)
    library.pressel_choose_hash(1)


def link(number: int, address: tuple[str, int] = ("127.0.0.1", 9)) -> Link:
    hmac = Hmac()
    made = Link(hmac, True)
    secret = bytes([number]) * derive.KEY_BYTES
    made.begin(1000 + number, derive.session_keys(hmac, secret, 7, 1000 + number), 0)
    made.address = address
    made.seq = 0x3FFF0000 + number
    return made


def datagram(payload_bytes: int) -> tuple[bytearray, int]:
    """With room for the tag, and the checksum of its payload."""
    end = envelope.HEADER_BYTES + payload_bytes
    data = bytearray(random.Random(payload_bytes).randbytes(end + envelope.TAG_BYTES))
    envelope.write_header(data, end, messages.VOICE_FRAME, 0, envelope.LEADER_NODE, 0, 123_456_789)
    data[3] = envelope.FLAG_SEALED
    return data, envelope.payload_crc(data)


def outbound() -> Outbound:
    return Outbound(Members(lambda: Link(Hmac(), True)))


def polled(sender: Outbound) -> list[bytes]:
    found = []
    while (outgoing := sender.poll()) is not None:
        found.append(bytes(outgoing.data))
    return found


def both(
    copier: Copier | PlainCopier, payload_bytes: int, count: int = 3
) -> tuple[list[bytes], list[bytes]]:
    """The copies by the part in C, and by the engine."""
    made = []
    for is_whole in (True, False):
        sender = outbound()
        sender.queue_copies(*datagram(payload_bytes), [link(n) for n in range(count)])
        if is_whole:
            copies = sender.poll_copies()
            assert copies is not None
            made.append(copier.write(copies))
        else:
            made.append(polled(sender))
    return made[0], made[1]


def engine_copies(links: list[Link], payload_bytes: int = 100) -> list[bytes]:
    """The same once more, copy by copy."""
    for each in links:
        each.seq -= 1
    sender = outbound()
    sender.queue_copies(*datagram(payload_bytes), links)
    return polled(sender)


# Around the ends of a hash's block, and the longest.
@pytest.mark.parametrize(
    "size", [0, 1, 31, 32, 39, 40, 95, 96, 154, DATAGRAM_BYTES_MAX - 32], ids=str
)
def test_both_make_the_same_bytes(copier: Copier | PlainCopier, size: int) -> None:
    by_part, by_engine = both(copier, size)
    assert by_part == by_engine
    assert len(set(by_part)) == 3
    assert all(envelope.check_whole(data) == 0 for data in by_part)


def test_more_than_a_batch(copier: Copier | PlainCopier) -> None:
    by_part, by_engine = both(copier, 154, 150)
    assert by_part == by_engine


def test_a_link_without_keys_is_sent_nothing(copier: Copier | PlainCopier) -> None:
    links = [link(n) for n in range(3)]
    sender = outbound()
    sender.queue_copies(*datagram(100), links)
    links[1].keys = None
    copies = sender.poll_copies()
    assert copies is not None
    assert copier.write(copies) == engine_copies(links)


def test_other_keys_and_another_session_are_seen(copier: Copier | PlainCopier) -> None:
    (one,) = links = [link(1)]
    for term in (8, 9):
        keys = derive.session_keys(Hmac(), bytes(32), term, 2000 + term)
        one.begin(2000 + term, keys, 0)
        sender = outbound()
        sender.queue_copies(*datagram(100), links)
        copies = sender.poll_copies()
        assert copies is not None
        assert copier.write(copies) == engine_copies(links)


def test_what_comes_before_goes_before() -> None:
    sender = outbound()
    sender.send_unbound(messages.NACK, (1, 0x20, 0x25, 3), ("127.0.0.1", 9), 5)
    sender.queue_copies(*datagram(100), [link(1), link(2)])
    assert len(sender) == 3
    assert sender.poll_copies() is None
    assert sender.poll() is not None
    copies = sender.poll_copies()
    assert copies is not None
    assert len(copies.links) == 2
    assert len(sender) == 0
    assert sender.poll() is None


def test_copies_that_are_begun_are_not_given_whole() -> None:
    sender = outbound()
    sender.queue_copies(*datagram(100), [link(1), link(2)])
    assert sender.poll() is not None
    assert sender.poll_copies() is None
    assert len(sender) == 1


def sent(
    copier: Copier | PlainCopier, addresses: list[tuple[str, int]]
) -> tuple[Port, list[bytes]]:
    """A port that has sent a copy to each address, and the copies as they should be."""
    links = [link(n, address) for n, address in enumerate(addresses)]
    sender = outbound()
    sender.queue_copies(*datagram(154), links)
    copies = sender.poll_copies()
    assert copies is not None
    port = Port(lambda data, source: None)

    async def run() -> None:
        await port.open(("127.0.0.1", 0), "a test")
        port.send_copies(copier, copies)
        port.close()

    asyncio.run(run())
    return port, engine_copies(links, 154)


def test_each_gets_its_own(copier: Copier | PlainCopier) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one, socket.socket(type=socket.SOCK_DGRAM) as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        port, expected = sent(copier, [one.getsockname(), two.getsockname()] * 50)
        got = [each.recv(2000) for _ in range(50) for each in (one, two)]
    assert got == expected
    assert port.send_errors == 0


def test_one_that_cannot_be_reached_keeps_nobody_waiting(copier: Copier | PlainCopier) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port, expected = sent(copier, [("255.255.255.255", 0), one.getsockname()])
        assert one.recv(2000) == expected[1]
    assert port.send_errors == 1


class FullSocket:
    """Stands where the library is, and takes two of what it is given."""

    def __init__(self, library: object) -> None:
        self._library = library

    def __getattr__(self, name: str) -> object:
        return getattr(self._library, name)

    def pressel_send_copies(self, *_: object) -> int:
        return 2


def test_what_the_socket_does_not_take_is_sent_all_the_same() -> None:
    library = load_library()
    if library is None:
        pytest.skip(f"{LIBRARY.name} was not compiled here")
    with socket.socket(type=socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        full = Copier(FullSocket(library))  # pyright: ignore[reportArgumentType]
        _, expected = sent(full, [one.getsockname()] * 5)
        assert [one.recv(2000) for _ in range(3)] == expected[2:]


class SmallSocket:
    """Takes two datagrams, then no more."""

    def __init__(self) -> None:
        self.taken = 0

    def sendto(self, data: bytes, address: object) -> None:
        if self.taken == 2:
            raise BlockingIOError
        self.taken += 1


def test_without_the_part_in_c_a_full_socket_is_not_pressed() -> None:
    sender = outbound()
    sender.queue_copies(*datagram(100), links := [link(n) for n in range(5)])
    copies = sender.poll_copies()
    assert copies is not None
    done = PlainCopier().send(SmallSocket(), copies)  # pyright: ignore[reportArgumentType]
    copies.skip(done)
    left = []
    while (outgoing := copies.next()) is not None:
        assert outgoing.seal()
        left.append(bytes(outgoing.data))
    assert done == 2
    assert left == engine_copies(links)[2:]


def test_without_the_library_there_is_none(tmp_path: Path) -> None:
    assert load_library(tmp_path / LIBRARY.name) is None
    (tmp_path / LIBRARY.name).write_bytes(b"another machine's")
    assert load_library(tmp_path / LIBRARY.name) is None


def test_no_copies_are_no_work() -> None:
    sender = outbound()
    sender.queue_copies(*datagram(10), [])
    assert len(sender) == 0
    assert Copies(datagram(10)[0], 0, []).next() is None
