"""What the ledger of keys tells: numbers that come again."""

from __future__ import annotations

from pressel.sim.world.checkers.bounded_memory import elements
from pressel.sim.world.ledger import Ledger

BY = (7, 1, 3)  # key, epoch, talker
MARK, OTHER = b"a word", b"others"


def told(*uses: tuple[bytes, int] | tuple[int, int, int, bytes]) -> int:
    """How many of `uses`, of a key or of a talker's frames, are complained about."""
    words: list[str] = []
    ledger = Ledger()
    ledger.tell = words.append
    for use in uses:
        if isinstance(use[0], bytes):
            ledger.seal(*use)  # type: ignore[arg-type]
        else:
            ledger.speak(BY, *use)  # type: ignore[arg-type]
    return len(words)


def test_a_number_serves_one_datagram_of_each_key() -> None:
    assert told((b"one", 1), (b"two", 1), (b"one", 2), (b"one", 9)) == 0
    assert told((b"one", 1), (b"one", 1)) == 1
    assert told((b"one", 5), (b"one", 4)) == 1


def test_a_packet_may_be_said_again_as_it_was() -> None:
    assert told((1, 0, 3, MARK), (1, 0, 3, MARK), (1, 3, 1, OTHER), (2, 0, 1, OTHER)) == 0
    assert told((1, 0, 3, MARK), (1, 0, 3, OTHER)) == 1
    assert told((1, 0, 3, MARK), (1, 2, 1, OTHER)) == 1
    assert told((2, 0, 3, MARK), (1, 9, 3, OTHER)) == 1


class _Engine:
    """With the ledger of its run, as the stand-in seal gives it to each."""

    def __init__(self, uses: int) -> None:
        self.buffer = bytearray(100)
        self.ledger = Ledger()
        for number in range(1, uses + 1):
            self.ledger.seal(b"key %d" % number, number)


def test_the_ledger_is_none_of_an_engines_memory() -> None:
    """It grows with the run: after eight hours every badge was said to hold too much."""
    assert elements(_Engine(uses=0)) == elements(_Engine(uses=1000)) >= 100
