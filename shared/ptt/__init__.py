"""Pressel's protocol as engines without I/O.

The same files run on CPython (leader, soft badge, simulator, tests) and on MicroPython
(badge). Nothing here opens a socket, reads a clock, sleeps, prints or draws randomness of
its own: engines are told the time, the random seed and the bytes.
"""
