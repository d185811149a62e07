"""Who may talk: the arbitrator at the leader, the participant's side of it at every badge.

State names follow 3GPP TS 24.380 (floor control). Neither side knows sockets or sound.
"""
