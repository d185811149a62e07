"""Every way in which a small venue can go, within bounds: the real engines, all interleavings of
deliveries, losses, timeouts, crashes and pauses, and what must hold in every state.

`search` walks through the states of a `Model`, breadth first; `hosts` is the model of an election
and `floor` that of a floor.
"""
