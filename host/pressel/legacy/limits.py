"""Every number of the v1 endpoint: facts of the old app's protocol, and what a stranger may cost.

Anybody on the network can connect, so whatever is kept or done for a connection has a bound here.
"""

# --- Facts of the old app's protocol -------------------------------------------------------
SERVICE = "_wfwt._tcp.local."
PORTS = range(9915, 9921)  # the first that is free
PACKET_BYTES_MAX = 262_144  # a length above it, or not above 0, is skipped
VOICE_RATE_HZ = 16_000  # preferred; an app is taken to send this until its packets say otherwise
# A voice packet holds 20 ms, so its size tells the rate, which is not on the wire. 20 ms at 11,025
# Hz are 220.5 samples: apps round that down or up, or send half a sample.
RATE_HZ_OF_BYTES = {
    320: 8_000,
    440: 11_025,
    441: 11_025,
    442: 11_025,
    640: 16_000,
    882: 22_050,
    1_764: 44_100,
}
PING_MS = 5_000
STALE_MS = 5_000  # after so long without a packet the app counts as out of reach
BURST_END_MS = 650  # after so long without voice the burst is over
FRAME_MS = 20

# --- Connections ----------------------------------------------------------------------------
CLIENTS_MAX = 64  # more than any venue has of the old app; voice to each costs 32 kB/s
SILENT_MS_MAX = 10_000  # two of our pings unanswered: nobody is there any more
ACCEPTS_PER_S = 32  # all clients are back two seconds after a restart; a flood waits in the kernel
ACCEPTS_BURST = 64
BACKLOG_CONNECTIONS = 16  # how many may wait in the kernel meanwhile

# --- What one connection may send -----------------------------------------------------------
KEPT_BYTES_MAX = 17_641  # 200 ms at 44.1 kHz: no packet of an app is longer; others are skipped
READ_BYTES = 8_192  # taken at once, so that one connection's rubbish never delays the others
BYTES_PER_S = 262_144  # three times the fastest voice; more waits in the kernel
BYTES_BURST = 262_144  # what a Wi-Fi link holds back in a second of three times the fastest voice
FRAMES_PER_S = 60  # a sender's clock may be off, but speech is 50 frames a second
FRAMES_BURST = 50  # a second of speech that was held up on the way
WORDS_PER_S = 10  # pings, presses and texts together; a person presses twice a second at most
WORDS_BURST = 40
TEXTS_PER_S = 1  # a person types slower
TEXTS_BURST = 5
FAULTS_PER_S = 0.2  # forgiven: 12 a minute
FAULTS_BURST = 16  # rubbish, oversized packets, floods; then the connection is closed

# --- What may wait for one connection -------------------------------------------------------
VOICE_WAITING_BYTES_MAX = 16_125  # half a second of voice; what is older goes first
WORDS_WAITING_MAX = 64  # an app that leaves so many unread reads nothing at all: it is closed
WRITE_BUFFER_BYTES = 2_580  # four voice packets in the transport, the rest where it can be dropped
SEND_BUFFER_BYTES = 16_384  # in the kernel, which would otherwise keep minutes of old voice

# --- Texts ----------------------------------------------------------------------------------
TEXTS_WAITING_MAX = 16  # on their way to the leader, which takes one at a time
TEXT_PIECES_MAX = 4  # at most so many of a long text are sent, the rest is cut off

# --- Apps that announce themselves -----------------------------------------------------------
APPS_MAX = 128  # announced by mDNS; anybody can announce
NAME_BYTES_MAX = 32  # as a badge's
DEVICE_BYTES_MAX = 63  # an mDNS label holds no more
CONNECT_AFTER_MS = 1_000  # an app that has found us connects to us meanwhile: one connection less
CONNECT_RETRY_MS = 5_000  # doubles
CONNECT_RETRY_MS_MAX = 60_000
CONNECT_LIMIT_S = 3.0
CONNECTING_MAX = 8  # at once
