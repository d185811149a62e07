"""The kinds of fault that the swarm draws: of each whether it has struck, and how often."""

from __future__ import annotations

# By the names of `world.struck`, as people call them. One that never strikes proves nothing.
KINDS = {
    "crashed": "a badge loses power and comes back",
    "crashed without its disk": "a badge comes back without what it kept",
    "host crashed": "the host that leads is killed, or resigns and stops",
    "host paused": "the host that leads stands still",
    "paused": "a badge stands still",
    "cut": "some are cut off from the others",
    "cut, unheard": "some are not heard, but hear",
    "cut, deaf": "some do not hear, but are heard",
    "half-open link, up": "nothing comes from one badge any more",
    "half-open link, down": "nothing reaches one badge any more",
    "roaming": "a badge changes its access point, or that restarts",
    "clock stepped": "a badge's clock is set",
    "host clock stepped": "a host's clock is set",
    "clock slewed": "a badge's clock runs at another speed",
    "host clock slewed": "a host's clock runs at another speed",
    "no memory": "a radio has no memory for what is sent",
    "flooded": "a stranger fills the mailbox of a badge",
    "other address": "a badge gets another address",
    "disk full": "a host's disk is full",
    "disk slow": "a host's disk is slow",
    "delay spike": "all datagrams of a badge wait for a time",
    "overtaken": "a datagram overtakes another",
    "duplicate": "a datagram comes twice",
    "corrupted": "a datagram comes with a flipped bit",
    "lost: network": "datagrams are lost",
    "lost: burst": "datagrams are lost in a row",
    "lost: queue": "an access point's queue is full",
    "lost: retries": "a frame is not acknowledged, however often it is sent",
    "lost: mailbox": "a socket's mailbox is full",
    "lost: memory": "what a radio could not send",
}
