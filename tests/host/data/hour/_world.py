# What the fakes of an hour share: virtual time, what is on its way, and what fakes made themselves.

import gc

START_MS = 1000
now_ms = START_MS
pins = {}
inbox = []  # datagrams for the badge
on_send = None  # the leader, told (bytes-like)
sends_to_fail = 0
rssi_dbm = -50
played_frames = 0
lost_samples = 0
measuring = 0  # a number: what is False for good is a constant to the build
fake_bytes = 0  # that fakes took from the heap, which on hardware is not the firmware's doing
_began = 0


def begin():
    global _began
    if measuring:
        _began = gc.mem_alloc()


def end():
    global fake_bytes
    if measuring:
        fake_bytes += gc.mem_alloc() - _began
