"""A host node: the leader's process, and how other commands ask it things."""
