"""How a device that the registry does not know is let in over the network: by a code, or by
approval.

`exchange` is what both sides compute, `lines` what they send each other, `server` the leader's
side on a TCP port, `client` the newcomer's.
"""
