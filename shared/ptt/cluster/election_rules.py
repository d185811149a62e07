"""The states of a host in an election, what moves it from one to another, and what it does then."""

from ..base.compat import const

FOLLOWER = const(0)
PRE_CANDIDATE = const(1)
CANDIDATE = const(2)
LEADER = const(3)
RESIGNED = const(4)
STATES = ("follower", "pre-candidate", "candidate", "leader", "resigned")

LEADER_HEARD = const(0)  # of our term or a higher one
LEADER_SILENT = const(1)  # for HOST_LOST_MS, and it is our turn by rank
QUORUM = const(2)  # enough said yes
NO_QUORUM = const(3)  # enough no longer can, or the time is up
VOTED = const(4)  # another host has our vote, or our promise and a better rank
HIGHER_TERM = const(5)  # somebody knows a higher term
MINORITY = const(6)  # no majority has followed for HOST_LOST_MS
OVERSLEPT = const(7)  # this process stood still for so long that others may have elected
RESIGN = const(8)  # the operator wants this host for maintenance
RETURN = const(9)  # and has finished
TRIGGERS = (
    "leader heard",
    "leader silent",
    "quorum",
    "no quorum",
    "voted",
    "higher term",
    "minority",
    "overslept",
    "resign",
    "return",
)

RULES = (
    (FOLLOWER, LEADER_HEARD, FOLLOWER, "follow"),
    (FOLLOWER, LEADER_SILENT, PRE_CANDIDATE, "sound_out"),  # would you vote for me?
    (FOLLOWER, VOTED, FOLLOWER, "make_way"),
    (FOLLOWER, OVERSLEPT, FOLLOWER, "listen"),  # what waits in the socket may be a heartbeat
    (FOLLOWER, RESIGN, RESIGNED, "step_aside"),
    (PRE_CANDIDATE, LEADER_HEARD, FOLLOWER, "follow"),
    (PRE_CANDIDATE, QUORUM, CANDIDATE, "stand"),  # only now the term goes up
    (PRE_CANDIDATE, NO_QUORUM, FOLLOWER, "back_off"),
    (PRE_CANDIDATE, VOTED, FOLLOWER, "make_way"),
    (PRE_CANDIDATE, HIGHER_TERM, FOLLOWER, "back_off"),
    (PRE_CANDIDATE, OVERSLEPT, FOLLOWER, "listen"),
    (PRE_CANDIDATE, RESIGN, RESIGNED, "step_aside"),
    (CANDIDATE, LEADER_HEARD, FOLLOWER, "follow"),
    (CANDIDATE, QUORUM, LEADER, "lead"),
    (CANDIDATE, NO_QUORUM, FOLLOWER, "back_off"),
    (CANDIDATE, VOTED, FOLLOWER, "make_way"),
    (CANDIDATE, HIGHER_TERM, FOLLOWER, "back_off"),
    (CANDIDATE, OVERSLEPT, FOLLOWER, "listen"),
    (CANDIDATE, RESIGN, RESIGNED, "step_aside"),
    (LEADER, LEADER_HEARD, FOLLOWER, "yield"),  # two sides of a split meet again
    (LEADER, HIGHER_TERM, FOLLOWER, "demote"),  # others have gone on without us
    (LEADER, MINORITY, FOLLOWER, "demote"),  # the majority may elect another one from now on
    (LEADER, OVERSLEPT, FOLLOWER, "demote"),
    (LEADER, RESIGN, RESIGNED, "hand_over"),  # the others stand at once
    (RESIGNED, LEADER_HEARD, RESIGNED, "follow"),
    (RESIGNED, LEADER_SILENT, RESIGNED, "miss"),  # it votes, and does not stand
    (RESIGNED, RETURN, FOLLOWER, "listen"),
)
