"""What the leader sends: datagrams composed for members, sealed when they are fetched.

A datagram waits with the link of its member. A member that has gone meanwhile is sent nothing, and
one that has newer keys is answered under them.
"""

from ..base import features
from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import DATAGRAM_BYTES_MAX, MEMBERS_MAX, NACK_INTERVAL_MS
from ..link import derive, text_cipher
from ..wire import codec, envelope, messages
from ..wire.envelope import FLAG_SEALED, FLAG_SECRET, FLAGS_AT, MARK_AT, TAG_BYTES
from ..wire.offsets import GROUP_KEY_END, GROUP_KEY_WRAPPED_AT, RELAY_END, RELAY_WRAPPED_AT

if TYPE_CHECKING:
    from typing import Any

    from ..link.hmac import Hmac
    from ..link.link import Link
    from .members import Member, Members

_WAITING_MAX = 4 * MEMBERS_MAX  # every member once for voice and three times for control
_NACK_BYTES = const(28)  # envelope and four fields


class Outgoing:
    """One datagram to send: `data` (bytes-like) and `destination`."""

    __slots__ = ("data", "destination", "link")

    def __init__(self, data: "Any", destination: "Any", link: "Link | None") -> None:
        self.data = data
        self.destination = destination
        self.link = link  # None: to somebody without a session

    def seal(self) -> bool:
        """Put the tag of its link behind it; False when there are no keys, or no link."""
        link = self.link
        if link is None:
            return False
        data = self.data
        end = len(data) - TAG_BYTES
        kind = envelope.msg_type(data)
        is_secret = kind == messages.TEXT_MESSAGE or kind == messages.WIFI_NETWORK
        if is_secret and data[FLAGS_AT] & FLAG_SECRET and link.keys is not None:
            text_cipher.wrap(link.hmac, link.keys.wrap, data, end, 1)
            envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
        elif kind == messages.GROUP_KEY and link.keys is not None:
            self._wrap_key(link.hmac, link.keys.wrap, GROUP_KEY_WRAPPED_AT, GROUP_KEY_END)
        elif kind == messages.RELAY and link.keys is not None:
            self._wrap_key(link.hmac, link.keys.wrap, RELAY_WRAPPED_AT, RELAY_END)
        link.load(data)
        return link.seal(data, end)

    def _wrap_key(self, hmac: "Hmac", key: bytes, at: int, end: int) -> None:
        """Under the keys that seal it: it may have waited while the member got others."""
        data = self.data
        clear = bytes(data[at:end])
        wrapped = derive.wrap(hmac, key, envelope.session_id(data), envelope.seq(data), clear)
        data[at:end] = wrapped
        envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))


class Copies:
    """One datagram for many. They differ in session, sequence number, CRC and tag alone: `data` is
    all the rest, with room for the tag, and each of `links` has the number in `seqs` beside it.
    Whoever fetches it whole writes the same bytes as `Outbound.poll` does, copy by copy."""

    __slots__ = ("_at", "_payload_crc", "data", "links", "seqs")

    def __init__(self, data: bytearray, payload_crc: int, links: "list[Link]") -> None:
        self.data = data
        self.links = links
        self.seqs = [link.next_seq() for link in links]
        self._payload_crc = payload_crc
        self._at = 0

    @property
    def is_whole(self) -> bool:
        """No copy has been made yet."""
        return self._at == 0

    def drop_silent(self) -> None:
        """Links that have no keys any more are sent nothing."""
        for link in self.links:
            if link.keys is None:
                pairs = [(link, seq) for link, seq in zip(self.links, self.seqs) if link.keys]
                self.links = [link for link, _ in pairs]
                self.seqs = [seq for _, seq in pairs]
                return

    def skip(self, count: int) -> None:
        """The first `count` are on their way already."""
        self._at = count

    def next(self) -> "Outgoing | None":
        """The next copy, not sealed yet; None: those were all."""
        at = self._at
        if at == len(self.links):
            return None
        self._at = at + 1
        link = self.links[at]
        copy = self.data[:]
        envelope.put_receiver(copy, link.session, self.seqs[at])
        envelope.put_crc(copy, envelope.header_crc(copy, self._payload_crc))
        return Outgoing(copy, link.address, link)


class Outbound:
    """Datagrams on their way to `members` and to strangers."""

    def __init__(self, members: "Members") -> None:
        self._members = members
        self._waiting: list[Outgoing | Copies] = []
        self._head = 0
        self._count = 0  # datagrams that wait
        self._scratch = bytearray(DATAGRAM_BYTES_MAX)
        self._nacked_ms = -1  # when a stranger was last answered; -1: never
        self.mark = 0  # low byte of the newest epoch of the groups' keys
        self.overrun = 0  # datagrams dropped because nobody fetched them

    def __len__(self) -> int:
        return self._count

    def poll(self) -> "Outgoing | None":
        """The next datagram, sealed."""
        while self._head < len(self._waiting):
            outgoing = self._waiting[self._head]
            if isinstance(outgoing, Copies):
                outgoing = outgoing.next()
                if outgoing is None:
                    self._head += 1
                    continue
            else:
                self._head += 1
            self._count -= 1
            if outgoing.link is None or outgoing.seal():
                return outgoing
        self._waiting.clear()
        self._head = 0
        return None

    def poll_copies(self) -> "Copies | None":
        """What `poll` would give copy by copy, all at once; None: something else is next."""
        if self._head == len(self._waiting):
            return None
        copies = self._waiting[self._head]
        if not isinstance(copies, Copies) or not copies.is_whole:
            return None
        self._head += 1
        self._count -= len(copies.links)
        return copies

    def send(
        self, kind: int, values: "tuple", member: "Member", now_ms: int, tail: bytes = b""
    ) -> None:
        """`tail`: bytes after the fields that the table knows."""
        scratch = self._scratch
        end = codec.encode(scratch, envelope.HEADER_BYTES, kind, values)
        scratch[end : end + len(tail)] = tail
        end += len(tail)
        link = member.link
        data = bytearray(end + TAG_BYTES)
        data[0:end] = memoryview(scratch)[0:end]
        envelope.write_header(
            data, end, kind, member.session, envelope.LEADER_NODE, link.next_seq(), now_ms
        )
        data[MARK_AT] = self.mark
        is_clear = kind == messages.TEXT_MESSAGE and not member.features & features.SECRET_TEXTS
        data[FLAGS_AT] = FLAG_SEALED if is_clear else FLAG_SEALED | FLAG_SECRET
        envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
        self._append(Outgoing(data, member.address, link), 1)

    def send_to(self, node: int, kind: int, values: "tuple", now_ms: int) -> None:
        member = self._members.by_node(node)
        if member is not None:
            self.send(kind, values, member, now_ms)

    def send_to_group(
        self, group: int, except_node: int, kind: int, values: "tuple", now_ms: int
    ) -> None:
        for member in self._members.all():
            if member.hears(group) and member.node != except_node:
                self.send(kind, values, member, now_ms)

    def send_unbound(self, kind: int, values: "tuple", destination: "Any", now_ms: int) -> None:
        """To somebody without a session."""
        scratch = self._scratch
        end = codec.encode(scratch, envelope.HEADER_BYTES, kind, values)
        envelope.seal_header(scratch, end, kind, 0, envelope.LEADER_NODE, 0, now_ms)
        self.send_plain(bytes(scratch[0:end]), destination)

    def send_plain(self, data: "Any", destination: "Any") -> None:
        """A whole datagram, with whatever proves it."""
        self._append(Outgoing(data, destination, None), 1)

    def queue_copies(self, data: bytearray, payload_crc: int, links: "list[Link]") -> None:
        """A whole datagram for each of `links`, with room for a tag."""
        if links:
            self._append(Copies(data, payload_crc, links), len(links))

    def nack(self, reason: int, data: "Any", source: "Any", now_ms: int) -> None:
        """Answer a stranger, at most once a second in all and never with more bytes than came."""
        if len(data) < _NACK_BYTES:
            return
        if self._nacked_ms >= 0 and age(now_ms, self._nacked_ms) < NACK_INTERVAL_MS:
            return
        self._nacked_ms = now_ms
        about = envelope.msg_type(data)
        values = (reason, messages.VERSION & 0xF0, messages.VERSION, about)
        self.send_unbound(messages.NACK, values, source, now_ms)

    def _append(self, outgoing: "Outgoing | Copies", count: int) -> None:
        if self._count >= _WAITING_MAX:
            self.overrun += count
            return
        if self._head >= _WAITING_MAX:  # somebody always leaves one: free what was fetched
            self._waiting = self._waiting[self._head :]
            self._head = 0
        self._waiting.append(outgoing)
        self._count += count
