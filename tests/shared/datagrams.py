"""Datagrams made by hand, and what an engine wants sent."""

from ptt.base.numbers import DATAGRAM_BYTES_MAX
from ptt.wire import codec, envelope, messages, voice


def datagram(kind, values=(), session=0, source=9, major=None):
    """A whole control message; `major` replaces the version byte and leaves the CRC wrong."""
    data = bytearray(DATAGRAM_BYTES_MAX)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    envelope.seal_header(data, end, kind, session, source, 1, 1000)
    if major is not None:
        data[0] = major
    return bytes(data[0:end])


def voice_packet(talker, lease, session, source, group=1, codec_number=1):
    """One frame of silence."""
    data = bytearray(DATAGRAM_BYTES_MAX)
    end = voice.write_fields(data, group, codec_number, talker, lease, 0, False, 1)
    envelope.seal_header(data, end, messages.VOICE_FRAME, session, source, 1, 1000)
    return bytes(data[0:end])


def sealed(data):
    """The same datagram with a tag behind it."""
    data = bytearray(data) + bytes(envelope.TAG_BYTES)
    data[3] = envelope.FLAG_SEALED
    envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    return bytes(data)


def drain(engine):
    """(bytes, destination) of everything that waits to be sent."""
    sent = []
    while True:
        outgoing = engine.poll_transmit()
        if outgoing is None:
            return sent
        sent.append((bytes(outgoing.data), outgoing.destination))
