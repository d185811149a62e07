"""What hosts say to each other, as code. Written by `make schema` from
shared/schema/messages.toml; `LAYOUTS` and `TABLE` are as in `messages`. No badge has it.
"""

from ..base.compat import const

TABLE_HASH = b"\x76\xcd\x5c\x02"

LEADER_HEARTBEAT = const(64)
LEADER_HEARTBEAT_ACK = const(65)
PRE_VOTE_REQUEST = const(66)
PRE_VOTE = const(67)
VOTE_REQUEST = const(68)
VOTE = const(69)
LEADER_RESIGNED = const(70)
HOST_ADDRESS = const(71)
RELAY_ASK = const(72)
RELAY_LOAD = const(73)

VOTE_GRANTED = const(0)  # yes
VOTE_LEADER_LIVES = const(1)  # the asked host hears a leader, or leads
VOTE_OLD_TERM = const(2)  # the requested term is not above the one known here
VOTE_RIVAL = const(3)  # the asked host stands itself, and outranks the asker
VOTE_PROMISED = const(4)  # another host has the vote, or was promised time
VOTE_OLDER = const(5)  # the asked host keeps newer settings, or state that the asker lacks

LAYOUTS = {
    64: (  # LEADER_HEARTBEAT
        (4, 1, 1073741823, None),  # term: the sender's term
        (1, 0, 255, None),  # node_class: of the sender: higher stands first
        (1, 0, 255, None),  # capabilities: of the sender: higher stands first in a class
        (4, 0, 1073741823, None),  # sent_ms: sender's clock; the answer returns it
    ),
    65: (  # LEADER_HEARTBEAT_ACK
        (4, 0, 1073741823, None),  # term: highest term that the sender knows
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
        (4, 0, 1073741823, None),  # echo_ms: sent_ms of what is answered
    ),
    66: (  # PRE_VOTE_REQUEST
        (4, 0, 1073741823, None),  # term: highest term that the sender knows
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
        (4, 1, 1073741823, None),  # proposal: the term that it would stand in
        (4, 0, 1073741823, 0),  # settings: version that the sender keeps; 0: not told
    ),
    67: (  # PRE_VOTE
        (4, 0, 1073741823, None),  # term: highest term that the sender knows
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
        (4, 1, 1073741823, None),  # proposal: from the request
        (1, 0, 255, None),  # vote: yes, or why not
    ),
    68: (  # VOTE_REQUEST
        (4, 1, 1073741823, None),  # term: the term that it stands in
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
        (4, 0, 1073741823, 0),  # settings: version that the sender keeps; 0: not told
    ),
    69: (  # VOTE
        (4, 0, 1073741823, None),  # term: highest known to the sender; in a yes, the one voted in
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
        (1, 0, 255, None),  # vote: yes, or why not
    ),
    70: (  # LEADER_RESIGNED
        (4, 1, 1073741823, None),  # term: the term that is over
        (1, 0, 255, None),  # node_class: of the sender
        (1, 0, 255, None),  # capabilities: of the sender
    ),
    71: (  # HOST_ADDRESS
        (2, 1, 65535, None),  # port: UDP port for badges
    ),
    72: (  # RELAY_ASK
        (4, 1, 1073741823, None),  # term: the leader's
        (4, 0, 1073741823, None),  # sent_ms: leader's clock; the answer returns it
        (4, 1, 1073741823, None),  # number: of the secret
        (26, 0, 16, None),  # secret: from which keys come
    ),
    73: (  # RELAY_LOAD
        (4, 1, 1073741823, None),  # term: from the question
        (4, 0, 1073741823, None),  # echo_ms: sent_ms of the question
        (4, 0, 1073741823, None),  # number: of the secret that it uses
        (4, 0, 1073741823, None),  # start: differs from start to start: then its numbers begin anew
        (1, 0, 100, None),  # load: of its processor, percent
        (1, 0, 1, None),  # is_leaving: 1: it is off duty, or about to be
    ),
}

TABLE = (
    (
        (4, 1, 1073741823, None),
        (1, 0, 255, None),
        (4, 0, 1073741823, None),
        (4, 0, 1073741823, 0),
        (2, 1, 65535, None),
        (26, 0, 16, None),
        (1, 0, 100, None),
        (1, 0, 1, None),
    ),
    (
        b"\x00\x01\x01\x02\x02\x01\x01\x02\x02\x01\x01\x00\x03\x02\x01\x01"
        b"\x00\x01\x00\x01\x01\x03\x02\x01\x01\x01\x00\x01\x01\x04\x00\x02"
        b"\x00\x05\x00\x02\x02\x02\x06\x07"
    ),
    (
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x04\x08\x0d\x12\x16\x1a\x1d\x1e\x22\x28"
    ),
)
