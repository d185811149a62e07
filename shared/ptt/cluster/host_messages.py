"""What hosts say to each other, as code. Written by `make schema` from
shared/schema/messages.toml; `LAYOUTS` and `TABLE` are as in `messages`. No badge has it.
"""

from ..base.compat import const

TABLE_HASH = b"\x4a\xbf\x25\x33"

LEADER_HEARTBEAT = const(64)
LEADER_HEARTBEAT_ACK = const(65)
PRE_VOTE_REQUEST = const(66)
PRE_VOTE = const(67)
VOTE_REQUEST = const(68)
VOTE = const(69)
LEADER_RESIGNED = const(70)
HOST_ADDRESS = const(71)

VOTE_GRANTED = const(0)  # yes
VOTE_LEADER_LIVES = const(1)  # the asked host hears a leader, or leads
VOTE_OLD_TERM = const(2)  # the requested term is not above the one known here
VOTE_RIVAL = const(3)  # the asked host stands itself, and outranks the asker
VOTE_PROMISED = const(4)  # another host has the vote, or was promised time

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
}

TABLE = (
    (
        (4, 1, 1073741823, None),
        (1, 0, 255, None),
        (4, 0, 1073741823, None),
        (2, 1, 65535, None),
    ),
    (
        b"\x00\x01\x01\x02\x02\x01\x01\x02\x02\x01\x01\x00\x02\x01\x01\x00"
        b"\x01\x00\x01\x01\x02\x01\x01\x01\x00\x01\x01\x03"
    ),
    (
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x04\x08\x0c\x11\x14\x18\x1b\x1c"
    ),
)
