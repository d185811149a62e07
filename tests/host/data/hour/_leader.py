# A leader that follows a script: it is told before a press how to answer it.

from binascii import crc32

import _world as world
from cryptolib import aes

from ptt.base import octets
from ptt.link import derive
from ptt.link.ctr import KeyStream
from ptt.link.hmac import Hmac
from ptt.wire import codec, envelope, messages, voice

KEY = b"k" * 32
CHALLENGE = b"c" * 16
EPOCH = 1

SESSION = 0x3FFFFFFF
TERM = 7
NODE = 2
TALKER = 3
GROUP = 1
GRANT = 0
QUEUE = 1
DENY = 2
SILENCE = 3

answer = GRANT
gone = 0
voice_packets = 0  # that came from the badge
_lease = 100
_talker = 0
_request = 0
_seq = 0
_buffer = bytearray(300)
_hmac = Hmac(bytearray(400))
_stream = KeyStream()
_aes = aes(bytes(16), 1)
_keys = None
_group_key = bytes(16)


def push(kind, values):
    _seal(codec.encode(_buffer, envelope.HEADER_BYTES, kind, values), kind)


def _seal(end, kind):
    global _seq
    is_clear = kind == messages.CHALLENGE
    _seq += 1
    session = 0 if is_clear else SESSION
    envelope.write_header(_buffer, end, kind, session, envelope.LEADER_NODE, _seq, world.now_ms)
    view = memoryview(_buffer)
    if not is_clear:
        _buffer[2] = EPOCH
        _buffer[3] = envelope.FLAG_SEALED
    crc = crc32(view[0:20], crc32(view[24:end]))
    envelope.put16(_buffer, 20, crc >> 16)
    envelope.put16(_buffer, 22, crc & 0xFFFF)
    tag = b"" if is_clear else _hmac.digest(_keys.down, view[0:end], end)[0:8]
    world.inbox.append(bytes(view[0:end]) + tag)


def heard(data):
    global voice_packets, _request, _talker, _keys
    kind = data[1]
    if kind == messages.VOICE_FRAME:
        voice_packets += 1
        return
    if gone:
        return
    if kind == messages.HELLO:
        fields = codec.decode(kind, data, 24, envelope.payload_end(data))
        push(messages.CHALLENGE, (fields[1], CHALLENGE))
    elif kind == messages.ANSWER:
        fields = codec.decode(kind, data, 24, envelope.payload_end(data))
        secret = derive.session_secret(_hmac, KEY, fields[1], CHALLENGE)
        _keys = derive.session_keys(_hmac, secret, TERM, SESSION)
        nonce, table = fields[4], fields[5]
        push(messages.WELCOME, (nonce, NODE, SESSION, TERM, table, GROUP, messages.CODEC_IMA_ADPCM))
        wrapped = derive.wrap(_hmac, _keys.wrap, SESSION, _seq + 1, _group_key)
        push(messages.GROUP_KEY, (GROUP, EPOCH, wrapped))
    elif kind == messages.HEARTBEAT:
        push(kind, (envelope.get32(data, 24), GROUP, TERM, _lease, _talker, 0))
    elif kind == messages.FLOOR_REQUEST:
        _request = envelope.get16(data, 25)
        if answer == GRANT:
            grant()
        elif answer == QUEUE:
            push(messages.FLOOR_QUEUED, (GROUP, _request, 1))
        elif answer == DENY:
            push(messages.FLOOR_DENIED, (GROUP, _request, messages.DENIAL_QUEUE_FULL))
    elif kind == messages.FLOOR_RELEASE:
        _talker = 0
        push(messages.FLOOR_IDLE, (GROUP, TERM, _lease))


def grant():
    global _lease, _talker
    _lease += 1
    _talker = NODE
    push(messages.FLOOR_GRANT, (GROUP, _request, TERM, _lease, 2000, 60000))


def revoke():
    global _talker
    _talker = 0
    push(messages.FLOOR_REVOKED, (GROUP, TERM, _lease, messages.REVOCATION_TALK_LIMIT))


def begin_burst():
    global _lease, _talker
    _lease += 1
    _talker = TALKER
    push(messages.FLOOR_TAKEN, (GROUP, TERM, _lease, TALKER, b"Bob"))


def say(number, is_last):
    global _talker
    end = voice.write_fields(
        _buffer, GROUP, messages.CODEC_IMA_ADPCM, TALKER, _lease, number, is_last, 1
    )
    _buffer[voice.FRAMES_AT + 5 + number % 100] = number & 255
    _stream.make(_aes, EPOCH, TALKER, _lease, number)
    octets.xor(_buffer, voice.FRAMES_AT, _stream.bytes, 0, 164)
    _seal(end, messages.VOICE_FRAME)
    if is_last:
        _talker = 0
        push(messages.FLOOR_IDLE, (GROUP, TERM, _lease))
