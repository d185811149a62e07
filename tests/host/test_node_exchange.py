"""Hosts ask each other things of any size over a channel that loses, doubles and reorders."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pressel.node.channel import exchange
from pressel.node.channel.exchange import ANSWERED, ASKED, UNANSWERED, Exchange
from ptt.base import clock

START_MS = (1 << 30) - 500  # the clock wraps in every test
A, B = b"host a  ", b"host b  "


class Pair:
    """Two hosts; `answers`, a function of the question, answers what each is asked."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.now_ms = START_MS
        self.ends = {A: Exchange(self.random.randbytes), B: Exchange(self.random.randbytes)}
        self.asked: list[bytes] = []
        self.told: list[tuple[int, object]] = []
        self.loss = 0.0
        self.is_answering = True
        self.carried = 0

    def ask(self, body: bytes) -> int:
        return self.ends[A].ask(B, body, self.now_ms)

    def settle(self) -> None:
        is_moving = True
        while is_moving:
            is_moving = self._carry(A, B) | self._carry(B, A)
            while (event := self.ends[B].next_event()) is not None:
                assert event[0] == ASKED
                host, number, body = event[1]
                self.asked.append(body)
                if self.is_answering:
                    self.ends[B].answer(host, number, body[::-1])
                is_moving = True
        while (event := self.ends[A].next_event()) is not None:
            self.told.append(event)

    def _carry(self, source: bytes, destination: bytes) -> bool:
        sent = []
        while (outgoing := self.ends[source].poll_transmit()) is not None:
            assert outgoing.destination == destination
            assert len(outgoing.data) <= 1175
            for _ in range(2 if self.loss and self.random.random() < self.loss else 1):
                if self.random.random() >= self.loss:
                    sent.append(outgoing.data)
        if self.loss:
            self.random.shuffle(sent)
        for data in sent:
            self.carried += 1
            self.ends[destination].receive(data, source, self.now_ms)
        return bool(sent)

    def pass_time(self, milliseconds: int) -> None:
        end_ms = clock.add(self.now_ms, milliseconds)
        self.settle()
        while clock.since(self.now_ms, end_ms) < 0:
            self.now_ms = clock.add(self.now_ms, 50)
            for end in self.ends.values():
                due_ms = end.next_timeout_ms()
                if due_ms != clock.NEVER and clock.since(self.now_ms, due_ms) >= 0:
                    end.handle_timeout(self.now_ms)
            self.settle()


SIZES = [0, 1, 1100, 1101, 8 * 1100, 9 * 1100 + 1, exchange.BODY_BYTES_MAX]


@pytest.mark.parametrize("size", SIZES)
def test_a_question_and_its_answer_of_any_size(size: int) -> None:
    pair = Pair()
    body = random.Random(size).randbytes(size)
    number = pair.ask(body)
    pair.settle()
    assert pair.asked == [body]
    assert pair.told == [(ANSWERED, (number, body[::-1]))]
    assert pair.ends[B].unfetched == 0
    assert pair.ends[A].next_timeout_ms() == clock.NEVER == pair.ends[B].next_timeout_ms()


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="more than hosts ask"):
        Pair().ask(bytes(exchange.BODY_BYTES_MAX + 1))


@given(seed=st.integers(0, 1 << 30), size=st.integers(0, 30_000))
def test_over_a_bad_channel_it_is_obeyed_once_and_answered_whole(seed: int, size: int) -> None:
    pair = Pair(seed)
    pair.loss = 0.2
    body = random.Random(size).randbytes(size)
    number = pair.ask(body)
    pair.pass_time(60_000)
    assert pair.asked in ([], [body])
    # Once in some hundred times all is lost for five seconds.
    assume(pair.told != [(UNANSWERED, number)])
    assert pair.asked == [body]
    assert pair.told == [(ANSWERED, (number, body[::-1]))]


def test_an_answer_that_takes_long_is_waited_for() -> None:
    pair = Pair()
    pair.is_answering = False
    number = pair.ask(b"think")
    pair.pass_time(20_000)
    assert pair.told == [] and pair.asked == [b"think"]
    pair.ends[B].answer(A, number, b"thought")
    pair.settle()
    assert pair.told == [(ANSWERED, (number, b"thought"))]


def test_a_host_that_is_gone_is_given_up_once() -> None:
    pair = Pair()
    pair.loss = 1.0
    number = pair.ask(b"hello?")
    pair.pass_time(exchange.SILENT_MS + 100)
    assert pair.told == [(UNANSWERED, number)]
    assert pair.ends[A].next_timeout_ms() == clock.NEVER


def test_one_that_comes_back_in_time_is_not_asked_twice() -> None:
    pair = Pair()
    pair.ask(b"once")
    pair.settle()
    pair.ends[A].ask(B, b"twice", pair.now_ms)
    pair.loss = 1.0
    pair.pass_time(3000)
    pair.loss = 0.0
    pair.pass_time(3000)
    assert pair.asked == [b"once", b"twice"]


def test_an_answer_that_nobody_fetches_is_forgotten() -> None:
    pair = Pair()
    pair.ask(b"?")
    question = pair.ends[A].poll_transmit()
    assert question is not None
    pair.ends[B].receive(question.data, A, pair.now_ms)
    event = pair.ends[B].next_event()
    assert event is not None
    pair.ends[B].answer(A, event[1][1], b"!")
    assert pair.ends[B].unfetched == 1
    pair.loss = 1.0
    pair.pass_time(exchange.KEPT_MS + 100)
    assert pair.ends[B].unfetched == 0
    pair.loss = 0.0
    pair.ends[B].receive(question.data, A, pair.now_ms)  # late, and no new question
    assert pair.ends[B].next_event() is None


def test_a_host_asks_so_many_things_at_a_time_and_no_more() -> None:
    pair = Pair()
    pair.is_answering = False
    for _ in range(exchange.ASKED_MAX + 3):
        pair.ask(b"and?")
    pair.settle()
    assert len(pair.asked) == exchange.ASKED_MAX
    assert pair.ends[B].counts.as_dict()["too_many"] == 3
    for _ in range(exchange.ASKING_MAX - exchange.ASKED_MAX - 3):
        pair.ask(b"and?")
    with pytest.raises(RuntimeError, match="too many"):
        pair.ask(b"and?")


def test_who_is_not_allowed_any_more_is_nobody() -> None:
    pair = Pair()
    pair.is_answering = False
    number = pair.ask(b"still there?")
    pair.settle()
    pair.ends[A].forget([])
    pair.ends[B].forget([])
    pair.settle()
    assert pair.told == [(UNANSWERED, number)] and pair.ends[B].unfetched == 0


@given(data=st.binary(max_size=40), kind=st.sampled_from(exchange.KINDS))
def test_rubbish_is_counted_and_harms_nobody(data: bytes, kind: int) -> None:
    pair = Pair()
    pair.ends[B].receive(bytes([kind]) + data, A, pair.now_ms)
    pair.ends[A].receive(bytes([kind]) + data, B, pair.now_ms)
    while pair.ends[A].poll_transmit() is not None or pair.ends[B].poll_transmit() is not None:
        pass
    while pair.ends[A].next_event() is not None or pair.ends[B].next_event() is not None:
        pass
    number = pair.ask(b"and now?")
    pair.pass_time(1000)
    assert (ANSWERED, (number, b"?won dna")) in pair.told
