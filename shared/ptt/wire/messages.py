"""The message table as code. Written by `make schema` from shared/schema/messages.toml.

`LAYOUTS` holds for each type its fields in order as (kind, lowest, highest); kinds 1, 2
and 4 are big-endian integers of that many bytes, 14 and 18 raw bytes (4 and 8), 9 a text
with a length byte. `SENDERS` holds who may send it: 1 participant, 2 leader, 3 both."""

from ..compat import const

TABLE_HASH = b"\x41\x32\xe3\x34"

HELLO = const(1)
WELCOME = const(2)
HEARTBEAT = const(3)
NACK = const(4)
FLOOR_REQUEST = const(16)
FLOOR_GRANT = const(17)
FLOOR_RELEASE = const(18)
FLOOR_QUEUED = const(19)
FLOOR_DENIED = const(20)
FLOOR_TAKEN = const(21)
FLOOR_IDLE = const(22)
FLOOR_REVOKED = const(23)
VOICE_FRAME = const(32)

DENIAL_QUEUE_FULL = const(1)  # too many badges wait already
DENIAL_STALE = const(2)  # that request is over

REVOCATION_TALK_LIMIT = const(1)  # talked longer than allowed
REVOCATION_SILENT = const(2)  # no voice arrived for a whole lease

NACK_VERSION = const(1)  # this major version is not spoken here
NACK_UNKNOWN_SESSION = const(2)  # join again: the leader does not know this session
NACK_FULL = const(3)  # the leader has no room for another member

CODEC_PCM16 = const(0)  # 16-bit samples, little endian (tests and the old app)
CODEC_IMA_ADPCM = const(1)  # IMA-ADPCM, every frame with its own coder state

SENDERS = {
    1: 1,
    2: 2,
    3: 3,
    4: 2,
    16: 1,
    17: 2,
    18: 1,
    19: 2,
    20: 2,
    21: 2,
    22: 2,
    23: 2,
    32: 3,
}

LAYOUTS = {
    1: (  # HELLO
        (18, 0, 8),  # device: device identity, as provisioned
        (4, 0, 1073741823),  # nonce: ties the answer to this attempt
        (14, 0, 4),  # table: hash of this table, to tell builds apart
        (1, 0, 255),  # codecs: bit n: codec n can be decoded
        (9, 1, 32),  # name: what people call this badge
        (9, 1, 16),  # build: firmware or software version
    ),
    2: (  # WELCOME
        (4, 0, 1073741823),  # nonce: from the HELLO
        (2, 2, 65535),  # node: the member's number on the wire
        (4, 1, 1073741823),  # session: goes into every envelope from now on
        (4, 0, 1073741823),  # term: the leader's term
        (14, 0, 4),  # table: hash of the leader's table
        (1, 0, 255),  # group: talk group of this member
        (1, 0, 255),  # codec: codec to talk with
    ),
    3: (  # HEARTBEAT
        (4, 0, 1073741823),  # echo_ms: participant's clock; the leader returns it
        (1, 0, 255),  # group: talk group
        (4, 0, 1073741823),  # term: highest term seen
        (4, 0, 1073741823),  # lease: the running lease, or the last one
        (2, 0, 65535),  # talker: who holds it, 0 when nobody talks
        (1, 0, 255),  # waiting: requests in the queue (leader)
    ),
    4: (  # NACK
        (1, 0, 255),  # reason: see enum nack
        (1, 0, 255),  # version_low: oldest version byte spoken
        (1, 0, 255),  # version_high: newest version byte spoken
        (1, 0, 255),  # about: type of the message refused
    ),
    16: (  # FLOOR_REQUEST
        (1, 0, 255),  # group: talk group
        (2, 0, 65535),  # request: one number a press, counting up, wrapping
    ),
    17: (  # FLOOR_GRANT
        (1, 0, 255),  # group: talk group
        (2, 0, 65535),  # request: the request granted
        (4, 0, 1073741823),  # term: leader's term
        (4, 1, 1073741823),  # lease: names this talk burst
        (2, 0, 65535),  # lease_ms: silence after which the lease ends
        (4, 0, 1073741823),  # talk_ms: longest this burst may last
    ),
    18: (  # FLOOR_RELEASE
        (1, 0, 255),  # group: talk group
        (2, 0, 65535),  # request: the request that ends
        (4, 0, 1073741823),  # lease: the lease that ends, 0 when none was granted
    ),
    19: (  # FLOOR_QUEUED
        (1, 0, 255),  # group: talk group
        (2, 0, 65535),  # request: the request that waits
        (1, 1, 255),  # position: 1 talks next
    ),
    20: (  # FLOOR_DENIED
        (1, 0, 255),  # group: talk group
        (2, 0, 65535),  # request: the request denied
        (1, 0, 255),  # reason: see enum denial
    ),
    21: (  # FLOOR_TAKEN
        (1, 0, 255),  # group: talk group
        (4, 0, 1073741823),  # term: leader's term
        (4, 1, 1073741823),  # lease: the lease
        (2, 2, 65535),  # talker: its holder
    ),
    22: (  # FLOOR_IDLE
        (1, 0, 255),  # group: talk group
        (4, 0, 1073741823),  # term: leader's term
        (4, 0, 1073741823),  # lease: the lease that ended last
    ),
    23: (  # FLOOR_REVOKED
        (1, 0, 255),  # group: talk group
        (4, 0, 1073741823),  # term: leader's term
        (4, 1, 1073741823),  # lease: the lease that ended
        (1, 0, 255),  # reason: see enum revocation
    ),
    32: (  # VOICE_FRAME
        (1, 0, 255),  # group: talk group
        (1, 0, 255),  # codec: see enum codec
        (2, 0, 65535),  # talker: who speaks
        (4, 1, 1073741823),  # lease: the burst
        (2, 0, 65535),  # first: number of the first frame here; a burst starts at 0
        (1, 0, 1),  # marks: 1: the last frame here ends the burst
        (1, 1, 3),  # count: frames in this packet
        (2, 0, 640),  # frame_bytes: size of each
    ),
}
