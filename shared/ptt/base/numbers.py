"""Every number of the protocol: its name ends in its unit, its reason stands beside it.

Nothing else in `ptt` holds a figure that somebody might want to tune. Layout offsets live with
their layout in `ptt.wire`, because they are facts of the format and not choices.
"""

from .compat import const

# --- Voice -----------------------------------------------------------------------------
RATE_HZ = const(16000)  # wideband speech; what the microphone, codec and old app all speak
FRAME_MS = const(20)  # the old app's frame too; shorter wastes airtime, longer adds delay
FRAME_SAMPLES = const(320)  # RATE_HZ * FRAME_MS / 1000
ADPCM_FRAME_BYTES = const(164)  # 4 bytes of coder state + 320 samples of 4 bits
G722_FRAME_BYTES = const(160)  # 64 kbit/s; a place for IMA-ADPCM holds it
OPUS_FRAME_BYTES = const(80)  # 32 kbit/s, each frame alike: sizes that follow speech betray it
FRAMES_PER_PACKET_MAX = const(3)  # 60 ms: 530 bytes stay far below one Wi-Fi fragment
CAPTURE_FRAMES_MAX = const(36)  # 0.72 s kept between press and grant, twice the stress target
RELEASE_TAIL_FRAMES = const(2)  # one DMA block (16 ms) and one frame may still hold speech
RELEASE_TAIL_MS_MAX = const(200)  # a microphone that stopped must not keep the floor
VOICE_PACE_MS = const(10)  # kept speech starts at six times real time, never in a flood
AHEAD_FRAMES_MAX = const(14)  # sent so early that a listener still has room for delay and jitter
LAST_REPEATS = const(2)  # the last packet thrice: at 5 % loss it is lost once in 8,000 bursts

# --- Playout ---------------------------------------------------------------------------
JITTER_FRAMES_MAX = const(24)  # 480 ms: what is sent ahead, the delay and 80 ms of jitter
REST_EVERY_FRAMES = const(5)  # 100 ms: of a pause that is left out, one frame of so many goes out
REST_LEAD_FRAMES = const(
    2
)  # of a pause, sent with the speech behind them: with it they fill a packet
REST_FRAMES_MAX = const(
    15
)  # 300 ms, two of three lost: behind a frame of a pause so many may be missing
REST_LEVEL_MAX = const(60)  # in a frame's fourth byte, how loud a pause is; 0: speech
HELD_BACK = const(0x80)  # there: speech that was held back, and says nothing about the path
BURST_STALL_MS = const(500)  # a burst silent this long is over (old app: 650 ms)
CONCEAL_FRAMES_MAX = const(3)  # 60 ms of fading repetition; longer sounds like a robot
KEPT_FRAMES_MAX = const(36)  # to be sent or heard: a whole press, or half a one beside the delay

# --- Envelope --------------------------------------------------------------------------
DATAGRAM_BYTES_MAX = const(1200)  # fits every path without fragments
INT_MAX = const(0x3FFFFFFF)  # 2^30 - 1: above it an integer costs a badge heap
PORT = const(47800)  # default UDP port of a leader; unassigned by IANA

# --- Membership ------------------------------------------------------------------------
HELLO_RETRY_MS = const(250)  # first retry of a join; doubles
HELLO_RETRY_MS_MAX = const(2000)  # a rebooted leader is found again within this
HEARTBEAT_MS = const(1000)  # 100 badges then cost 5 % of a channel, answers included
LEADER_LOST_MS = const(3000)  # three heartbeats unanswered
MEMBER_TTL_MS = const(5000)  # five heartbeats missed (the old app's stale time)
CONFIRM_MS = const(10000)  # by then settings that cut a badge off show it: 3 LEADER_LOST_MS
WIFI_TRIAL_MS = const(30000)  # a network without a leader: 5 s to join, twice, and CONFIRM_MS
MEMBERS_MAX = const(256)  # largest venue planned is 250; bounds the leader's table
DEVICES_MAX = const(512)  # in a venue's registry: twice its members, spares and lent ones
NAME_BYTES_MAX = const(32)  # a badge label holds no more
NACK_INTERVAL_MS = const(1000)  # strangers get at most one answer a second, all together

# --- Hosts: who leads ------------------------------------------------------------------
HOST_HEARTBEAT_MS = const(100)  # a leader to each other host; four of them fit HOST_LOST_MS
HOST_LOST_MS = const(400)  # a leader this silent is gone: three lost in a row are one in 8,000
ELECTION_MS = const(150)  # for answers to a candidate: a busy round trip; a disk writes in 20
ELECTION_REPEAT_MS = const(50)  # a candidate asks those again that have not answered: twice
ELECTION_STAGGER_MS = const(50)  # each further host by rank stands so much later: a round trip
ELECTION_SPREAD_MS = const(64)  # after a failure hosts try again at most so far apart
VOTERS_MAX = const(7)  # outlives three dead hosts; one more only adds traffic

# --- Floor -----------------------------------------------------------------------------
LEASE_MS = const(2000)  # outlives the longest roam (1.5 s); a vanished talker frees it then
REQUEST_RETRY_MS = const(60)  # first repeat of a floor message: a clean round trip is 40 ms
REQUEST_RETRY_MS_MAX = const(480)  # doubling stops here
REQUEST_TRIES_MAX = const(8)  # 2.8 s in all, then "no answer"
QUEUE_KEEPALIVE_MS = const(1000)  # a waiting badge says that it still waits
GRANT_REPEAT_MS = const(100)  # a grant is repeated until its first voice
QUEUE_MAX = const(128)  # everybody of a 100-badge venue at once
TAIL_GRACE_MS = const(200)  # voice overtaken by its own release is still passed on
TALK_WARNING_MS = const(5000)  # before the talk limit: time to end a sentence

# --- Talk groups and private calls -----------------------------------------------------
GROUPS_MAX = const(16)  # talk groups of a leader: a venue's crews, and a bound for its tables
MEMBER_GROUPS_MAX = const(8)  # groups of one badge, what WELCOME carries; nobody scans more
CALL_GROUP_FIRST = const(128)  # group numbers from here on are private calls
CALLS_MAX = const(16)  # private calls at a time: each costs airtime as a talk group does
CALL_HANG_MS = const(10000)  # a quiet call ends: time to think of an answer, not to forget it
CALL_HOLD_MS = const(30000)  # before an unwanted caller may call the same member again
CALL_HOLD_MS_MAX = const(960000)  # doubled up to here: four calls an hour take nobody's button
CALL_BLOCK_TIMES = const(3)  # hung up on so often in a row: that was meant
CALL_BLOCK_MS = const(28800000)  # then for a shift of 8 hours
CALL_HOLDS_MAX = const(64)  # pairs held apart: more than a venue has quarrels

# --- Standbys --------------------------------------------------------------------------
STANDBYS_MAX = const(3)  # hosts that follow a leader; a badge is told as many addresses
LEASE_GAP = const(4096)  # leases passed over with each round of terms: more than can go unheard of
LEASE_TAKEN_OVER_MAX = const(0x1FFFFFFF)  # half of all: above it members join anew, from lease 0
FAREWELL_MS = const(1000)  # a leader that lost its office lets its successor speak first
PROBE_MS = const(300)  # a heartbeat unanswered for so long is repeated, to standbys too
ANNOUNCE_RETRY_MS = const(100)  # a new leader repeats itself; doubles: a talker is silent meanwhile
ANNOUNCE_RETRY_MS_MAX = const(800)  # to a badge out of reach, until its membership ends
MOVE_SPREAD_MS = const(100)  # a venue's badges must not all answer a new leader at once
JOURNAL_BEAT_MS = const(1000)  # a standby is asked whether it still has all: it may have restarted
JOURNAL_BYTES_MAX = const(1100)  # of one datagram, so that a channel's envelope still fits
JOURNAL_WINDOW = const(16)  # datagrams on their way to a standby: a venue of 250 in two rounds
JOURNAL_RETRY_MS = const(60)  # first repetition; hosts are on a wire
JOURNAL_RETRY_MS_MAX = const(480)  # doubling stops here
JOURNAL_GONE_MAX = const(256)  # removals remembered; who lags behind more gets a snapshot
JOURNAL_SECRET_BYTES_MAX = const(32)  # of a member's session: what its keys are derived from

# A term that no clock and no row of elections can have brought is a fault, or an attack.
CLOCK_TERM_MAX = const(631152000)  # seconds from 2025 to 2045: a later clock is wrong
TERM_JUMP_MAX = const(16777216)  # 65,536 elections while a host was away: one a minute for 45 days
TERM_FORGET_MS = const(60000)  # a badge that finds no leader for so long follows a lower term, too

# Nor does one word use up the versions of the settings.
SETTINGS_SURE = const(16777216)  # versions: a change every 19 s for ten years brings no more
SETTINGS_JUMP_MAX = const(1024)  # above that, changes of which a host may not have heard

# Nothing proves a badge's claim that somebody leads in a higher term. Honest badges make it after a
# split; somebody with one badge's keys could keep the hosts electing, and use up the terms.
CLAIM_JUMP_MAX = const(16384)  # 64 elections, more than hosts that cannot hear each other hold
CLAIMS_MAX = const(3)  # of one device within CLAIMS_MS: a day of many splits has so many
CLAIMS_MS = const(1800000)  # half an hour; at that rate the terms last for a year of attack

# --- Keys ------------------------------------------------------------------------------
CHALLENGE_MS = const(5000)  # a challenge is good for so long: two of the slowest HELLO retries
DERIVATIONS_MAX = const(10)  # of keys a second at a badge: each takes milliseconds, forged or not
DERIVATIONS_A_STEP = const(2)  # of the same: each makes 3.6 KB of garbage, and frames wait
SESSION_MS_MAX = const(3600000)  # keys live an hour at most
REKEY_MS = const(3000000)  # asked for anew after 50 minutes, ten before they end
REKEY_SPREAD_MS = const(300000)  # so far apart at most, since a venue's badges start together
REKEY_RETRY_MS = const(1000)  # nothing waits for it
FORMER_KEYS_MS = const(5000)  # keys before a change still open what was on its way
KEY_WANT_MS = const(100)  # first repeat of KEY_WANT: most round trips; doubles
KEY_WANT_MS_MAX = const(1600)  # doubling stops here
KEY_ADOPT_MS = const(1000)  # a talker keeps its key so long, until all have the new one
DOOR_PER_S = const(2000)  # HELLOs and ANSWERs looked at: an eighth of a slow leader's time
DOOR_BURST = const(2048)  # a venue's 250 badges at once, some times over
DOOR_SHARES = const(64)  # hosts are spread over so many shares, so that one cannot use up all
DOOR_SHARE_PER_S = const(200)  # of one share
DOOR_SHARE_BURST = const(512)  # a venue's badges behind one address, as when it is imitated
STRANGERS_PER_S = const(1)  # unknown devices that are reported: a log must not fill up
STRANGERS_BURST = const(8)
JOINS_MAX = const(8)  # of one device within JOINS_MS: one that falls out of the Wi-Fi all the time
JOIN_REPEATS_MAX = const(128)  # the same with other keys: two answers a HELLO, 50 HELLOs a minute
JOINS_MS = const(60000)  # each join makes others work, and renews what a member may send
HELD_OFF_MAX = const(64)  # devices and reasons remembered for the operator: more is one flood
HELD_OFF_TELL_MS = const(60000)  # between two lines of one device and reason in a log
CLEAR_NACK_MS = const(1500)  # a NACK in the clear counts when the leader was silent for so long

# --- What one member may say, a second and at once --------------------------------------
VOICE_PER_S = const(120)  # kept speech starts at one packet every 10 ms
VOICE_BURST = const(60)
SPEECH_FRAMES_PER_S = const(64)  # passed on, however they are packed: nobody talks more than 50
SPEECH_FRAMES_BURST = const(192)  # what was kept, and last packets of words that follow quickly
FLOOR_PER_S = const(20)  # a request is repeated after 60 ms: nobody presses faster
FLOOR_BURST = const(30)
PRESS_PER_S = const(2)  # presses: each that is granted is told to the whole group, twice
PRESS_BURST = const(8)  # somebody who plays with the button
TEXT_PER_S = const(4)  # a text is repeated after 60 ms, too, but people type slower
TEXT_BURST = const(12)
CONTROL_PER_S = const(20)  # heartbeats, reports, acknowledgements, keys: three a second at most
CONTROL_BURST = const(60)
UPDATE_PER_S = const(20)  # ten chunks are wanted a second
UPDATE_BURST = const(20)

# --- Settings, text, receipts ---------------------------------------------------------
RESIGN_REPEATS = const(3)  # a resignation waits for no answer; the same odds as a last packet
TEXT_BYTES_MAX = const(200)  # what fits a badge's log line; more is a letter
TEXT_TRIES_MAX = const(8)  # as a floor request: about 2.3 s
RECEIPT_WAIT_MS = const(1500)  # playout, stall time and a retransmitted heartbeat fit

# --- Engines ---------------------------------------------------------------------------
OUTBOX_SLOTS = const(5)  # a badge's datagrams of one step: voice, a repetition, control
EVENTS_MAX = const(32)  # events nobody fetched; the oldest is dropped and counted

# --- Updates over the air --------------------------------------------------------------
UPDATE_CHUNK_BYTES = const(900)  # with envelope and tag far below a fragment; a fifth of a block
UPDATE_BADGE_MS = const(100)  # between chunks to one badge: erasing flash may take 40 ms of it
UPDATE_TOTAL_MS = const(
    25
)  # between chunks to anybody: 40 a second with their WANT are 3 % airtime
UPDATE_ACTIVE_MAX = const(4)  # badges at a time: they use up what all may have together
UPDATE_QUIET_MS = const(
    500
)  # after speech before flash is written: an answer often follows at once
UPDATE_WANT_MS = const(1000)  # first repeat of WANT: the leader may hold a chunk back; doubles
UPDATE_WANT_MS_MAX = const(8000)  # doubling stops here: an update goes on soon after a long talk
UPDATE_IDLE_MS = const(120000)  # nothing came for so long: the memory is let go, the files stay
UPDATE_OFFER_MS = const(5000)  # an offer is repeated until it is answered
UPDATE_TRIAL_MS = const(15000)  # how often a badge on trial is asked whether it is over
UPDATE_AWAY_MS = const(180000)  # a badge that says nothing for so long gives up its place
UPDATE_FLUSH_CHUNKS = const(8)  # between flushes, each of which copies a block: 7 KB come again
UPDATE_READ_BYTES = const(512)  # hashed in one step: 1 ms of flash and of SHA-256
UPDATE_ROOM_BYTES = const(32768)  # of flash that stay free: settings and crashes are still kept
UPDATE_FILES_MAX = const(200)  # three times what a badge has; one byte on the wire
UPDATE_FILE_BYTES_MAX = const(262144)  # twice the whole application
UPDATE_MANIFEST_BYTES_MAX = const(24000)  # 200 files of 105 bytes, and the signature
UPDATE_PATH_BYTES_MAX = const(48)  # the longest of today has 30
