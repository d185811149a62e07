"""One text on its way to the leader."""

from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.clock import NEVER
from ptt.base.numbers import REQUEST_RETRY_MS, TEXT_TRIES_MAX
from ptt.keyboard.text_sender import TextSender
from ptt.wire import messages, refusal

NOW_MS = 5000
LEADER = ("leader", 1)


class Writer:
    """`sent` has (number, text) of each try, `done` what became of each text."""

    def __init__(self, now_ms=NOW_MS):
        self.name = b"Ann"
        self.floor = self.join = self.link = self
        self.state = JOINED
        self.group = 3
        self.node = 7
        self.address = LEADER
        self.sent = []
        self.done = []
        self.sender = TextSender(self)  # pyright: ignore[reportArgumentType]
        self.now_ms = now_ms

    def take_keyboard(self, keyboard):
        assert self.sent == []

    def send(self, kind, values, destination, now_ms):
        assert (kind, destination, now_ms) == (messages.TEXT_MESSAGE, LEADER, self.now_ms)
        group, number, kind, node, name, text = values
        assert (group, kind, node, name) == (3, messages.TEXT_PERSON, 7, b"Ann")
        self.sent.append((number, text))

    def tell(self, kind, value):
        assert kind == events.TEXT_SENT
        self.done.append((len(self.done) + 1, value == 1))

    def ack(self, number):
        return self.sender._on_ack([number], None, LEADER, self.now_ms) == refusal.ACCEPTED

    def write(self, text=b"hello"):
        return self.sender.send(text, self.now_ms)

    def wait(self):
        """Until the next try is due; how long that was."""
        due_ms = self.sender.next_timeout_ms()
        wait_ms = (due_ms - self.now_ms) & 0x3FFFFFFF
        before = len(self.sent)
        self.now_ms = (due_ms - 1) & 0x3FFFFFFF
        self.sender.handle_timeout(self.now_ms)
        assert len(self.sent) == before
        self.now_ms = due_ms
        self.sender.handle_timeout(due_ms)
        return wait_ms


def test_it_goes_out_at_once_and_waits_for_an_answer():
    writer = Writer()
    assert writer.sender.next_timeout_ms() == NEVER
    assert writer.write()
    assert writer.sent == [(1, b"hello")]
    assert writer.sender.next_timeout_ms() == NOW_MS + REQUEST_RETRY_MS
    assert writer.done == []


def test_the_answer_ends_it():
    writer = Writer()
    writer.write()
    assert writer.ack(1)
    assert writer.done == [(1, True)]
    assert writer.sender.next_timeout_ms() == NEVER
    writer.sender.handle_timeout(NOW_MS + 10000)
    assert len(writer.sent) == 1


def test_an_answer_about_another_text_is_stale():
    writer = Writer()
    assert not writer.ack(1)
    assert not writer.ack(0)
    writer.write()
    assert not writer.ack(0)
    assert not writer.ack(2)
    assert writer.done == []
    assert writer.ack(1)
    assert not writer.ack(1)
    assert writer.done == [(1, True)]


def test_tries_come_ever_slower_and_end():
    writer = Writer()
    writer.write()
    waits = []
    while writer.sender.next_timeout_ms() != NEVER:
        waits.append(writer.wait())
    assert waits == [60, 120, 240, 480, 480, 480, 480, 480]
    assert writer.sent == [(1, b"hello")] * TEXT_TRIES_MAX
    assert writer.done == [(1, False)]


def test_one_at_a_time():
    writer = Writer()
    assert writer.write(b"one")
    assert not writer.write(b"two")
    assert writer.sent == [(1, b"one")]
    writer.ack(1)
    assert writer.write(b"two")
    assert writer.sent == [(1, b"one"), (2, b"two")]


def test_after_one_was_given_up_the_next_starts_afresh():
    writer = Writer()
    writer.write(b"one")
    while writer.sender.next_timeout_ms() != NEVER:
        writer.wait()
    assert writer.write(b"two")
    assert writer.wait() == REQUEST_RETRY_MS
    assert writer.sent[-2:] == [(2, b"two")] * 2
    assert not writer.ack(1)  # far too late
    assert writer.ack(2)
    assert writer.done == [(1, False), (2, True)]


def test_numbers_wrap():
    writer = Writer()
    writer.sender.number = 0xFFFF
    writer.write()
    assert writer.sent == [(0, b"hello")]
    assert writer.ack(0)


def test_across_the_wrap_of_the_clock():
    writer = Writer(now_ms=0x40000000 - 30)
    writer.write()
    assert [writer.wait() for _ in range(3)] == [60, 120, 240]
    assert writer.now_ms == 390
