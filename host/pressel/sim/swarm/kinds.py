"""The kinds of fault that the swarm draws: of each whether it has struck, and how often.

`reveals`: the bug of an engine, planted by tests, that this kind brings to light and no other kind
does; empty for what other kinds bring about.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    words: str
    reveals: str = ""


# By the names of `world.struck`, as people call them. One that never strikes proves nothing.
KINDS = {
    "crashed": Kind(
        "a badge loses power and comes back",
        "a badge that starts anew within half a second jams the leader",
    ),
    "host crashed": Kind(
        "the host that leads is killed, or resigns and stops",
        "a badge that knows no standby never joins a leader of a higher term",
    ),
    "host paused": Kind(
        "the host that leads stands still",
        "a leader that is woken too late, with mail that waits, goes deaf",
    ),
    "paused": Kind(
        "a badge stands still",
        "a badge that is woken too late, with mail that waits, goes deaf",
    ),
    "cut": Kind(
        "some are cut off from the others",
        "a leader goes deaf when two that had vanished, and are no members to themselves, join",
    ),
    "cut, unheard": Kind(
        "some are not heard, but hear",
        "a leader goes deaf when two speak in their old sessions that it has ended",
    ),
    "cut, deaf": Kind(
        "some do not hear, but are heard",
        "a leader goes deaf when two members at a time ask to join, and hear no answer",
    ),
    "half-open link, up": Kind(
        "nothing comes from one badge any more",
        "a leader goes deaf when a single one speaks in its old session that it has ended",
    ),
    "half-open link, down": Kind(
        "nothing reaches one badge any more",
        "a leader goes deaf when a single member asks to join for long, and hears no answer",
    ),
    "roaming": Kind(
        "a badge changes its access point, or that restarts",
        "a badge goes deaf when 13 to 40 of its leader's datagrams are missing for a second",
    ),
    "access point restarted": Kind(
        "an access point restarts: many badges are silent",
        "a leader goes deaf when three members are heard again at once, after two seconds",
    ),
    "clock stepped": Kind(
        "a badge's clock is set",
        "a badge whose clock goes back goes deaf",
    ),
    "host clock stepped": Kind(
        "a host's clock is set",
        "a leader whose clock goes back goes deaf",
    ),
    "clock slewed": Kind(
        "a badge's clock runs at another speed",
        "a badge whose clock and microphone go apart by 2 ms goes deaf",
    ),
    "host clock slewed": Kind(
        "a host's clock runs at another speed",
        "a leader whose clock and a talker's frames go apart by 3 ms goes deaf",
    ),
    "no memory": Kind(
        "a radio has no memory for what is sent",
        "a leader goes deaf when a single member is heard again after 2.5 s and six datagrams",
    ),
    "flooded": Kind(
        "a stranger fills the mailbox of a badge",
        "a badge goes deaf after five datagrams in a row that have no form",
    ),
    "other address": Kind(
        "a badge gets another address",
        "a leader goes deaf when a member speaks from an address that no member has had",
    ),
    "addresses swapped": Kind(
        "two badges get each other's address",
        "a leader goes deaf when a member speaks from another member's address",
    ),
    "twin came": Kind(
        "a second device has the identity of a badge",
        "a device that proves its key at another address while it is heard jams the leader",
    ),
    "heap exhausted": Kind(
        "a badge has no memory for what a datagram asks, and starts anew",
        "a badge that starts anew after one or two seconds jams the leader",
    ),
    "disk full": Kind(
        "a host's disk is full",
        "a host gives up that finds, seconds later, an older record than it wrote last",
    ),
    "disk slow": Kind(
        "a host's disk is slow",
        "a host gives up whose disk takes more than half a second",
    ),
    "killed while writing": Kind(
        "a host loses power while it writes to its disk",
        "a host gives up that finds a record which it never knew to be on its disk",
    ),
    "wire stalled": Kind(
        "what hosts send each other waits, and comes at once",
        "a host gives up when six heartbeats of another come in one instant",
    ),
    "delay spike": Kind(
        "all datagrams of a badge wait for a time",
        "a badge goes deaf when five datagrams of different times come in one instant",
    ),
    "overtaken": Kind(
        "a datagram overtakes another",
        "a leader goes deaf when a datagram is good, and older than the one before",
    ),
    "duplicate": Kind(
        "a datagram comes twice",
        "a badge goes deaf when a datagram comes twice",
    ),
    "corrupted": Kind(
        "a datagram comes with a flipped bit",
        "a leader goes deaf when a datagram is damaged",
    ),
    "lost: network": Kind(
        "datagrams are lost",
        "a badge goes deaf when three single datagrams are missing within two seconds",
    ),
    "lost: burst": Kind(
        "datagrams are lost in a row",
        "a badge goes deaf when 4 to 10 of its leader's datagrams are missing at once",
    ),
    "lost: queue": Kind(
        "an access point's queue is full",
        "a leader goes deaf when a datagram is missing, and a quarter of a second waits before it",
    ),
    "lost: retries": Kind(
        "a frame is not acknowledged, however often it is sent",
        "a badge goes deaf when two are missing for good, and what comes behind each is late",
    ),
    "lost: mailbox": Kind("a socket's mailbox is full"),
    "lost: memory": Kind("what a radio could not send"),
}
