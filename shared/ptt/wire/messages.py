"""The message table as code. Written by `make schema` from shared/schema/messages.toml.

`LAYOUTS` holds for each type its fields: (kind, lowest, highest, default). Kinds 1,
2 and 4 are big-endian integers of that many bytes, 14, 18 and 26 raw bytes (4, 8, 16), 9
a text with a length byte. A field with a default may be missing, from an older sender.
`TABLE` is the same, small enough for a badge, which has no `LAYOUTS`: the fields that
differ; for each field of all types in turn its place among those; and by a type's number
where its fields begin, and the next number's begin where they end. A build without room
ends SETTINGS_SNAPSHOT behind the last setting that it obeys.
`SENDERS` says who may send a type, by its number: 1 participant, 2 leader, 3 both, 0: no
such type. It is bytes, since a badge has no room for a dictionary."""

from ..base import features
from ..base.compat import const

VERSION = const(0x2B)  # major: high four bits, minor: low four
TABLE_HASH = b"\x7f\x1f\x06\xf0"

HELLO = const(1)
WELCOME = const(2)
HEARTBEAT = const(3)
NACK = const(4)
ROLE_ANNOUNCE = const(5)
CHALLENGE = const(6)
ANSWER = const(7)
SETTINGS_SNAPSHOT = const(8)
SETTINGS_ACK = const(9)
TEXT_MESSAGE = const(10)
TEXT_ACK = const(11)
GROUP_KEY = const(12)
KEY_WANT = const(13)
REKEY = const(14)
REKEYED = const(15)
FLOOR_REQUEST = const(16)
FLOOR_GRANT = const(17)
FLOOR_RELEASE = const(18)
FLOOR_QUEUED = const(19)
FLOOR_DENIED = const(20)
FLOOR_TAKEN = const(21)
FLOOR_IDLE = const(22)
FLOOR_REVOKED = const(23)
CALL_ENDED = const(24)
STANDBY = const(25)
MULTICAST = const(26)
MULTICAST_REPORT = const(27)
RELAY = const(28)
RELAY_REPORT = const(29)
RELAY_PROBE = const(30)
MULTICAST_HEARD = const(31)
VOICE_FRAME = const(32)
RECEIVER_REPORT = const(33)
BURST_RECEIPT = const(34)
BADGE_REPORT = const(36)
MULTICAST_MISSED = const(37)
MULTICAST_PROBE = const(38)
MULTICAST_VOICE = const(39)
UPDATE_OFFER = const(40)
UPDATE_WANT = const(41)
UPDATE_CHUNK = const(42)
UPDATE_STATE = const(43)
UPDATE_ORDER = const(44)
WIFI_NETWORK = const(45)
WIFI_STATE = const(46)

DENIAL_QUEUE_FULL = const(1)  # too many badges wait already
DENIAL_STALE = const(2)  # that request is over
DENIAL_NOT_ENTITLED = const(3)  # this badge may not press with priority or in an emergency
DENIAL_CALLEE_UNKNOWN = const(4)  # nobody here has that number
DENIAL_CALLEE_BUSY = const(5)  # that member is in another call, or turned your last one down
DENIAL_CALLEE_SELF = const(6)  # a member cannot call itself
DENIAL_CALLS_FULL = const(7)  # the leader serves no more private calls, or none at all

REVOCATION_TALK_LIMIT = const(1)  # talked longer than allowed
REVOCATION_SILENT = const(2)  # no voice arrived for a whole lease
REVOCATION_PREEMPTED = const(3)  # an emergency has the floor; keep the button down to talk next
REVOCATION_CALL_ENDED = const(4)  # the private call is over
REVOCATION_LEADER_CHANGED = const(5)  # another leader has taken over

LANE_ROUTINE = const(0)  # first come, first served
LANE_PRIORITY = const(1)  # before all routine requests
LANE_EMERGENCY = const(2)  # before all others, and takes the floor from them

CALL_HUNG_UP = const(1)  # one of the two ended it
CALL_QUIET = const(2)  # nobody talked for a while
CALL_LEFT = const(3)  # one of the two has left
CALL_UNKNOWN = const(4)  # the leader knows of no such call

NACK_VERSION = const(1)  # the leader speaks another protocol version: update the older one
NACK_UNKNOWN_SESSION = const(2)  # the leader does not know this session: join again
NACK_FULL = const(3)  # the leader has no room for another member

ROLE_PARTICIPANT = const(0)  # a badge or a soft badge
ROLE_LEADER = const(1)  # owns membership, floor and settings
ROLE_RESIGNED = const(2)  # led until now, and leaves

APPLIED_APPLIED = const(0)  # these settings are in force
APPLIED_REFUSED = const(1)  # a value is outside what this build can do; the old ones stay

WIFI_USED = const(0)  # the badge uses this network, and keeps it over a restart
WIFI_TRIED = const(1)  # it has heard of it, and changes to it, or stays if no leader is there
WIFI_CUT_OFF = const(2)  # it has tried it, found no leader there, and is back in the former one

TEXT_PERSON = const(0)  # written by somebody
TEXT_OPERATOR = const(1)  # from the leader box
TEXT_LEGACY = const(2)  # from the old app, insecure

CODEC_PCM16 = const(0)  # 16-bit samples, little endian (tests and the old app)
CODEC_IMA_ADPCM = const(1)  # IMA-ADPCM, every frame with its own coder state
CODEC_G722 = const(2)  # G.722 at 64 kbit/s
CODEC_OPUS = const(3)  # Opus at 32 kbit/s, constant

UPDATE_ORDER_APPLY = const(1)  # run the release that is ready
UPDATE_ORDER_STOP = const(2)  # stop; what was fetched stays on the flash

UPDATE_STATE_FETCHING = const(1)  # files are looked at or fetched
UPDATE_STATE_READY = const(2)  # all files are there and right
UPDATE_STATE_APPLYING = const(3)  # restarts into the release now
UPDATE_STATE_TRIAL = const(4)  # runs it, and may still fall back
UPDATE_STATE_CURRENT = const(5)  # runs it for good
UPDATE_STATE_FAILED = const(6)  # refuses it, see the reason

UPDATE_REASON_NONE = const(0)  # no reason
UPDATE_REASON_TAG = const(1)  # the manifest is not the one that was vouched for
UPDATE_REASON_MANIFEST = const(2)  # the manifest cannot be read, or is another release's
UPDATE_REASON_FILE = const(3)  # a file is not the one in the manifest
UPDATE_REASON_CHIP = const(4)  # the release is for another chip
UPDATE_REASON_OLDER = const(5)  # older than what ran before, and not marked as meant
UPDATE_REASON_FELL_BACK = const(6)  # it was tried and failed its trial
UPDATE_REASON_ROOM = const(7)  # the flash is full
UPDATE_REASON_FLASH = const(8)  # the flash cannot be read or written
UPDATE_REASON_KEY = const(9)  # the badge has no key: it was not flashed by Pressel
UPDATE_REASON_STOPPED = const(10)  # the leader stopped it, or fell silent
UPDATE_REASON_SIGNER = const(11)  # the badge knows no signer: it was not flashed with one
UPDATE_REASON_SIGNATURE = const(12)  # not signed by the signer that the badge knows

RESTART_UNKNOWN = const(0)  # it does not say
RESTART_POWER_ON = const(1)  # it was switched on
RESTART_RESET = const(2)  # its chip was reset, after a failure or for an update
RESTART_WATCHDOG = const(3)  # its program hung
RESTART_DEEP_SLEEP = const(4)  # it woke from deep sleep
RESTART_SOFT = const(5)  # somebody restarted it at its console
RESTART_BROWN_OUT = const(6)  # its supply failed for a moment

SENDERS = (
    b"\x00\x01\x02\x03\x02\x02\x02\x01\x02\x01\x03\x02\x02\x01\x01\x02"
    b"\x01\x02\x01\x02\x02\x02\x02\x02\x03\x02\x02\x01\x02\x01\x02\x01"
    b"\x03\x01\x02\x00\x01\x01\x02\x02\x02\x01\x02\x01\x02\x02\x01"
)

LAYOUTS = {
    1: (  # HELLO
        (18, 0, 8, None),  # device: device identity, as provisioned
        (4, 0, 1073741823, None),  # nonce: ties the answer to this attempt
        (14, 0, 4, None),  # table: hash of this table, to tell builds apart
        (1, 0, 255, None),  # codecs: bit n: codec n can be decoded
        (9, 1, 32, None),  # name: what people call this badge
        (9, 1, 16, None),  # build: firmware or software version
        (4, 0, 1073741823, 0),  # term: highest term seen: an older leader is elected anew
        (4, 0, 1073741823, 0),  # features: bit n: the sender has feature n
    ),
    2: (  # WELCOME
        (4, 0, 1073741823, None),  # nonce: from the HELLO
        (2, 2, 65535, None),  # node: the member's number on the wire
        (4, 1, 1073741823, None),  # session: goes into every envelope from now on
        (4, 0, 1073741823, None),  # term: the leader's term
        (14, 0, 4, None),  # table: hash of the leader's table
        (1, 0, 255, None),  # group: talk group of this member
        (1, 0, 255, None),  # codec: codec to talk with
        (4, 0, 1073741823, 0),  # lease: newest known to the leader
        (18, 0, 8, b"\x00\x00\x00\x00\x00\x00\x00\x00"),  # groups: of this member, by priority
        (1, 0, 255, 0),  # roster: counts the changes of `groups`
    ),
    3: (  # HEARTBEAT
        (4, 0, 1073741823, None),  # echo_ms: participant's clock; the leader returns it
        (1, 0, 255, None),  # group: talk group
        (4, 0, 1073741823, None),  # term: highest term seen
        (4, 0, 1073741823, None),  # lease: the running lease, or the last one
        (2, 0, 65535, None),  # talker: who holds it, 0 when nobody talks
        (1, 0, 255, None),  # waiting: requests in the queue (leader)
        (1, 0, 255, 0),  # roster: from the last WELCOME (participant)
    ),
    4: (  # NACK
        (1, 0, 255, None),  # reason: why
        (1, 0, 255, None),  # version_low: oldest version byte spoken
        (1, 0, 255, None),  # version_high: newest version byte spoken
        (1, 0, 255, None),  # about: type of the message refused
    ),
    5: (  # ROLE_ANNOUNCE
        (1, 0, 255, None),  # role: what the sender is
        (4, 0, 1073741823, None),  # term: the sender's term
    ),
    6: (  # CHALLENGE
        (4, 0, 1073741823, None),  # nonce: from the HELLO
        (26, 0, 16, None),  # challenge: the leader's part of the session's keys
    ),
    7: (  # ANSWER
        (26, 0, 16, None),  # challenge: from the CHALLENGE
        (26, 0, 16, None),  # own_nonce: the participant's part of the keys, new with each nonce
        (26, 0, 16, None),  # proof: of the device's key, over all that follows
        (18, 0, 8, None),  # device: as in HELLO, like all that follows
        (4, 0, 1073741823, None),  # nonce: ties WELCOME to this attempt
        (14, 0, 4, None),  # table: hash of this table
        (1, 0, 255, None),  # codecs: bit n: codec n can be decoded
        (9, 1, 32, None),  # name: what people call this badge
        (9, 1, 16, None),  # build: firmware or software version
        (4, 0, 1073741823, None),  # term: highest term seen
        (4, 0, 1073741823, 0),  # features: bit n: the sender has feature n
    ),
    8: (  # SETTINGS_SNAPSHOT
        (4, 1, 1073741823, None),  # version: rises with every change
        (2, 20, 400, None),  # playout_delay_ms: least delay of the jitter buffer
        (4, 1000, 1300000, None),  # talk_ms: longest burst
        (2, 60, 340, 340),  # playout_delay_max_ms: most delay of the jitter buffer
        (1, 1, 100, 10),  # late_permille: packets that may come too late to be heard
        (1, 0, 1, 1),  # gain: the strength of a microphone follows the speaker
        (1, 0, 1, 1),  # high_pass: a microphone hears nothing below voices
        (1, 0, 2, 0),  # power_save: a badge's Wi-Fi rests between bursts; 0: as it was flashed
    ),
    9: (  # SETTINGS_ACK
        (4, 1, 1073741823, None),  # version: the settings meant
        (1, 0, 255, None),  # result: whether they are in force
    ),
    10: (  # TEXT_MESSAGE
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # id: one number a text, counting up, wrapping
        (1, 0, 255, None),  # kind: where it comes from
        (2, 0, 65535, None),  # writer: who wrote it; 0: nobody on this network
        (9, 0, 32, None),  # name: what people call the writer
        (9, 1, 200, None),  # text: what it says
    ),
    11: (  # TEXT_ACK
        (2, 0, 65535, None),  # id: from the TEXT_MESSAGE
    ),
    12: (  # GROUP_KEY
        (1, 0, 255, None),  # group: talk group, or private call
        (2, 0, 65535, None),  # epoch: rises when the keys of all groups change
        (26, 0, 16, None),  # key: wrapped
    ),
    13: (  # KEY_WANT
        (1, 0, 255, None),  # group: talk group, or private call
    ),
    14: (  # REKEY
        (26, 0, 16, None),  # own_nonce: the participant's part of the new keys
    ),
    15: (  # REKEYED
        (26, 0, 16, None),  # own_nonce: from the REKEY
        (26, 0, 16, None),  # challenge: the leader's part of the new keys
    ),
    16: (  # FLOOR_REQUEST
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # request: one number a press, counting up, wrapping
        (1, 0, 2, 0),  # lane: how much it matters
        (2, 0, 65535, 0),  # callee: with group 0: whom to talk with in private; else 0
    ),
    17: (  # FLOOR_GRANT
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # request: the request granted
        (4, 0, 1073741823, None),  # term: leader's term
        (4, 1, 1073741823, None),  # lease: names this talk burst
        (2, 0, 65535, None),  # lease_ms: silence after which the lease ends
        (4, 0, 1073741823, None),  # talk_ms: longest this burst may last
        (1, 0, 255, 0),  # pauses: 1: pauses may be left out
        (1, 0, 255, 1),  # codec: codec to talk with; 1 may be taken instead
    ),
    18: (  # FLOOR_RELEASE
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # request: the request that ends
        (4, 0, 1073741823, None),  # lease: the lease that ends, 0 when none was granted
    ),
    19: (  # FLOOR_QUEUED
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # request: the request that waits
        (1, 1, 255, None),  # position: 1 talks next
    ),
    20: (  # FLOOR_DENIED
        (1, 0, 255, None),  # group: talk group
        (2, 0, 65535, None),  # request: the request denied
        (1, 0, 255, None),  # reason: why
    ),
    21: (  # FLOOR_TAKEN
        (1, 0, 255, None),  # group: talk group
        (4, 0, 1073741823, None),  # term: leader's term
        (4, 1, 1073741823, None),  # lease: the lease
        (2, 2, 65535, None),  # talker: its holder
        (9, 0, 32, b""),  # name: what people call the holder
    ),
    22: (  # FLOOR_IDLE
        (1, 0, 255, None),  # group: talk group
        (4, 0, 1073741823, None),  # term: leader's term
        (4, 0, 1073741823, None),  # lease: the lease that ended last
    ),
    23: (  # FLOOR_REVOKED
        (1, 0, 255, None),  # group: talk group
        (4, 0, 1073741823, None),  # term: leader's term
        (4, 1, 1073741823, None),  # lease: the lease that ended
        (1, 0, 255, None),  # reason: why
    ),
    24: (  # CALL_ENDED
        (1, 128, 255, None),  # group: the call's group
        (4, 0, 1073741823, None),  # term: leader's term
        (4, 0, 1073741823, None),  # lease: newest of any group
        (1, 0, 255, None),  # reason: why
    ),
    25: (  # STANDBY
        (14, 0, 4, None),  # host: IPv4 address
        (2, 0, 65535, None),  # port: UDP port
        (1, 0, 2, None),  # place: its place among them, from 0
        (1, 0, 3, None),  # count: how many there are; with 0 the other fields mean nothing
    ),
    26: (  # MULTICAST
        (4, 0, 1073741823, None),  # echo_ms: from the MULTICAST_REPORT
        (14, 0, 4, None),  # host: IPv4 multicast address
        (2, 0, 65535, None),  # port: UDP port; 0: nothing is sent to many
        (4, 0, 1073741823, None),  # chain: number of the chain of keys
        (4, 0, 1073741823, None),  # age_ms: of the chain, when this was written
        (1, 0, 255, None),  # delay: intervals after which a key is told
        (2, 0, 65535, None),  # interval: the one whose key follows
        (26, 0, 16, None),  # key: of that interval
    ),
    27: (  # MULTICAST_REPORT
        (4, 0, 1073741823, None),  # echo_ms: participant's clock; MULTICAST returns it
        (4, 0, 1073741823, None),  # chain: the chain that it knows; 0: none
        (2, 0, 65535, None),  # probes: which of the newest 16 probes were proved; bit 0: the newest
        (2, 0, 65535, None),  # late: datagrams that came too late to be proved, wrapping
        (2, 0, 65535, None),  # forged: datagrams with a false key or tag, wrapping
    ),
    28: (  # RELAY
        (14, 0, 4, None),  # host: its IPv4 address
        (2, 0, 65535, None),  # port: its UDP port; 0: no host sends to you but the leader
        (4, 0, 1073741823, None),  # number: of the key
        (26, 0, 16, None),  # wrapped: the key, wrapped as that of a group
    ),
    29: (  # RELAY_REPORT
        (4, 0, 1073741823, None),  # number: of the key
        (1, 0, 64, None),  # came: how many of the newest datagrams came
        (1, 0, 64, None),  # sent: of how many: 64, or as many as were sent
    ),
    30: (  # RELAY_PROBE
        (4, 0, 1073741823, None),  # number: of the key
    ),
    31: (  # MULTICAST_HEARD
        (1, 0, 255, None),  # group: talk group
        (4, 1, 1073741823, None),  # lease: the burst
    ),
    32: (  # VOICE_FRAME
        (1, 0, 255, None),  # group: talk group
        (1, 0, 255, None),  # codec: how the frames are coded
        (2, 0, 65535, None),  # talker: who speaks
        (4, 1, 1073741823, None),  # lease: the burst
        (2, 0, 65535, None),  # first: number of the first frame here; a burst starts at 0
        (1, 0, 1, None),  # marks: 1: the last frame here ends the burst
        (1, 1, 3, None),  # count: frames in this packet
        (2, 0, 640, None),  # frame_bytes: size of each
    ),
    33: (  # RECEIVER_REPORT
        (1, 0, 255, None),  # group: talk group
        (4, 1, 1073741823, None),  # lease: the burst
        (2, 0, 65535, None),  # played: frames played as they were spoken
        (2, 0, 65535, None),  # concealed: frames replaced because they were missing
        (2, 0, 65535, None),  # late: frames that came after their time
    ),
    34: (  # BURST_RECEIPT
        (1, 0, 255, None),  # group: talk group
        (4, 1, 1073741823, None),  # lease: the burst
        (2, 0, 65535, None),  # listeners: members to which it was relayed
        (2, 0, 65535, None),  # heard: of these, how many heard any of it
        (2, 0, 65535, None),  # whole: of these, how many heard every frame
    ),
    36: (  # BADGE_REPORT
        (1, 0, 255, None),  # signal: of the access point: 55 means -55 dBm; 128: unknown
        (2, 0, 65535, None),  # access_point: last two bytes of its address; 0: unknown
        (1, 0, 255, None),  # channel: of the access point; 0: unknown
        (1, 0, 255, None),  # battery: charge in percent; 255: not measured
        (2, 0, 65535, None),  # starts: starts since it was flashed, wrapping; 0: it keeps nothing
        (1, 0, 255, None),  # restart: why it started last
        (2, 0, 65535, None),  # heap: least free memory, in 16 bytes; 65535: unknown
        (2, 0, 65535, None),  # stall: longest time in one step since the last report, ms
        (2, 0, 65535, None),  # joins: access points joined since its start, wrapping
        (2, 0, 65535, None),  # delay: playout delay, ms
        (2, 0, 65535, None),  # round_trip: of its last answered heartbeat, ms; 65535: unknown
        (2, 0, 65535, None),  # unanswered: heartbeats unanswered since its start, wrapping
    ),
    37: (  # MULTICAST_MISSED
        (1, 0, 255, None),  # group: talk group
        (4, 1, 1073741823, None),  # lease: the burst
        (2, 0, 65535, None),  # first: number of the first frame that is missing
    ),
    38: (  # MULTICAST_PROBE
        (2, 0, 65535, None),  # interval: whose key makes the tag
        (1, 0, 255, None),  # lag: the key is that of so many intervals before
        (26, 0, 16, None),  # key: told so that what came before can be proved
        (2, 0, 65535, None),  # number: seconds of the chain; 0: a key and nothing else
    ),
    39: (  # MULTICAST_VOICE
        (2, 0, 65535, None),  # interval: whose key makes the tag
        (1, 0, 255, None),  # lag: the key is that of so many intervals before
        (26, 0, 16, None),  # key: told so that what came before can be proved
        (1, 0, 255, None),  # back: older frames follow, from so many before the first on; 0: none
        (1, 0, 255, None),  # group: talk group
        (1, 0, 255, None),  # codec: how the frames are coded
        (2, 0, 65535, None),  # talker: who speaks
        (4, 1, 1073741823, None),  # lease: the burst
        (2, 0, 65535, None),  # first: number of the first frame here; a burst starts at 0
        (1, 0, 1, None),  # marks: 1: the last frame here ends the burst
        (1, 1, 3, None),  # count: frames in this packet
        (2, 0, 640, None),  # frame_bytes: size of each
    ),
    40: (  # UPDATE_OFFER
        (4, 1, 1073741823, None),  # release: number of the release
        (2, 1, 24000, None),  # manifest_bytes: size of its manifest
        (1, 0, 3, None),  # flags: 1: an older release is meant; 2: retry one that fell back
    ),
    41: (  # UPDATE_WANT
        (4, 1, 1073741823, None),  # release: from the offer
        (1, 0, 200, None),  # file: 0: the manifest; n: its n-th file
        (4, 0, 1073741823, None),  # offset: bytes already there
    ),
    42: (  # UPDATE_CHUNK
        (4, 1, 1073741823, None),  # release: from the offer
        (1, 0, 200, None),  # file: which file
        (4, 0, 1073741823, None),  # offset: where the piece begins
    ),
    43: (  # UPDATE_STATE
        (4, 1, 1073741823, None),  # release: from the offer
        (1, 0, 255, None),  # state: how far
        (1, 0, 255, None),  # reason: why not
        (4, 0, 1073741823, None),  # running: release that runs
        (1, 0, 200, None),  # file: file in progress
        (9, 0, 16, None),  # chip: chip of the badge
    ),
    44: (  # UPDATE_ORDER
        (4, 1, 1073741823, None),  # release: from the offer
        (1, 0, 255, None),  # order: what to do
    ),
    45: (  # WIFI_NETWORK
        (4, 0, 1073741823, None),  # network: its number, as wifi.network has it; 0: as flashed
        (9, 0, 32, None),  # ssid: its name; empty for number 0
        (9, 0, 64, None),  # password: its password; empty: it is open
    ),
    46: (  # WIFI_STATE
        (4, 0, 1073741823, None),  # network: the network meant
        (1, 0, 255, None),  # state: how far
    ),
}

if features.HAS_SMOOTH_PLAYOUT:
    TABLE = (
        (
            (18, 0, 8, None),
            (4, 0, 1073741823, None),
            (14, 0, 4, None),
            (1, 0, 255, None),
            (9, 1, 32, None),
            (9, 1, 16, None),
            (4, 0, 1073741823, 0),
            (2, 2, 65535, None),
            (4, 1, 1073741823, None),
            (18, 0, 8, b"\x00\x00\x00\x00\x00\x00\x00\x00"),
            (1, 0, 255, 0),
            (2, 0, 65535, None),
            (26, 0, 16, None),
            (2, 20, 400, None),
            (4, 1000, 1300000, None),
            (2, 60, 340, 340),
            (1, 1, 100, 10),
            (1, 0, 1, 1),
            (1, 0, 2, 0),
            (9, 0, 32, None),
            (9, 1, 200, None),
            (2, 0, 65535, 0),
            (1, 0, 255, 1),
            (1, 1, 255, None),
            (9, 0, 32, b""),
            (1, 128, 255, None),
            (1, 0, 2, None),
            (1, 0, 3, None),
            (1, 0, 64, None),
            (1, 0, 1, None),
            (1, 1, 3, None),
            (2, 0, 640, None),
            (2, 1, 24000, None),
            (1, 0, 200, None),
            (9, 0, 16, None),
            (9, 0, 64, None),
        ),
        (
            b"\x00\x01\x02\x03\x04\x05\x06\x06\x01\x07\x08\x01\x02\x03\x03\x06"
            b"\x09\x0a\x01\x03\x01\x01\x0b\x03\x0a\x03\x03\x03\x03\x03\x01\x01"
            b"\x0c\x0c\x0c\x0c\x00\x01\x02\x03\x04\x05\x01\x06\x08\x0d\x0e\x0f"
            b"\x10\x11\x11\x12\x08\x03\x03\x0b\x03\x0b\x13\x14\x0b\x03\x0b\x0c"
            b"\x03\x0c\x0c\x0c\x03\x0b\x12\x15\x03\x0b\x01\x08\x0b\x01\x0a\x16"
            b"\x03\x0b\x01\x03\x0b\x17\x03\x0b\x03\x03\x01\x08\x07\x18\x03\x01"
            b"\x01\x03\x01\x08\x03\x19\x01\x01\x03\x02\x0b\x1a\x1b\x01\x02\x0b"
            b"\x01\x01\x03\x0b\x0c\x01\x01\x0b\x0b\x0b\x02\x0b\x01\x0c\x01\x1c"
            b"\x1c\x01\x03\x08\x03\x03\x0b\x08\x0b\x1d\x1e\x1f\x03\x08\x0b\x0b"
            b"\x0b\x03\x08\x0b\x0b\x0b\x03\x0b\x03\x03\x0b\x03\x0b\x0b\x0b\x0b"
            b"\x0b\x0b\x03\x08\x0b\x0b\x03\x0c\x0b\x0b\x03\x0c\x03\x03\x03\x0b"
            b"\x08\x0b\x1d\x1e\x1f\x08\x20\x1b\x08\x21\x01\x08\x21\x01\x08\x03"
            b"\x03\x01\x21\x22\x08\x03\x01\x13\x23\x01\x03"
        ),
        (
            b"\x00\x00\x08\x12\x19\x1d\x1f\x21\x2c\x34\x36\x3c\x3d\x40\x41\x42"
            b"\x44\x48\x50\x53\x56\x59\x5e\x61\x65\x69\x6d\x75\x7a\x7e\x81\x82"
            b"\x84\x8c\x91\x96\x96\xa2\xa5\xa9\xb5\xb8\xbb\xbe\xc4\xc6\xc9\xcb"
        ),
    )
else:
    TABLE = (
        (
            (18, 0, 8, None),
            (4, 0, 1073741823, None),
            (14, 0, 4, None),
            (1, 0, 255, None),
            (9, 1, 32, None),
            (9, 1, 16, None),
            (4, 0, 1073741823, 0),
            (2, 2, 65535, None),
            (4, 1, 1073741823, None),
            (18, 0, 8, b"\x00\x00\x00\x00\x00\x00\x00\x00"),
            (1, 0, 255, 0),
            (2, 0, 65535, None),
            (26, 0, 16, None),
            (2, 20, 400, None),
            (4, 1000, 1300000, None),
            (9, 0, 32, None),
            (9, 1, 200, None),
            (1, 0, 2, 0),
            (2, 0, 65535, 0),
            (1, 0, 255, 1),
            (1, 1, 255, None),
            (9, 0, 32, b""),
            (1, 128, 255, None),
            (1, 0, 2, None),
            (1, 0, 3, None),
            (1, 0, 64, None),
            (1, 0, 1, None),
            (1, 1, 3, None),
            (2, 0, 640, None),
            (2, 1, 24000, None),
            (1, 0, 200, None),
            (9, 0, 16, None),
            (9, 0, 64, None),
        ),
        (
            b"\x00\x01\x02\x03\x04\x05\x06\x06\x01\x07\x08\x01\x02\x03\x03\x06"
            b"\x09\x0a\x01\x03\x01\x01\x0b\x03\x0a\x03\x03\x03\x03\x03\x01\x01"
            b"\x0c\x0c\x0c\x0c\x00\x01\x02\x03\x04\x05\x01\x06\x08\x0d\x0e\x08"
            b"\x03\x03\x0b\x03\x0b\x0f\x10\x0b\x03\x0b\x0c\x03\x0c\x0c\x0c\x03"
            b"\x0b\x11\x12\x03\x0b\x01\x08\x0b\x01\x0a\x13\x03\x0b\x01\x03\x0b"
            b"\x14\x03\x0b\x03\x03\x01\x08\x07\x15\x03\x01\x01\x03\x01\x08\x03"
            b"\x16\x01\x01\x03\x02\x0b\x17\x18\x01\x02\x0b\x01\x01\x03\x0b\x0c"
            b"\x01\x01\x0b\x0b\x0b\x02\x0b\x01\x0c\x01\x19\x19\x01\x03\x08\x03"
            b"\x03\x0b\x08\x0b\x1a\x1b\x1c\x03\x08\x0b\x0b\x0b\x03\x08\x0b\x0b"
            b"\x0b\x03\x0b\x03\x03\x0b\x03\x0b\x0b\x0b\x0b\x0b\x0b\x03\x08\x0b"
            b"\x0b\x03\x0c\x0b\x0b\x03\x0c\x03\x03\x03\x0b\x08\x0b\x1a\x1b\x1c"
            b"\x08\x1d\x18\x08\x1e\x01\x08\x1e\x01\x08\x03\x03\x01\x1e\x1f\x08"
            b"\x03\x01\x0f\x20\x01\x03"
        ),
        (
            b"\x00\x00\x08\x12\x19\x1d\x1f\x21\x2c\x2f\x31\x37\x38\x3b\x3c\x3d"
            b"\x3f\x43\x4b\x4e\x51\x54\x59\x5c\x60\x64\x68\x70\x75\x79\x7c\x7d"
            b"\x7f\x87\x8c\x91\x91\x9d\xa0\xa4\xb0\xb3\xb6\xb9\xbf\xc1\xc4\xc6"
        ),
    )
