"""The small things that keep something: events, outbox, counters, tables of rules."""

from tests.shared.raising import raised

from ptt.base import events
from ptt.base.counters import Counters
from ptt.base.event_queue import EventQueue
from ptt.base.outbox import Outbox
from ptt.base.table import compile_rules
from ptt.base.words import nth_word


def write(outbox, text):
    slot = outbox.reserve()
    slot.buffer[0 : len(text)] = text
    slot.resize(len(text))
    slot.destination = "there"
    outbox.commit()


def polled(outbox):
    kept = []
    while True:
        datagram = outbox.poll()
        if datagram is None:
            return kept
        kept.append(bytes(datagram.data))


def test_events_come_in_order():
    queue = EventQueue(3)
    queue.push(events.JOINED, 5)
    queue.push(events.LOST)
    assert queue.poll() == (events.JOINED, 5)
    assert queue.poll() == (events.LOST, None)
    assert queue.poll() is None


def test_the_oldest_event_goes_when_nobody_fetches():
    queue = EventQueue(3)
    for number in range(5):
        queue.push(events.JOINED, number)
    assert queue.dropped == 2
    assert [queue.poll() for _ in range(4)] == [(0, 2), (0, 3), (0, 4), None]


def test_the_newest_events_have_names_too():
    assert events.NAMES[events.JOINED] == "joined"
    assert events.NAMES[events.FLOOR_FREED] == "floor_freed"
    assert events.NAMES[events.CALL_OVER] == "call_over"
    assert events.NAMES[events.LEADING] == "leading"
    assert events.NAMES[events.UPDATE] == "update"
    last = max(value for value in events.__dict__.values() if isinstance(value, int))
    assert len(events.NAMES) == last + 1


def test_datagrams_come_in_order():
    outbox = Outbox(3, 10)
    write(outbox, b"one")
    write(outbox, b"three")
    assert polled(outbox) == [b"one", b"three"]
    write(outbox, b"x")
    assert polled(outbox) == [b"x"]
    assert outbox.overrun == 0


def test_the_ring_of_datagrams_turns():
    outbox = Outbox(3, 10)
    for number in range(20):
        write(outbox, bytes([number]))
        write(outbox, bytes([number, number]))
        assert polled(outbox) == [bytes([number]), bytes([number, number])]


def test_the_oldest_datagram_goes_when_nobody_fetches():
    outbox = Outbox(3, 10)
    for number in range(5):
        write(outbox, bytes([number]))
    assert outbox.overrun == 2
    assert polled(outbox) == [bytes([2]), bytes([3]), bytes([4])]


def test_what_was_reserved_only_is_not_sent():
    outbox = Outbox(3, 10)
    outbox.reserve()
    assert outbox.poll() is None


def test_counters():
    counters = Counters("a b c")
    counters.add(1)
    counters.add(1)
    counters.add(2)
    assert (counters[0], counters[1], counters[2]) == (0, 2, 1)
    assert counters.as_dict() == {"b": 2, "c": 1}


def test_a_counter_stops_at_its_end():
    counters = Counters("a")
    counters._counts[0] = 0x3FFFFFFF
    counters.add(0)
    assert counters[0] == 0x3FFFFFFF


def test_rules_are_found_by_state_and_trigger():
    rows = ((1, 2, 3, "go"), (1, 3, 1, ""))
    cells, actions = compile_rules(rows)
    found = {}
    for at in range(len(cells)):
        if cells[at]:
            found[at] = (cells[at] >> 5, actions[cells[at] & 31])
    assert found == {1 << 4 | 2: (3, "go"), 1 << 4 | 3: (1, "")}
    assert len(cells) == 4 << 4  # no trigger in any of the states is beyond them


def test_two_rules_for_one_pair_are_a_bug():
    raised(ValueError, compile_rules, ((1, 2, 3, "go"), (1, 2, 4, "")))


def test_each_word_is_found():
    for kind, name in enumerate(events.NAMES):
        assert nth_word(events.WORDS, kind) == name
    assert nth_word("alone", 0) == "alone"
    raised(ValueError, nth_word, "one two", 2)
