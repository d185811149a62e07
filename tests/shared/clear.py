"""Engines below the seal: tests hand them datagrams that they made themselves, and read what the
engines say.

Nothing but tests can make such engines. A sender of HELLO is a member at once, without proof.
"""

from ptt.badge.participant import Participant
from ptt.keyboard.text_sender import TextSender
from ptt.leader.leader import Leader
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.wire import codec, envelope, messages, refusal
from ptt.wire.envelope import FROM_LEADER, FROM_PARTICIPANT, HEADER_BYTES
from ptt.wire.refusal import Refused


class ClearLink(Link):
    """Neither seals nor checks."""

    def begin(self, session, keys, now_ms):
        self.session = session

    def load(self, data):
        pass

    def seal(self, data, end):
        """Take off what a seal would need: the flag, and the room for a tag."""
        data[envelope.MARK_AT] = data[envelope.FLAGS_AT] = 0
        data[envelope.payload_end(data) :] = b""
        envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
        return True


# Messages by which keys are agreed on, of which engines in the clear know nothing.
OF_THE_SEAL = (
    messages.CHALLENGE,
    messages.ANSWER,
    messages.GROUP_KEY,
    messages.KEY_WANT,
    messages.REKEY,
    messages.REKEYED,
)


def clear_link():
    """One that belongs to no engine."""
    return ClearLink(Hmac(), True)


def sender_of(kind):
    """0: there is no such type."""
    return messages.SENDERS[kind] if kind < len(messages.SENDERS) else 0


class Everybody:
    """A directory that has every device."""

    def key(self, device):
        return bytes(32)

    def name(self, device):
        return None


class ClearLeader(Leader):
    """A leader that believes every datagram."""

    def __init__(self, term, seed, settings=None, roster=None):
        super().__init__(term, seed, Everybody(), bytes, settings, roster, link=ClearLink)

    def receive_datagram(self, data, source, now_ms):
        reason = envelope.check_whole(data)
        if reason == refusal.ACCEPTED:
            reason = self.believe(data, source, now_ms)
        elif reason == refusal.VERSION:
            self.outbound.nack(messages.NACK_VERSION, data, source, now_ms)
        self.refusals.add(reason)
        self.journal.flush(now_ms)

    def believe(self, data, source, now_ms):
        if self.is_deposed:
            return refusal.STALE
        if envelope.is_sealed(data):
            return refusal.SEALED
        kind = envelope.msg_type(data)
        sender = sender_of(kind)
        if not sender:
            return refusal.TYPE
        if not sender & FROM_PARTICIPANT:
            return refusal.SENDER
        if kind == messages.HELLO:
            return self.on_clear_hello(data, source, now_ms)
        member = self.members.by_session(envelope.session_id(data))
        if member is None:
            self.outbound.nack(messages.NACK_UNKNOWN_SESSION, data, source, now_ms)
            return refusal.SESSION
        if source != member.address:
            return refusal.SOURCE
        if kind in OF_THE_SEAL:
            return refusal.TYPE
        return self.inbound.obey(member, data, now_ms)

    def on_clear_hello(self, data, source, now_ms):
        end = envelope.payload_end(data)
        try:
            fields = codec.decode(messages.HELLO, data, HEADER_BYTES, end)
        except Refused as refused:
            return refused.reason
        reason = self.joining.admit(fields, data, source, now_ms)
        member = self.members.by_device(fields[0])
        if member is not None:
            member.secret = b"clear"  # a leader that takes over keeps whoever has one
        return reason


class ClearSession:
    """A participant's `Session` without the seal: it takes its place, and asks it all but that."""

    def __init__(self, engine):
        self._engine = engine
        self._session = engine.session

    def put_seal(self, datagram):
        end = envelope.payload_end(datagram.buffer)
        datagram.resize(end)
        self._engine.checksum.put(datagram.buffer, datagram.data, end)
        return True

    def receive(self, data, source, now_ms):
        if envelope.is_sealed(data):
            return refusal.SEALED
        sender = sender_of(envelope.msg_type(data))
        if not sender:
            return refusal.TYPE
        if not sender & FROM_LEADER:
            return refusal.SENDER
        reason = self._session.check(data, source)
        return self._engine.obey(data, source, now_ms) if reason == refusal.ACCEPTED else reason


def read_as_it_is(data, group, talker, lease, first, count, now_ms):
    return refusal.ACCEPTED


def clear_participant(device, name, build, leader_address, seed, make=Participant):
    """A participant whose datagrams are in the clear."""
    engine = make(device, name, build, leader_address, seed, bytes(32), bytes, bytes)
    engine.session = ClearSession(engine)  # pyright: ignore[reportAttributeAccessIssue]
    engine.voice_keys.decrypt = read_as_it_is
    TextSender(engine)
    return engine
