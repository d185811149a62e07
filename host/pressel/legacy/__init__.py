"""The v1 endpoint: old apps and badges talk with each other through one talk group.

The bridge is an ordinary v2 participant, so the leader treats it like any badge. What comes and
goes over TCP is the old app's protocol, which has no security at all: see docs/v1-bridge.md.
"""
