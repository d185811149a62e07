"""Who may take part: devices and their keys, hosts and their public keys, invitations.

Knows neither network nor engines. A leader opens `store.Registry` in its state folder and asks
`changes()` now and then; the command line writes to the same file beside it.
"""
