"""One TCP connection of the old app, one end of it: a reliable stream of messages over datagrams.

Messages come in order or not at all: those behind a lost segment wait for its repetition (RFC 6298,
with the least timeout of Linux, or selective acknowledgements, RFC 6675). Congestion windows are
left out: a talker sends 260 kbit/s at most, and a full send buffer stops it as the real one does.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections import deque
from typing import Any, Callable, Protocol

from ..stage import Stage

SYN, SYN_ACK, DATA, ACK, RESET = range(5)
NAMES = ("SYN", "SYN-ACK", "DATA", "ACK", "RST")

RTO_FIRST_US = 1_000_000  # RFC 6298, before anything was measured
RTO_MIN_US = 200_000  # Linux
RTO_MAX_US = 60_000_000
ACK_DELAY_US = 40_000  # Linux
_REORDERED = 3  # so many behind a hole mean that it is a loss (RFC 6675)
_HELD_BITS = 64  # of what lies behind the first hole, told in an acknowledgement
_SENT_MAX = 96  # segments on their way: 64 KB of send buffer, a packet of voice each
_WAITING_MAX = 96  # messages that the blocked writer's buffer takes; the rest is never said

HEADER_BYTES = 24


class Phone(Protocol):
    """Whose connection it is."""

    stage: Stage

    def has(self, stream: Stream) -> bool: ...
    def send_segment(
        self, stream: Stream, kind: int, seq: int, ack: int, message: bytes
    ) -> None: ...


class Segment:
    """One message on its way; seq counts messages."""

    __slots__ = ("data", "is_again", "is_held", "sent_us", "seq")

    def __init__(self, seq: int, data: bytes) -> None:
        self.seq = seq
        self.data = data
        self.sent_us = 0
        self.is_again = False
        self.is_held = False  # the peer has it, behind a hole


class Stream:
    """The end at `node` of the connection to `peer`; `take(peer, message)` gets what arrives."""

    __slots__ = (
        "_ack_due",
        "_acked",
        "_expected",
        "_next",
        "_node",
        "_out_of_order",
        "_rto_us",
        "_sent",
        "_srtt_us",
        "_take",
        "_timer_us",
        "_unacked",
        "_var_us",
        "_waiting",
        "connection",
        "heard_us",
        "is_open",
        "peer",
    )

    def __init__(
        self, node: Phone, peer: int, connection: int, take: Callable[[int, bytes], None]
    ) -> None:
        self._node = node
        self.peer = peer
        self.connection = connection
        self._take = take
        self.is_open = False
        self.heard_us = node.stage.loop.now_us
        self._sent: deque[Segment] = deque()  # not acknowledged
        self._waiting: deque[bytes] = deque()  # no room in the send buffer
        self._next = 0  # seq of the next message
        self._acked = 0  # all below are with the peer
        self._expected = 0  # seq wanted from the peer
        self._out_of_order: dict[int, bytes] = {}
        self._unacked = 0  # messages taken since the last acknowledgement
        self._ack_due = False
        self._rto_us = RTO_FIRST_US
        self._srtt_us = 0
        self._var_us = 0
        self._timer_us = -1

    def send(self, message: bytes) -> bool:
        """Queue a message; False when the writer would block for too long."""
        if len(self._waiting) >= _WAITING_MAX:
            return False
        self._waiting.append(message)
        self._fill()
        return True

    def on_segment(self, kind: int, seq: int, ack: int, message: bytes) -> None:
        """DATA or ACK from the peer."""
        self.heard_us = self._node.stage.loop.now_us
        self._on_ack(ack, message if kind == ACK else b"")
        if kind == DATA:
            self._on_data(seq, message)

    # --- sending ---

    def _fill(self) -> None:
        while self._waiting and len(self._sent) < _SENT_MAX:
            segment = Segment(self._next, self._waiting.popleft())
            self._next += 1
            self._sent.append(segment)
            self._transmit(segment)

    def _transmit(self, segment: Segment) -> None:
        now_us = self._node.stage.loop.now_us
        segment.sent_us = now_us
        self._node.send_segment(self, DATA, segment.seq, self._expected, segment.data)
        self._unacked = 0
        self._arm(now_us + self._rto_us)

    def _arm(self, due_us: int) -> None:
        if self._timer_us < 0 or due_us < self._timer_us:
            self._timer_us = due_us
            self._node.stage.loop.at(due_us, self._time_out, due_us)

    def _time_out(self, timer_us: int) -> None:
        if timer_us != self._timer_us:
            return  # an earlier one took its place
        self._timer_us = -1
        if not self._sent or not self._node.has(self):
            return
        oldest = self._sent[0]
        due_us = oldest.sent_us + self._rto_us
        now_us = self._node.stage.loop.now_us
        if due_us > now_us:
            self._arm(due_us)
            return
        self._rto_us = min(2 * self._rto_us, RTO_MAX_US)
        oldest.is_again = True
        self._transmit(oldest)

    def _on_ack(self, ack: int, held: bytes) -> None:
        if ack > self._acked:
            self._acked = ack
            while self._sent and self._sent[0].seq < ack:
                segment = self._sent.popleft()
                if not segment.is_again and not segment.is_held:  # that one waited for others
                    self.measure(self._node.stage.loop.now_us - segment.sent_us)
            if self._srtt_us:
                self._rto_us = self._timeout_us()  # progress ends the doubling
            self._fill()
        if held:
            self._repair(ack, int.from_bytes(held, "big"))

    def _repair(self, ack: int, held: int) -> None:
        """Send holes again that are not mere reordering, each once a round trip."""
        now_us = self._node.stage.loop.now_us
        highest = ack + held.bit_length()
        for segment in self._sent:
            behind = segment.seq - ack - 1
            if segment.seq >= highest:
                break
            if behind >= 0 and held >> behind & 1:
                segment.is_held = True
            elif (
                not segment.is_held
                and highest - segment.seq >= _REORDERED
                and now_us - segment.sent_us > self._srtt_us
            ):
                segment.is_again = True
                self._transmit(segment)

    def measure(self, rtt_us: int) -> None:
        """RFC 6298, section 2, in integers."""
        if self._srtt_us == 0:
            self._srtt_us = rtt_us
            self._var_us = rtt_us // 2
        else:
            self._var_us += (abs(self._srtt_us - rtt_us) - self._var_us) // 4
            self._srtt_us += (rtt_us - self._srtt_us) // 8
        self._rto_us = self._timeout_us()

    def _timeout_us(self) -> int:
        return max(RTO_MIN_US, self._srtt_us + 4 * self._var_us)

    # --- receiving ---

    def _on_data(self, seq: int, message: bytes) -> None:
        if seq != self._expected:
            if seq > self._expected:
                self._out_of_order[seq] = message
            self._acknowledge()  # at once: the peer counts them
            return
        self._expected += 1
        self._unacked += 1
        self._take(self.peer, message)
        while self._expected in self._out_of_order:
            message = self._out_of_order.pop(self._expected)
            self._expected += 1
            self._take(self.peer, message)
        if self._unacked >= 2:
            self._acknowledge()
        elif self._unacked and not self._ack_due:
            self._ack_due = True
            loop = self._node.stage.loop
            loop.at(loop.now_us + ACK_DELAY_US, self._ack_late)

    def _ack_late(self, _: Any) -> None:
        self._ack_due = False
        if self._unacked and self._node.has(self):
            self._acknowledge()

    def _acknowledge(self) -> None:
        self._unacked = 0
        held = 0
        for seq in self._out_of_order:
            if seq - self._expected <= _HELD_BITS:
                held |= 1 << seq - self._expected - 1
        told = held.to_bytes(_HELD_BITS // 8, "big") if held else b""
        self._node.send_segment(self, ACK, self._next, self._expected, told)


def encode(kind: int, connection: int, seq: int, ack: int, message: bytes) -> bytes:
    """A segment as the network carries it; bytes 20 to 23 tell it apart in the trace."""
    mark = crc32(message, seq << 3 ^ ack ^ kind << 28 & 0xFFFFFFFF) & 0xFFFFFFFF
    head = struct.pack(">BBHIII", kind, 0, connection, seq, ack, 0)
    return head + struct.pack(">II", 0, mark) + message


def decode(data: bytes) -> tuple[int, int, int, int, bytes]:
    """(kind, connection, seq, ack, message)"""
    kind, _, connection, seq, ack = struct.unpack_from(">BBHII", data)
    return kind, connection, seq, ack, data[HEADER_BYTES:]
