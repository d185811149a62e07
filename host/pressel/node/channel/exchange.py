"""Questions from host to host, and their answers, of any size up to BODY_BYTES_MAX.

An engine above the channel, which authenticates a message's sender but may lose the message. Both a
question and its answer travel in parts; the asker requests what is missing, so all patience is on
its side. A question is obeyed once, however often its parts arrive. This module does not interpret
bodies.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ptt.base.clock import NEVER, add, earliest, since
from ptt.base.counters import Counters

# First bytes, behind those of `ptt.cluster.host_messages` and of the journal.
ASK = 88  # kind 0 1 · number 1 4 · part 5 2 · parts 7 2 · bytes 9: of a question
TAKE = 89  # the same, of its answer
MORE = 90  # kind 0 1 · number 1 4 · part 5 2: send the question from this part on; all: at work
WANT = 91  # the same of the answer; all: the asker has it
KINDS = (ASK, TAKE, MORE, WANT)

HEAD_BYTES = 9
PART_BYTES = 1100  # fits a message of the channel (1,175 bytes) with its head
PARTS_MAX = 1000
BODY_BYTES_MAX = PART_BYTES * PARTS_MAX  # 1.1 MB: the status of 256 members fits ten times over
WINDOW = 8  # parts on their way at once: 9 kB, 1 ms of the slowest wire between hosts
RETRY_MS = 250  # first repeat; doubles
RETRY_MS_MAX = 2000
SILENT_MS = 5000  # a host that says nothing for so long does not answer any more
ASKED_MAX = 8  # questions of one host at a time; it has one at work, and a copy or two
ASKING_MAX = 32  # our own; commands on this machine wait for each of them
KEPT_MS = 30_000  # an answer that nobody has fetched
DONE_MAX = 64  # numbers of a host's last questions: a late part must not be a new question

# Events.
ASKED = 0  # (host, number, body)
ANSWERED = 1  # (number, body)
UNANSWERED = 2  # number

COUNTED = "malformed too_many repeated given_up"
MALFORMED, TOO_MANY, REPEATED, GIVEN_UP = range(4)


@dataclass
class Outgoing:
    """One message for another host."""

    data: bytes
    destination: bytes


class _Body:
    """A body that arrives in parts."""

    def __init__(self) -> None:
        self.parts: list[bytes | None] = []

    @property
    def missing(self) -> int:
        """The first part that is not there; their number when all are."""
        return self.parts.index(None) if None in self.parts else len(self.parts)

    @property
    def is_whole(self) -> bool:
        return bool(self.parts) and None not in self.parts

    def whole(self) -> bytes:
        return b"".join(part or b"" for part in self.parts)

    def take(self, part: int, parts: int, data: bytes) -> bool:
        """False for data that cannot be a part of it."""
        is_last = part == parts - 1
        is_right = part < parts <= PARTS_MAX and len(data) <= PART_BYTES
        if not is_right or (not is_last and len(data) != PART_BYTES):
            return False
        if not self.parts:
            self.parts = [None] * parts
        if len(self.parts) != parts:
            return False
        self.parts[part] = data
        return True


@dataclass
class _Asking:
    """A question that we asked."""

    host: bytes
    question: list[bytes]
    due_ms: int
    heard_ms: int
    given: int = 0  # parts of the question that the other host has, without a gap
    answer: _Body = field(default_factory=_Body)
    wanted: int = 0  # the part of the answer that was asked for last
    retry_ms: int = RETRY_MS


@dataclass
class _Asked:
    """A question from another host."""

    begun_ms: int
    question: _Body = field(default_factory=_Body)
    answer: list[bytes] = field(default_factory=list)
    is_told: bool = False


class Exchange:
    """`entropy` gives random bytes: the first number is one that was not used before a restart."""

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self.counts = Counters(COUNTED)
        self._number = int.from_bytes(entropy(4), "big")
        self._asking: dict[int, _Asking] = {}
        self._asked: dict[bytes, dict[int, _Asked]] = {}  # by host
        self._done: dict[bytes, deque[int]] = {}
        self._out: deque[Outgoing] = deque()
        self._events: deque[tuple[int, Any]] = deque()

    @property
    def unfetched(self) -> int:
        """Other hosts' questions that are in progress, or whose answer is not fetched yet."""
        return sum(len(each) for each in self._asked.values())

    def ask(self, host: bytes, body: bytes, now_ms: int) -> int:
        """Ask `host`; returns the number that ANSWERED or UNANSWERED will name. ValueError when
        `body` is longer than BODY_BYTES_MAX; RuntimeError when too many questions are open
        already."""
        if len(self._asking) >= ASKING_MAX:
            raise RuntimeError("too many questions wait for other hosts")
        self._number = (self._number + 1) & 0xFFFFFFFF
        asking = _Asking(host, _parted(body), add(now_ms, RETRY_MS), now_ms)
        self._asking[self._number] = asking
        self._send_parts(ASK, host, self._number, asking.question, 0)
        return self._number

    def answer(self, host: bytes, number: int, body: bytes) -> None:
        """Give the answer to a question from ASKED; the asker may no longer be waiting."""
        asked = self._asked.get(host, {}).get(number)
        if asked is not None:
            asked.answer = _parted(body)
            self._send_parts(TAKE, host, number, asked.answer, 0)

    def forget(self, hosts: list[bytes]) -> None:
        """Forget all hosts but `hosts`."""
        for gone in self._asked.keys() - set(hosts):
            del self._asked[gone]
        for number in [n for n, each in self._asking.items() if each.host not in hosts]:
            self._give_up(number)

    # --- the engine interface ---

    def receive(self, data: bytes, source: bytes, now_ms: int) -> None:
        """A message of KINDS from host `source`."""
        if data[0] in (ASK, TAKE) and len(data) >= HEAD_BYTES:
            number = int.from_bytes(data[1:5], "big")
            part, parts = int.from_bytes(data[5:7], "big"), int.from_bytes(data[7:9], "big")
            on_part = self._on_ask if data[0] == ASK else self._on_take
            on_part(source, number, part, parts, data[HEAD_BYTES:], now_ms)
        elif data[0] in (MORE, WANT) and len(data) == HEAD_BYTES - 2:
            number, part = int.from_bytes(data[1:5], "big"), int.from_bytes(data[5:7], "big")
            on_wish = self._on_more if data[0] == MORE else self._on_want
            on_wish(source, number, part, now_ms)
        else:
            self.counts.add(MALFORMED)

    def handle_timeout(self, now_ms: int) -> None:
        for number, asking in list(self._asking.items()):
            if since(now_ms, asking.heard_ms) >= SILENT_MS:
                self._give_up(number)
            elif since(now_ms, asking.due_ms) >= 0:
                self._repeat(number, asking, now_ms)
        for host, questions in list(self._asked.items()):
            for number, asked in list(questions.items()):
                if since(now_ms, asked.begun_ms) >= KEPT_MS:
                    self._finish(host, number)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = NEVER
        for asking in self._asking.values():
            due = earliest(due, earliest(asking.due_ms, add(asking.heard_ms, SILENT_MS)))
        for questions in self._asked.values():
            for asked in questions.values():
                due = earliest(due, add(asked.begun_ms, KEPT_MS))
        return due

    def poll_transmit(self) -> Outgoing | None:
        return self._out.popleft() if self._out else None

    def next_event(self) -> tuple[int, Any] | None:
        """The next (kind, value); see ASKED, ANSWERED and UNANSWERED."""
        return self._events.popleft() if self._events else None

    # --- who asks ---

    def _on_take(
        self, source: bytes, number: int, part: int, parts: int, data: bytes, now_ms: int
    ) -> None:
        asking = self._asking.get(number)
        if asking is None or asking.host != source:
            self._send_wish(WANT, source, number, parts)  # we have it, or never asked
            return
        if not asking.answer.take(part, parts, data):
            self.counts.add(MALFORMED)
            return
        self._hear(asking, now_ms)
        asking.given = len(asking.question)
        if asking.answer.is_whole:
            del self._asking[number]
            self._send_wish(WANT, source, number, parts)
            self._events.append((ANSWERED, (number, asking.answer.whole())))
        elif part >= min(asking.wanted + WINDOW, parts) - 1:
            self._want(number, asking)

    def _on_more(self, source: bytes, number: int, part: int, now_ms: int) -> None:
        asking = self._asking.get(number)
        if asking is None or asking.host != source:
            return
        self._hear(asking, now_ms)
        if part > asking.given:
            asking.given = min(part, len(asking.question))
        self._send_parts(ASK, source, number, asking.question, part)

    def _hear(self, asking: _Asking, now_ms: int) -> None:
        asking.heard_ms = now_ms
        asking.retry_ms = RETRY_MS
        asking.due_ms = add(now_ms, RETRY_MS)

    def _repeat(self, number: int, asking: _Asking, now_ms: int) -> None:
        self.counts.add(REPEATED)
        asking.retry_ms = min(2 * asking.retry_ms, RETRY_MS_MAX)
        asking.due_ms = add(now_ms, asking.retry_ms)
        if asking.given < len(asking.question):
            self._send_parts(ASK, asking.host, number, asking.question, asking.given)
        else:
            self._want(number, asking)

    def _want(self, number: int, asking: _Asking) -> None:
        asking.wanted = asking.answer.missing
        self._send_wish(WANT, asking.host, number, asking.wanted)

    def _give_up(self, number: int) -> None:
        del self._asking[number]
        self.counts.add(GIVEN_UP)
        self._events.append((UNANSWERED, number))

    # --- who is asked ---

    def _on_ask(
        self, source: bytes, number: int, part: int, parts: int, data: bytes, now_ms: int
    ) -> None:
        if number in self._done.get(source, ()):
            return
        questions = self._asked.setdefault(source, {})
        asked = questions.get(number)
        if asked is None:
            if len(questions) >= ASKED_MAX:
                self.counts.add(TOO_MANY)
                return
            asked = _Asked(now_ms)
        if not asked.question.take(part, parts, data):
            self.counts.add(MALFORMED)
            return
        questions[number] = asked
        missing = asked.question.missing
        if asked.is_told:
            self._go_on(source, number, asked, 0)
        elif asked.question.is_whole:
            asked.is_told = True
            self._send_wish(MORE, source, number, missing)
            self._events.append((ASKED, (source, number, asked.question.whole())))
        elif part == parts - 1 or part % WINDOW == WINDOW - 1:
            self._send_wish(MORE, source, number, missing)

    def _on_want(self, source: bytes, number: int, part: int, now_ms: int) -> None:
        asked = self._asked.get(source, {}).get(number)
        if asked is None:
            return
        if asked.answer and part >= len(asked.answer):
            self._finish(source, number)
        else:
            self._go_on(source, number, asked, part)

    def _go_on(self, host: bytes, number: int, asked: _Asked, part: int) -> None:
        """Send the answer from `part` on or, while there is none, that we are at work."""
        if asked.answer:
            self._send_parts(TAKE, host, number, asked.answer, part)
        else:
            self._send_wish(MORE, host, number, asked.question.missing)

    def _finish(self, host: bytes, number: int) -> None:
        self._asked[host].pop(number, None)
        self._done.setdefault(host, deque(maxlen=DONE_MAX)).append(number)

    # --- messages out ---

    def _send_parts(
        self, kind: int, host: bytes, number: int, parts: list[bytes], first: int
    ) -> None:
        """A window of them."""
        for part in range(first, min(first + WINDOW, len(parts))):
            head = bytes([kind]) + number.to_bytes(4, "big") + part.to_bytes(2, "big")
            data = head + len(parts).to_bytes(2, "big") + parts[part]
            self._out.append(Outgoing(data, host))

    def _send_wish(self, kind: int, host: bytes, number: int, part: int) -> None:
        data = bytes([kind]) + number.to_bytes(4, "big") + part.to_bytes(2, "big")
        self._out.append(Outgoing(data, host))


def _parted(body: bytes) -> list[bytes]:
    """ValueError when it is too long."""
    if len(body) > BODY_BYTES_MAX:
        raise ValueError(f"{len(body)} bytes are more than hosts ask or answer at once")
    return [body[at : at + PART_BYTES] for at in range(0, max(1, len(body)), PART_BYTES)]
